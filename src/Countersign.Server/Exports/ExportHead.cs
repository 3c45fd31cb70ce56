using System.Collections.Immutable;
using System.Text.Json;
using Countersign.Core.Ledger;

namespace Countersign.Server.Exports;

/// <summary>
/// The first line of an export, which is all that its rows are checked against: the checkpoints at both ends, the
/// tree as it was before the first row, and the proof that the one log is the beginning of the other.
/// </summary>
internal sealed record ExportHead
{
    public const int Version = 1;

    /// <summary>Size before the first row, and size behind the last one.</summary>
    public required long From { get; init; }

    public required long To { get; init; }

    /// <summary>The signed note at the first size; <c>null</c> for 0, which nobody signs.</summary>
    public required string? FromCheckpoint { get; init; }

    public required string ToCheckpoint { get; init; }

    /// <summary>The hashes of the complete subtrees before the first row, largest first: with the rows they give the
    /// root at the end.</summary>
    public required ImmutableArray<Hash32> Before { get; init; }

    /// <summary>The consistency proof of RFC 6962 between both sizes, for other tools.</summary>
    public required ImmutableArray<Hash32> Consistency { get; init; }

    /// <summary>How the log changed its keys.</summary>
    public required ImmutableArray<string> Successions { get; init; }

    public required bool WithPayloads { get; init; }

    /// <summary>The entry that says who took this export and why.</summary>
    public required long Entry { get; init; }

    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteNumber("countersign_export", Version);
        json.WriteNumber("from", From);
        json.WriteNumber("to", To);
        json.WriteString("from_checkpoint", FromCheckpoint);
        json.WriteString("to_checkpoint", ToCheckpoint);
        WriteHashes(json, "before", Before);
        WriteHashes(json, "consistency", Consistency);
        json.WriteStartArray("successions");
        foreach (var note in Successions)
        {
            json.WriteStringValue(note);
        }

        json.WriteEndArray();
        json.WriteBoolean("payloads", WithPayloads);
        json.WriteNumber("entry", Entry);
        json.WriteEndObject();
    }

    /// <exception cref="FormatException">The line is no head of an export of this version.</exception>
    public static ExportHead Read(JsonElement json)
    {
        try
        {
            return json.GetProperty("countersign_export").GetInt32() == Version
                ? new ExportHead
                {
                    From = json.GetProperty("from").GetInt64(),
                    To = json.GetProperty("to").GetInt64(),
                    FromCheckpoint = json.GetProperty("from_checkpoint").GetString(),
                    ToCheckpoint = json.GetProperty("to_checkpoint").GetString()!,
                    Before = ReadHashes(json, "before"),
                    Consistency = ReadHashes(json, "consistency"),
                    Successions = [.. json.GetProperty("successions").EnumerateArray().Select(n => n.GetString()!)],
                    WithPayloads = json.GetProperty("payloads").GetBoolean(),
                    Entry = json.GetProperty("entry").GetInt64(),
                }
                : throw new FormatException("The export is of another version than this countersign checks.");
        }
        catch (Exception e) when (e is KeyNotFoundException or InvalidOperationException)
        {
            throw new FormatException($"The file does not begin as an export does: {e.Message}", e);
        }
    }

    private static void WriteHashes(Utf8JsonWriter json, string name, ImmutableArray<Hash32> hashes)
    {
        json.WriteStartArray(name);
        foreach (var hash in hashes)
        {
            json.WriteStringValue(hash.ToBase64());
        }

        json.WriteEndArray();
    }

    private static ImmutableArray<Hash32> ReadHashes(JsonElement json, string name) =>
        [.. json.GetProperty(name).EnumerateArray().Select(hash => Hash32.ParseBase64(hash.GetString()!))];
}
