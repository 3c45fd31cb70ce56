using System.Buffers;
using System.Collections.Immutable;
using System.Text;
using Countersign.Core.Actions;
using Countersign.Core.Actions.Json;
using Countersign.Core.Ledger;

namespace Countersign.Core.Receipts;

/// <summary>
/// The portable proof of one action: entries of the log with everything they say, and the signed checkpoint that covers
/// them. A receipt has one spelling, so that no byte of it can be changed unnoticed; only <see cref="Hints"/> is proved
/// by nothing, and means nothing to a verifier.
/// </summary>
/// <param name="Action">What it is about.</param>
/// <param name="Checkpoint">The signed note, as the log handed it out.</param>
/// <param name="Entries">In the order of the log.</param>
/// <param name="Hints">A JSON object for readers' convenience.</param>
public sealed record Receipt(
    ActionId Action, string Checkpoint, ImmutableArray<ReceiptEntry> Entries, ReadOnlyMemory<byte> Hints)
{
    /// <summary>What a receipt of this layout says it is.</summary>
    public const string Format = "countersign-receipt-v1";

    /// <summary>A little more than the largest payload there can be, several times.</summary>
    public const int MaxBytes = 256 << 20;

    /// <summary>Reads a receipt.</summary>
    /// <exception cref="FormatException">It is none, or is spelled in another way than a gateway spells it.</exception>
    public static Receipt Parse(ReadOnlyMemory<byte> bytes) => ReceiptReader.Read(bytes);

    /// <summary>The one spelling, inverse of <see cref="Parse"/>.</summary>
    public byte[] ToBytes()
    {
        var output = new ArrayBufferWriter<byte>(4096);
        Write($"{{\"receipt\":\"{Format}\",\n\"action\":\"{Action}\",\n\"checkpoint\":");
        output.Write(CanonicalJson.Of(Checkpoint).Bytes.Span);
        Write(",\n\"entries\":[");
        var separator = "\n";
        foreach (var entry in Entries)
        {
            Write($"{separator}{{\"index\":{entry.Index},\"leaf\":");
            output.Write(entry.Leaf.Encode());
            Write($",\"proof\":[{string.Join(',', entry.Proof.Select(hash => $"\"{hash.ToBase64()}\""))}]");
            WritePayload(entry.Payload);
            separator = ",\n";
        }

        Write("\n],\n\"hints\":");
        output.Write(Hints.Span);
        Write("}\n");
        return output.WrittenSpan.ToArray();

        void Write(string text) => Encoding.UTF8.GetBytes(text, output);

        void WritePayload(OpenedPayload? payload)
        {
            if (payload is null)
            {
                Write(",\"seal\":null,\"payload\":null}");
                return;
            }

            Write(
                $",\"seal\":{{\"key\":\"{Base64(payload.Key)}\",\"nonce\":\"{Base64(payload.Nonce)}\"," +
                $"\"salt\":\"{Base64(payload.Salt)}\"}},\"payload\":");
            output.Write(payload.Json.Span);
            Write("}");
        }
    }

    private static string Base64(ReadOnlyMemory<byte> bytes) => Convert.ToBase64String(bytes.Span);
}
