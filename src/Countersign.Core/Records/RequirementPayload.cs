using System.Collections.Immutable;
using System.Text.Json;
using Countersign.Core.Identity;
using Countersign.Core.Policies;
using Countersign.Core.Reviews;

namespace Countersign.Core.Records;

/// <summary>A requirement as it stands in payloads; times are whole seconds.</summary>
internal static class RequirementPayload
{
    public static void Write(Utf8JsonWriter json, Requirement requirement)
    {
        json.WriteStartObject();
        json.WriteString("rule", requirement.Rule.Value);
        json.WriteString("reason", requirement.Reason);
        json.WriteStartArray("stages");
        foreach (var stage in requirement.Stages)
        {
            WriteStage(json, stage);
        }

        json.WriteEndArray();
        json.WriteString("assurance", requirement.Assurance.ToText());
        PayloadWriter.WriteStrings(
            json, "distinct_from", [.. requirement.DistinctFrom.Order().Select(e => e.ToText())]);
        if (requirement.DistinctFrom.Contains(Exclusion.Reciprocal))
        {
            json.WriteNumber("reciprocal_seconds", (long)requirement.ReciprocalWithin.TotalSeconds);
        }

        json.WriteStartObject("bounds");
        json.WriteBoolean("rows_from_preview", requirement.Bounds.RowsFromPreview);
        WriteOptional(json, "rows", requirement.Bounds.Rows);
        WriteOptional(json, "seconds", (long?)requirement.Bounds.Time?.TotalSeconds);
        WriteOptional(json, "output", requirement.Bounds.Output);
        json.WriteEndObject();
        json.WriteStartObject("grant");
        json.WriteNumber("uses", requirement.Grant.Uses);
        json.WriteNumber("seconds", (long)requirement.Grant.TimeToLive.TotalSeconds);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    public static Requirement Read(JsonElement json)
    {
        var bounds = json.GetProperty("bounds");
        var grant = json.GetProperty("grant");
        return new Requirement(
            new RuleId(json.GetProperty("rule").GetString()!),
            json.GetProperty("reason").GetString()!,
            [.. json.GetProperty("stages").EnumerateArray().Select(ReadStage)],
            PayloadNames.Parse<Assurance>(json.GetProperty("assurance").GetString()!),
            [.. Strings(json, "distinct_from").Select(PayloadNames.Parse<Exclusion>)],
            new Bounds(
                bounds.GetProperty("rows_from_preview").GetBoolean(),
                Optional(bounds, "rows"),
                Optional(bounds, "seconds") is { } seconds ? TimeSpan.FromSeconds(seconds) : null)
            {
                Output = Optional(bounds, "output"),
            },
            new GrantTerms(
                grant.GetProperty("uses").GetInt32(),
                TimeSpan.FromSeconds(grant.GetProperty("seconds").GetInt64())))
        {
            ReciprocalWithin = Optional(json, "reciprocal_seconds") is { } within
                ? TimeSpan.FromSeconds(within)
                : Favours.Lately,
        };
    }

    private static void WriteStage(Utf8JsonWriter json, Stage stage)
    {
        json.WriteStartObject();
        PayloadWriter.WriteStrings(json, "of", [.. stage.Of.Select(party => party.ToString())]);
        json.WriteNumber("need", stage.Need);
        json.WriteNumber("within_seconds", (long)stage.Within.TotalSeconds);
        PayloadWriter.WriteStrings(json, "escalate", [.. stage.Escalate.Select(party => party.ToString())]);
        json.WriteEndObject();
    }

    private static Stage ReadStage(JsonElement json) => new(
        Parties(json, "of"),
        json.GetProperty("need").GetInt32(),
        TimeSpan.FromSeconds(json.GetProperty("within_seconds").GetInt64()),
        Parties(json, "escalate"));

    private static ImmutableArray<Party> Parties(JsonElement json, string name) =>
        [.. Strings(json, name).Select(Party.Parse)];

    private static IEnumerable<string> Strings(JsonElement json, string name) =>
        json.GetProperty(name).EnumerateArray().Select(item => item.GetString()!);

    private static long? Optional(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) ? value.GetInt64() : null;

    private static void WriteOptional(Utf8JsonWriter json, string name, long? value)
    {
        if (value is { } number)
        {
            json.WriteNumber(name, number);
        }
    }
}
