using System.Collections.Immutable;
using System.Text.Json;
using Countersign.Core.Actions;
using Countersign.Core.Storage;

namespace Countersign.Core.Reads;

/// <summary>Reads of one entry that a crash kept from being written, as the journal has them.</summary>
/// <param name="Subject">The action that the entry would have had.</param>
/// <param name="Session">Whose reads they are, as an entry says it.</param>
/// <param name="Statements">What they share.</param>
/// <param name="Reads">Their rows.</param>
internal sealed record JournaledReads(
    ActionId Subject, JsonElement Session, List<JsonElement> Statements, List<JournaledReads.Row> Reads)
{
    /// <summary>
    /// Puts records together again. One that does not fit its place cannot be: then it is left out, and said so.
    /// </summary>
    public static (ImmutableArray<JournaledReads> Left, string? WhyNotWhole) In(JournalRemains remains)
    {
        var bySubject = new Dictionary<ActionId, JournaledReads>();
        var whyNot = remains.WhyNotWhole;
        foreach (var record in remains.Records)
        {
            if (!TryAdd(record, bySubject))
            {
                whyNot ??= $"A record of {record.Subject} cannot be read.";
            }
        }

        return ([.. bySubject.Values.Where(left => left.Reads.Count > 0)], whyNot);
    }

    private static bool TryAdd(JournalRecord record, Dictionary<ActionId, JournaledReads> bySubject)
    {
        if (record.Bytes.IsEmpty || Parse(record.Bytes[1..]) is not { } json)
        {
            return false;
        }

        var known = bySubject.GetValueOrDefault(record.Subject);
        switch (record.Bytes.Span[0])
        {
            case JournalWriter.Session when known is null && json.ValueKind == JsonValueKind.Object:
                bySubject.Add(record.Subject, new JournaledReads(record.Subject, json, [], []));
                return true;
            case JournalWriter.Statement when known is not null:
                known.Statements.Add(json);
                return true;
            case JournalWriter.Read when known is not null && IsRow(json, known.Statements.Count):
                known.Reads.Add(new Row(json, Ended: null));
                return true;
            case JournalWriter.Ended when known is not null && IsEnd(json, known.Reads.Count):
                var place = json[0].GetInt32();
                known.Reads[place] = known.Reads[place] with { Ended = json };
                return true;
            default:
                return false;
        }
    }

    private static bool IsRow(JsonElement json, int statements) =>
        json.ValueKind == JsonValueKind.Array
        && json.GetArrayLength() > 2
        && json[0].TryGetInt32(out var statement)
        && statement >= 0
        && statement < statements
        && json[1].TryGetInt64(out _);

    private static bool IsEnd(JsonElement json, int reads) =>
        json.ValueKind == JsonValueKind.Array
        && json.GetArrayLength() > 1
        && json[0].TryGetInt32(out var place)
        && place >= 0
        && place < reads;

    private static JsonElement? Parse(ReadOnlyMemory<byte> json)
    {
        try
        {
            return JsonElement.Parse(json.Span);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>One read: its row, and how it ended when that came later than the row.</summary>
    public readonly record struct Row(JsonElement Begun, JsonElement? Ended);
}
