using System.Text.Json;
using Countersign.Core.Identity;
using Countersign.Core.Reviews;

namespace Countersign.Core.Records;

/// <summary>
/// A dry run in a further <c>review.opened</c> entry: first that somebody asked for it, then what came of it.
/// </summary>
public static class RehearsalPayload
{
    private const string Name = "dry_run";

    internal static void WriteAsked(Utf8JsonWriter json, PersonId by)
    {
        json.WriteStartObject(Name);
        json.WriteString("person", by.Value);
        json.WriteString("state", "asked");
        json.WriteEndObject();
    }

    internal static void Write(Utf8JsonWriter json, Rehearsal rehearsal)
    {
        json.WriteStartObject(Name);
        WriteMembers(json, rehearsal);
        json.WriteEndObject();
    }

    /// <summary>The same for the API.</summary>
    public static void WriteMembers(Utf8JsonWriter json, Rehearsal rehearsal)
    {
        var finding = rehearsal.Finding;
        json.WriteString("person", rehearsal.By.Value);
        json.WriteString("at", rehearsal.At);
        json.WriteStartArray("commands");
        foreach (var command in finding.Commands)
        {
            json.WriteStringValue(command);
        }

        json.WriteEndArray();
        if (finding.Rows is { } rows)
        {
            json.WriteNumber("rows", rows);
        }

        json.WriteString("error", finding.Error);
        json.WriteStartArray("warnings");
        foreach (var warning in finding.Warnings)
        {
            json.WriteStringValue(warning);
        }

        json.WriteEndArray();
        json.WriteNumber("duration_ms", (long)finding.Duration.TotalMilliseconds);
    }

    /// <summary>What came of it; <c>null</c> when the payload is gone or has none.</summary>
    internal static Rehearsal? Read(ReadOnlyMemory<byte> payload, PersonId by, DateTimeOffset at)
    {
        if (payload.IsEmpty)
        {
            return null;
        }

        var deep = new JsonDocumentOptions { MaxDepth = PayloadWriter.MaxDepth };
        using var document = JsonDocument.Parse(payload, deep);
        return document.RootElement.TryGetProperty(Name, out var found)
            && found.TryGetProperty("commands", out _)
            ? new Rehearsal(by, at, ReadFinding(found))
            : null;
    }

    /// <summary>What came of it, as <see cref="WriteMembers"/> wrote it.</summary>
    public static RehearsalFinding ReadFinding(JsonElement members) => new()
    {
        Commands = [.. members.GetProperty("commands").EnumerateArray().Select(tag => tag.GetString()!)],
        Rows = members.TryGetProperty("rows", out var rows) ? rows.GetInt64() : null,
        Error = PayloadReader.Text(members, "error"),
        Warnings = [.. members.GetProperty("warnings").EnumerateArray().Select(text => text.GetString()!)],
        Duration = TimeSpan.FromMilliseconds(members.GetProperty("duration_ms").GetInt64()),
    };
}
