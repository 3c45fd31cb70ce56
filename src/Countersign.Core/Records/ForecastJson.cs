using System.Text.Json;
using Countersign.Core.Policies.Allowing;
using Countersign.Core.Reviews;

namespace Countersign.Core.Records;

/// <summary>A dry run's answer as JSON, the same through every gate.</summary>
public static class ForecastJson
{
    /// <summary>Writes the members of the answer into an open object.</summary>
    public static void WriteMembers(Utf8JsonWriter json, Forecast forecast)
    {
        json.WriteBoolean("dry_run", true);
        json.WriteBoolean("lacks_preview", forecast.LacksPreview);
        json.WriteString("target", forecast.Action.Target.Value);
        json.WriteString("operation", forecast.Action.Operation);
        json.WriteString("digest", forecast.Action.Digest.Value);
        json.WriteStartObject("verdict");
        json.WriteString("outcome", PayloadNames.ToText(forecast.Verdict.Outcome));
        json.WriteStartArray("rules");
        foreach (var rule in forecast.Verdict.Rules)
        {
            json.WriteStartObject();
            json.WriteString("id", rule.Id.Value);
            json.WriteString("reason", rule.Reason);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteString("policy", forecast.Verdict.Policy.Value);
        json.WriteEndObject();
        WriteReview(json, forecast);
        json.WritePropertyName("nearest");
        WriteNearest(json, forecast.Nearest);
    }

    public static void WriteNearest(Utf8JsonWriter json, AllowedForm? nearest)
    {
        if (nearest is null)
        {
            json.WriteNullValue();
            return;
        }

        json.WriteStartObject();
        if (nearest.Arguments is { } arguments)
        {
            json.WritePropertyName("arguments");
            json.WriteRawValue(arguments.Bytes.Span, skipInputValidation: true);
            json.WriteString("change", nearest.Change);
        }

        PayloadWriter.WriteStrings(json, "operations", nearest.Operations);
        json.WriteEndObject();
    }

    private static void WriteReview(Utf8JsonWriter json, Forecast forecast)
    {
        if (forecast.Tracks.IsEmpty)
        {
            json.WriteNull("review");
            return;
        }

        json.WriteStartObject("review");
        json.WriteStartArray("tracks");
        foreach (var track in forecast.Tracks)
        {
            json.WriteStartObject();
            json.WriteString("rule", track.Requirement.Rule.Value);
            json.WriteString("reason", track.Requirement.Reason);
            json.WriteString("assurance", track.Requirement.Assurance.ToText());
            json.WriteStartArray("stages");
            for (var i = 0; i < track.Requirement.Stages.Length; i++)
            {
                WriteStage(json, track, i);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteStage(Utf8JsonWriter json, ForecastTrack track, int index)
    {
        var stage = track.Requirement.Stages[index];
        json.WriteStartObject();
        json.WriteString("of", string.Join(",", stage.Of));
        json.WriteNumber("need", stage.Need);
        json.WriteNumber("within_seconds", (long)stage.Within.TotalSeconds);
        if (!stage.Escalate.IsEmpty)
        {
            json.WriteString("escalate", string.Join(",", stage.Escalate));
        }

        PayloadWriter.WriteStrings(json, "persons", [.. track.Persons[index].Select(person => person.Value)]);
        json.WriteEndObject();
    }
}
