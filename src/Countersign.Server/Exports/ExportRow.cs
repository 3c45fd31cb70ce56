using System.Globalization;
using System.Text;
using System.Text.Json;
using Countersign.Core.Actions;
using Countersign.Core.Ledger;

namespace Countersign.Server.Exports;

/// <summary>One entry of an export, whichever form it came in.</summary>
/// <param name="Index">Where it is in the log.</param>
/// <param name="Leaf">The bytes that the log holds.</param>
internal sealed record ExportRow(long Index, byte[] Leaf)
{
    /// <summary>The columns of the CSV form; those from <c>agent</c> on are there with payloads only.</summary>
    public static readonly IReadOnlyList<string> Columns =
        ["index", "at", "type", "action", "revision", "prev", "payload_hash"];

    /// <summary>What auditors filter by, taken from the payload.</summary>
    public static readonly IReadOnlyList<string> Extracts =
        ["agent", "on_behalf_of", "person", "target", "operation", "digest", "decision", "state", "reason"];

    public static readonly IReadOnlyList<string> Proofs = ["payload", "ciphertext", "key"];

    /// <summary>What the entry says, as its JSON text; <c>null</c> without payloads, and when it was erased.</summary>
    public string? Payload { get; init; }

    public byte[]? Ciphertext { get; init; }

    public byte[]? Key { get; init; }

    /// <exception cref="FormatException">The line is no row of an export.</exception>
    public static ExportRow FromJson(JsonElement json, bool withPayloads)
    {
        try
        {
            var hasPayload = withPayloads && json.GetProperty("payload").ValueKind != JsonValueKind.Null;
            // What nobody reads would be believed without a check.
            var members = 2 + (withPayloads ? 1 : 0) + (hasPayload ? 2 : 0);
            return json.EnumerateObject().Count() == members
                ? new ExportRow(
                    json.GetProperty("index").GetInt64(), Encoding.UTF8.GetBytes(json.GetProperty("leaf").GetString()!))
                {
                    Payload = hasPayload ? json.GetProperty("payload").GetRawText() : null,
                    Ciphertext = hasPayload ? json.GetProperty("ciphertext").GetBytesFromBase64() : null,
                    Key = hasPayload ? json.GetProperty("key").GetBytesFromBase64() : null,
                }
                : throw new FormatException("A line has other members than a row of an export.");
        }
        catch (Exception e) when (e is KeyNotFoundException or InvalidOperationException)
        {
            throw new FormatException($"A line is no row of an export: {e.Message}", e);
        }
    }

    public IEnumerable<string?> ToCsv(bool withPayloads)
    {
        var leaf = Core.Ledger.Leaf.Decode(Leaf);
        IEnumerable<string?> fields =
        [
            Spell(Index),
            leaf.At.UtcDateTime.ToString(Core.Ledger.Leaf.TimeFormat, CultureInfo.InvariantCulture),
            leaf.Type.ToText(),
            leaf.Subject?.Action.Value,
            leaf.Subject is { } subject ? Spell(subject.Number) : null,
            leaf.Previous is { } previous ? Spell(previous) : null,
            leaf.Payload.ToHex(),
        ];
        return withPayloads
            ? fields.Concat(ExtractsOf(Payload)).Concat(
                [
                    Payload,
                    Ciphertext is null ? null : Convert.ToBase64String(Ciphertext),
                    Key is null ? null : Convert.ToBase64String(Key),
                ])
            : fields;
    }

    /// <exception cref="FormatException">The fields are no row, or the extracts are not the payload's.</exception>
    public static ExportRow FromCsv(IReadOnlyList<string> fields, bool withPayloads)
    {
        var count = Columns.Count + (withPayloads ? Extracts.Count + Proofs.Count : 0);
        if (fields.Count != count)
        {
            throw new FormatException($"A row has {fields.Count} fields instead of {count}.");
        }

        if (!EntryTypes.TryParse(fields[2], out var type))
        {
            throw new FormatException($"'{fields[2]}' is no entry type.");
        }

        ActionRevision? subject = fields[3].Length > 0
            ? new ActionRevision(ActionId.Parse(fields[3]), int.Parse(fields[4], CultureInfo.InvariantCulture))
            : null;
        var at = DateTimeOffset.ParseExact(
            fields[1], Core.Ledger.Leaf.TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
        long? previous = fields[5].Length > 0 ? long.Parse(fields[5], CultureInfo.InvariantCulture) : null;
        var leaf = new Leaf(type, at, subject, Hash32.ParseHex(fields[6]), previous);
        var row = new ExportRow(long.Parse(fields[0], CultureInfo.InvariantCulture), leaf.Encode())
        {
            Payload = withPayloads && fields[^3].Length > 0 ? fields[^3] : null,
            Ciphertext = withPayloads && fields[^2].Length > 0 ? Convert.FromBase64String(fields[^2]) : null,
            Key = withPayloads && fields[^1].Length > 0 ? Convert.FromBase64String(fields[^1]) : null,
        };
        if (!row.ToCsv(withPayloads).Select(field => field ?? "").SequenceEqual(fields))
        {
            throw new FormatException(
                $"The row of entry {row.Index} shows columns that are not what its leaf and its payload say.");
        }

        return row;
    }

    private static IEnumerable<string?> ExtractsOf(string? payload)
    {
        if (payload is null)
        {
            return Extracts.Select(static _ => (string?)null);
        }

        var json = JsonElement.Parse(payload, new JsonDocumentOptions { MaxDepth = 1024 });
        return [.. Extracts.Select(name => TextOf(json, name))];
    }

    private static string? TextOf(JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value)
        && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;

    private static string Spell(long number) => number.ToString(CultureInfo.InvariantCulture);
}
