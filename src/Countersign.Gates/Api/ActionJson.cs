using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Countersign.Core.Actions;
using Countersign.Core.Records;
using Countersign.Core.Reviews;

namespace Countersign.Gates.Api;

/// <summary>An action in the JSON of DESIGN section 6.3; names are snake_case.</summary>
internal static class ActionJson
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static ReadOnlyMemory<byte> Write(ActionRecord record, ActionView view)
    {
        var buffer = new ArrayBufferWriter<byte>(4096 + record.Action.Arguments.Bytes.Length);
        using (var json = new Utf8JsonWriter(buffer, Options))
        {
            Write(json, record, view);
        }

        return buffer.WrittenMemory;
    }

    public static void Write(Utf8JsonWriter json, ActionRecord record, ActionView view)
    {
        json.WriteStartObject();
        json.WriteString("id", record.Id.Value);
        json.WriteNumber("revision", record.Life.Revision);
        json.WriteString("state", record.State.ToText());
        WriteRequest(json, record, view);
        WriteVerdict(json, record);
        if (record.Nearest is { } nearest)
        {
            json.WritePropertyName("nearest");
            ForecastJson.WriteNearest(json, nearest);
        }

        PayloadJson.Facts(json, record);
        PayloadJson.Preview(json, record);
        WriteReview(json, record, view);
        WritePermit(json, record);
        WriteOutcome(json, record, view.WithResult);
        json.WriteString("explanation", record.Ending);
        json.WriteString("created_at", record.CreatedAt);
        WriteTime(json, "expires_at", record.Life.ExpiresAt);
        json.WriteStartObject("ledger");
        json.WriteNumber("index", record.Ledger.Index);
        json.WriteNumber("size", record.Ledger.Size);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteRequest(Utf8JsonWriter json, ActionRecord record, ActionView view)
    {
        json.WriteString("target", record.Action.Target.Value);
        json.WriteString("environment", record.Environment);
        json.WriteString("gate", record.Gate.ToText());
        json.WriteString("via", record.Via.ToText());
        json.WriteString("operation", record.Action.Operation);
        json.WritePropertyName("arguments");
        json.WriteRawValue(record.Action.Arguments.Bytes.Span, skipInputValidation: true);
        view.Hidden.WriteTo(json, "hidden");
        json.WriteString("digest", record.Action.Digest.Value);
        json.WriteStartObject("agent");
        json.WriteString("id", record.Asker.Agent.Value);
        json.WriteString("owner", view.Owner);
        json.WriteString("on_behalf_of", record.Asker.OnBehalfOf?.Value);
        json.WriteEndObject();
        json.WriteStartObject("claimed");
        json.WriteString("reason", record.Claimed.Reason);
        json.WriteString("session", record.Claimed.Session);
        json.WriteEndObject();
    }

    private static void WriteVerdict(Utf8JsonWriter json, ActionRecord record)
    {
        json.WriteStartObject("verdict");
        json.WriteString("outcome", record.Verdict.Outcome.ToText());
        json.WriteStartArray("rules");
        foreach (var rule in record.Verdict.Rules)
        {
            json.WriteStartObject();
            json.WriteString("id", rule.Id.Value);
            json.WriteString("reason", rule.Reason);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteString("policy", record.Verdict.Policy.Value);
        json.WriteEndObject();
        json.WriteStartArray("why");
        foreach (var line in Explanation.Of(record))
        {
            json.WriteStringValue(line);
        }

        json.WriteEndArray();
    }

    private static void WriteReview(Utf8JsonWriter json, ActionRecord record, ActionView view)
    {
        if (!record.WasHeld)
        {
            json.WriteNull("review");
            return;
        }

        json.WriteStartObject("review");
        json.WriteStartArray("tracks");
        foreach (var (track, tally) in record.Life.Tracks.Zip(view.Tallies))
        {
            WriteTrack(json, track, tally);
        }

        json.WriteEndArray();
        json.WriteStartArray("votes");
        foreach (var vote in record.Life.Votes)
        {
            json.WriteStartObject();
            json.WriteString("person", vote.Person.Value);
            json.WriteString("decision", vote.Decision.ToText());
            json.WriteString("assurance", vote.Assurance.ToText());
            json.WriteString("at", vote.At);
            json.WriteString("comment", vote.Comment);
            if (view.Right is not null && vote.InPlaceOf is { } away)
            {
                json.WriteString("in_place_of", away.Value);
            }

            if (vote.BreaksGlass)
            {
                json.WriteBoolean("break_glass", true);
            }

            // A credential's id and key name a person's device: that is for people.
            if (view.Right is not null && vote.Signature is { } signed)
            {
                SignaturePayload.Write(json, signed);
            }

            if (view.Right is not null && vote.Returns is { } returned)
            {
                FavourPayload.Write(json, "returns", returned);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        PayloadJson.Changes(json, record);
        WriteReciprocal(json, view);
        json.WriteStartArray("dry_runs");
        foreach (var rehearsal in record.Rehearsals)
        {
            json.WriteStartObject();
            RehearsalPayload.WriteMembers(json, rehearsal);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteBoolean("you_may_vote", view.Right is { MayApprove: true } or { MayDeny: true });
        json.WriteString("why_not", view.Right is null ? "Agents ask; people decide." : view.Right.WhyNot);
        json.WriteString("url", view.Url.ToString());
        json.WriteEndObject();
    }

    /// <summary>Who approves whose is for people: an agent gets none.</summary>
    private static void WriteReciprocal(Utf8JsonWriter json, ActionView view)
    {
        json.WriteStartArray("reciprocal");
        foreach (var owed in view.Owed)
        {
            json.WriteStartObject();
            json.WriteString("person", owed.Of.Value);
            FavourPayload.WriteMembers(json, owed);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteTrack(Utf8JsonWriter json, Track track, Tally tally)
    {
        json.WriteStartObject();
        json.WriteString("rule", track.Requirement.Rule.Value);
        json.WriteString("reason", track.Requirement.Reason);
        json.WriteStartArray("stages");
        for (var i = 0; i < track.Requirement.Stages.Length; i++)
        {
            var stage = track.Requirement.Stages[i];
            var isOpen = i == track.Stage;
            var asked = isOpen && track.Escalated ? stage.Of.AddRange(stage.Escalate) : stage.Of;
            json.WriteStartObject();
            json.WriteString("of", string.Join(",", asked));
            json.WriteNumber("need", stage.Need);
            json.WriteNumber("have", tally.Have[i]);
            WriteTime(json, "expires_at", isOpen ? track.ExpiresAt : null);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>Of what the asker claims: which claim it was, what is left, and until when it may report.</summary>
    private static void WritePermit(Utf8JsonWriter json, ActionRecord record)
    {
        if (!record.GivesPermit || record.Life.Grant is not { } grant)
        {
            return;
        }

        json.WriteStartObject("permit");
        json.WriteNumber("claim", record.Life.Fence);
        json.WriteNumber("uses_left", grant.UsesLeft);
        WriteTime(json, "report_by", record.Life.ReportBy);
        json.WriteEndObject();
    }

    private static void WriteOutcome(Utf8JsonWriter json, ActionRecord record, bool withResult)
    {
        if (record.Outcome is not { } outcome)
        {
            WriteOutcomeState(json, record.Life.LastOutcome);
            return;
        }

        json.WriteStartObject("outcome");
        json.WriteString("state", outcome.State.ToText());
        if (withResult && outcome.Result is { } result)
        {
            json.WritePropertyName("result");
            json.WriteRawValue(result.Span, skipInputValidation: true);
        }

        if (outcome.Error is not null)
        {
            json.WriteString("error", outcome.Error);
        }

        if (outcome.IsSelfReported)
        {
            json.WriteBoolean("self_reported", true);
        }

        outcome.Masked.WriteTo(json, "masked");

        json.WriteNumber("duration_ms", (long)outcome.Duration.TotalMilliseconds);
        json.WriteEndObject();
    }

    /// <summary>Lists are read without the payloads of outcomes, but how an execution ended is in the row.</summary>
    private static void WriteOutcomeState(Utf8JsonWriter json, OutcomeState? state)
    {
        if (state is not { } known)
        {
            json.WriteNull("outcome");
            return;
        }

        json.WriteStartObject("outcome");
        json.WriteString("state", known.ToText());
        json.WriteEndObject();
    }

    private static void WriteTime(Utf8JsonWriter json, string name, DateTimeOffset? time)
    {
        if (time is { } at)
        {
            json.WriteString(name, at);
        }
        else
        {
            json.WriteNull(name);
        }
    }
}
