using System.Buffers;
using System.Collections.Immutable;
using System.Text.Json;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Policies;
using Countersign.Core.Reviews;

namespace Countersign.Core.Records;

/// <summary>
/// Writes the payloads of ledger entries: what happened, in full, as JSON that a stranger can read. The store encrypts
/// them; <see cref="PayloadReader"/> reads back what production needs.
/// </summary>
internal static class PayloadWriter
{
    /// <summary>Deepest nesting of a payload; arguments and results have limits of their own far below it.</summary>
    public const int MaxDepth = 900;

    public static byte[] Write(Action<Utf8JsonWriter> members)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>
    /// <c>action.requested</c>, <c>action.refused</c>, <c>review.modified</c> and the request half of
    /// <c>action.executed</c>.
    /// </summary>
    public static void Request(Utf8JsonWriter json, ActionRecord record)
    {
        json.WriteString("agent", record.Asker.Agent.Value);
        json.WriteString("on_behalf_of", record.Asker.OnBehalfOf?.Value);
        json.WriteString("via", record.Via.ToText());
        json.WriteString("gate", record.Gate.ToText());
        json.WriteString("target", record.Action.Target.Value);
        json.WriteString("environment", record.Environment);
        json.WriteString("operation", record.Action.Operation);
        json.WritePropertyName("arguments");
        json.WriteRawValue(record.Action.Arguments.Bytes.Span, skipInputValidation: true);
        json.WriteString("digest", record.Action.Digest.Value);
        WriteFacts(json, record.Facts);
        json.WriteStartObject("claimed");
        json.WriteString("reason", record.Claimed.Reason);
        json.WriteString("session", record.Claimed.Session);
        json.WriteEndObject();
        if (record.CallerNote is { } note)
        {
            json.WritePropertyName("caller");
            json.WriteRawValue(note.Span, skipInputValidation: true);
        }

        WriteVerdict(json, record.Verdict);
        if (record.Preview is { } preview)
        {
            WritePreview(json, preview);
        }

        if (record.Nearest is { } nearest)
        {
            json.WritePropertyName("nearest");
            ForecastJson.WriteNearest(json, nearest);
        }

        WriteChanges(json, record.Changes);
        if (record.Trace is { } trace)
        {
            json.WriteStartObject("trace");
            json.WriteString("parent", trace.Parent);
            json.WriteString("state", trace.State);
            json.WriteEndObject();
        }
    }

    /// <summary>How people changed the arguments; nothing while nobody did.</summary>
    public static void WriteChanges(Utf8JsonWriter json, ImmutableArray<Modification> changes)
    {
        if (changes.IsEmpty)
        {
            return;
        }

        json.WriteStartArray("changes");
        foreach (var change in changes)
        {
            json.WriteStartObject();
            json.WriteString("person", change.By.Value);
            json.WriteString("at", change.At);
            json.WriteString("comment", change.Comment);
            json.WritePropertyName("before");
            json.WriteRawValue(change.Before.Bytes.Span, skipInputValidation: true);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    public static byte[] Vote(Vote vote, ActionDigest digest) => Write(json =>
    {
        json.WriteString("person", vote.Person.Value);
        json.WriteString("decision", vote.Decision.ToText());
        json.WriteString("assurance", vote.Assurance.ToText());
        json.WriteString("digest", digest.Value);
        json.WriteString("comment", vote.Comment);
        if (vote.InPlaceOf is { } away)
        {
            json.WriteString("in_place_of", away.Value);
        }

        if (vote.Returns is { } returned)
        {
            FavourPayload.Write(json, "returns", returned);
        }

        if (vote.Signature is { } signed)
        {
            SignaturePayload.Write(json, signed);
        }
    });

    /// <summary><c>break-glass.used</c>: an approval by one person alone, and whose sealed codes it took.</summary>
    public static byte[] Glass(ActionRecord next, Vote vote, IEnumerable<PersonId> custodians) => Write(json =>
    {
        json.WriteString("person", vote.Person.Value);
        json.WriteString("decision", vote.Decision.ToText());
        json.WriteString("assurance", vote.Assurance.ToText());
        json.WriteString("digest", next.Action.Digest.Value);
        json.WriteString("comment", vote.Comment);
        json.WriteString("target", next.Action.Target.Value);
        WriteStrings(json, "custodians", [.. custodians.Select(custodian => custodian.Value)]);
        json.WriteString("until", next.Life.Grant!.ExpiresAt);
        SignaturePayload.Write(json, vote.Signature!);
    });

    /// <summary><c>review.vote</c> of an approval that was refused: who tried it, and on what.</summary>
    /// <param name="who"><c>person</c> or <c>agent</c>.</param>
    /// <param name="id">Their id.</param>
    /// <param name="assurance">How strongly they were known; <c>null</c> for an agent.</param>
    /// <param name="digest">Of the revision that stood there.</param>
    public static byte[] SelfApproval(string who, string id, string? assurance, ActionDigest digest) => Write(json =>
    {
        json.WriteString(who, id);
        json.WriteString("decision", Decision.Approve.ToText());
        json.WriteString("refused", StepRefusal.SelfApproval.ToSlug());
        json.WriteString("assurance", assurance);
        json.WriteString("digest", digest.Value);
    });

    public static byte[] Ending(string text, Action<Utf8JsonWriter>? more = null) => Write(json =>
    {
        json.WriteString("reason", text);
        more?.Invoke(json);
    });

    /// <summary>
    /// <c>agent.stopped</c>: <paramref name="text"/> is the ending of every action that the entry withdraws.
    /// </summary>
    public static byte[] Stop(
        AgentId agent, PersonId by, string? comment, string text, IEnumerable<ActionId> withdrawn) => Write(json =>
    {
        json.WriteString("reason", text);
        json.WriteString("agent", agent.Value);
        json.WriteString("person", by.Value);
        json.WriteString("comment", comment);
        WriteStrings(json, "withdrawn", [.. withdrawn.Select(id => id.Value)]);
    });

    /// <summary><c>execution.intent</c>, and the further one with what the execution left as evidence.</summary>
    public static byte[] Intent(ActionRecord record, Execution execution) => Write(json =>
    {
        json.WriteString("digest", record.Action.Digest.Value);
        json.WriteString("policy", record.Verdict.Policy.Value);
        json.WriteString("owner", execution.Owner.Value);
        json.WriteNumber("fence", execution.Fence);
        if (record.Evidence is { } evidence)
        {
            WriteEvidence(json, evidence);
        }
    });

    /// <summary>What the target was asked with, and what it said; nothing when there was nothing to ask with.</summary>
    public static void Proof(Utf8JsonWriter json, Evidence? evidence, Proof proof)
    {
        if (evidence is not null)
        {
            WriteEvidence(json, evidence);
            json.WriteString("proof", proof.ToText());
        }
    }

    public static void Outcome(Utf8JsonWriter json, Outcome outcome, long fence)
    {
        json.WriteString("state", outcome.State.ToText());
        json.WriteNumber("fence", fence);
        json.WriteNumber("duration_ms", (long)outcome.Duration.TotalMilliseconds);
        json.WriteString("error", outcome.Error);
        if (outcome.IsSelfReported)
        {
            json.WriteBoolean("self_reported", true);
        }

        outcome.Masked.WriteTo(json, "masked");
        if (outcome.Result is { } result)
        {
            json.WritePropertyName("result");
            json.WriteRawValue(result.Span, skipInputValidation: true);
        }
    }

    public static void WritePreview(Utf8JsonWriter json, Preview preview)
    {
        json.WriteStartObject("preview");
        json.WriteString("summary", preview.Summary);
        if (preview.Statement is { } statement)
        {
            json.WriteString("statement", statement);
            WriteStrings(json, "parameters", preview.Parameters);
        }

        WriteOptional(json, "rows", preview.Rows);
        WriteOptional(json, "exact", preview.Exact);
        if (preview.Cascades is { } cascades)
        {
            WriteCascades(json, cascades);
        }

        WriteStrings(json, "locks", preview.Locks);
        WriteStrings(json, "effects", preview.Effects);
        WriteOptional(json, "reversible", preview.Reversible);
        WriteOptional(json, "bytes", preview.Bytes);
        if (preview.Tag is { } tag)
        {
            json.WriteString("tag", tag);
        }

        json.WriteString("error", preview.Error);
        json.WriteEndObject();
    }

    /// <summary>The facts as the object of their policy variable: <c>"facts": {"mcp": {…}}</c>.</summary>
    public static void WriteFacts(Utf8JsonWriter json, Facts facts)
    {
        json.WriteStartObject("facts");
        json.WriteStartObject(facts.Variable);
        foreach (var (name, value) in facts.Members)
        {
            json.WritePropertyName(name);
            JsonSerializer.Serialize(json, value, value.GetType());
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    public static void WriteVerdict(Utf8JsonWriter json, Verdict verdict)
    {
        json.WriteStartObject("verdict");
        json.WriteString("outcome", verdict.Outcome.ToText());
        json.WriteString("policy", verdict.Policy.Value);
        if (verdict.Origin is { } origin)
        {
            json.WriteString("accepted", origin.Accepted);
            json.WriteString("changes", origin.ChangesAtOnce ? "immediate" : "proposed");
        }

        json.WriteStartArray("rules");
        foreach (var rule in verdict.Rules)
        {
            json.WriteStartObject();
            json.WriteString("id", rule.Id.Value);
            json.WriteString("reason", rule.Reason);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("requirements");
        foreach (var requirement in verdict.Requirements)
        {
            RequirementPayload.Write(json, requirement);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    public static void WriteStrings(Utf8JsonWriter json, string name, ImmutableArray<string> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values)
        {
            json.WriteStringValue(value);
        }

        json.WriteEndArray();
    }

    private static void WriteEvidence(Utf8JsonWriter json, Evidence evidence)
    {
        json.WriteStartObject("evidence");
        json.WriteString("kind", evidence.Kind);
        json.WriteString("value", evidence.Value);
        json.WriteEndObject();
    }

    private static void WriteCascades(Utf8JsonWriter json, ImmutableArray<Cascade> cascades)
    {
        json.WriteStartArray("cascades");
        foreach (var cascade in cascades)
        {
            json.WriteStartObject();
            json.WriteString("relation", cascade.Relation);
            json.WriteNumber("rows", cascade.Rows);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteOptional(Utf8JsonWriter json, string name, long? value)
    {
        if (value is { } number)
        {
            json.WriteNumber(name, number);
        }
    }

    private static void WriteOptional(Utf8JsonWriter json, string name, bool? value)
    {
        if (value is { } flag)
        {
            json.WriteBoolean(name, flag);
        }
    }
}
