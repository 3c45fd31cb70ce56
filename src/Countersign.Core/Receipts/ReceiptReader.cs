using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Unicode;
using Countersign.Core.Actions;
using Countersign.Core.Ledger;
using Countersign.Core.Records;

namespace Countersign.Core.Receipts;

/// <summary>
/// Reads the JSON of a receipt. What is read is spelled again and compared with the file: members that are missing, too
/// many, doubled or in another order, other spaces and other spellings of a value all end there.
/// </summary>
internal static class ReceiptReader
{
    private static readonly JsonDocumentOptions Strict =
        new() { MaxDepth = PayloadWriter.MaxDepth + 8, AllowDuplicateProperties = false };

    public static Receipt Read(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Length > Receipt.MaxBytes || !Utf8.IsValid(bytes.Span))
        {
            throw new FormatException(
                $"The file is no receipt: it has {bytes.Length} bytes, of {Receipt.MaxBytes} that are read, and " +
                $"must be UTF-8.");
        }

        try
        {
            using var document = JsonDocument.Parse(bytes, Strict);
            var receipt = ReadReceipt(document.RootElement);
            return receipt.ToBytes().AsSpan().SequenceEqual(bytes.Span)
                ? receipt
                : throw new FormatException(
                    "The file is a receipt that was edited or formatted anew: it is not in the one spelling that a " +
                    "gateway writes. Ask for the file as it was handed out.");
        }
        catch (Exception malformed) when (malformed
            is JsonException or KeyNotFoundException or InvalidOperationException or ArgumentException)
        {
            throw new FormatException($"The file is no receipt of the form '{Receipt.Format}': {malformed.Message}");
        }
    }

    private static Receipt ReadReceipt(JsonElement json)
    {
        if (Text(json, "receipt") != Receipt.Format)
        {
            throw new FormatException(
                $"The file says that it is '{Text(json, "receipt")}'; this version reads '{Receipt.Format}'.");
        }

        var hints = json.GetProperty("hints");
        if (hints.ValueKind != JsonValueKind.Object)
        {
            throw new FormatException("The receipt's 'hints' are no object.");
        }

        return new Receipt(
            ActionId.Parse(Text(json, "action")),
            Text(json, "checkpoint"),
            [.. json.GetProperty("entries").EnumerateArray().Select(ReadEntry)],
            Raw(hints));
    }

    private static ReceiptEntry ReadEntry(JsonElement json) => new(
        json.GetProperty("index").GetInt64(),
        Leaf.Decode(Raw(json.GetProperty("leaf"))),
        [.. json.GetProperty("proof").EnumerateArray().Select(hash => Hash32.ParseBase64(hash.GetString() ?? ""))],
        ReadPayload(json.GetProperty("seal"), json.GetProperty("payload")));

    private static OpenedPayload? ReadPayload(JsonElement seal, JsonElement payload) =>
        seal.ValueKind == JsonValueKind.Null
            ? null
            : new OpenedPayload(
                Bytes(seal, "key", PayloadSeal.KeyBytes),
                Bytes(seal, "nonce", PayloadSeal.NonceBytes),
                Bytes(seal, "salt", PayloadSeal.SaltBytes),
                Raw(payload));

    private static byte[] Bytes(JsonElement json, string name, int length) =>
        CanonicalBase64.TryDecode(Text(json, name), out var bytes) && bytes.Length == length
            ? bytes
            : throw new FormatException($"The seal's '{name}' is not the base64 form of {length} bytes.");

    private static string Text(JsonElement json, string name) =>
        json.GetProperty(name).GetString() ?? throw new FormatException($"'{name}' says nothing.");

    private static byte[] Raw(JsonElement json) => JsonMarshal.GetRawUtf8Value(json).ToArray();
}
