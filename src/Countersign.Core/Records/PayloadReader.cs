using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text.Json;
using Countersign.Core.Actions;
using Countersign.Core.Actions.Json;
using Countersign.Core.Identity;
using Countersign.Core.Policies;
using Countersign.Core.Policies.Allowing;
using Countersign.Core.Redaction;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;
using Countersign.Core.Tracing;

namespace Countersign.Core.Records;

/// <summary>
/// Reads what <see cref="PayloadWriter"/> wrote; the store has checked the bytes against the ledger's hash.
/// </summary>
internal static class PayloadReader
{
    public static Asker Asker(JsonElement request) => new(
        new AgentId(request.GetProperty("agent").GetString()!),
        Text(request, "on_behalf_of") is { } person ? new PersonId(person) : null);

    public static CanonicalAction Action(JsonElement request) => CanonicalAction.Of(
        new TargetName(request.GetProperty("target").GetString()!),
        request.GetProperty("operation").GetString()!,
        Canonical(request.GetProperty("arguments")));

    public static Claimed Claimed(JsonElement request)
    {
        var claimed = request.GetProperty("claimed");
        return new Claimed(Text(claimed, "reason"), Text(claimed, "session"));
    }

    public static ReadOnlyMemory<byte>? CallerNote(JsonElement request) =>
        request.TryGetProperty("caller", out var note) ? (ReadOnlyMemory<byte>?)RawBytes(note) : null;

    public static Verdict Verdict(JsonElement request)
    {
        var verdict = request.GetProperty("verdict");
        return new Verdict(
            PayloadNames.Parse<VerdictOutcome>(verdict.GetProperty("outcome").GetString()!),
            [.. verdict.GetProperty("rules").EnumerateArray().Select(rule => new MatchedRule(
                new RuleId(rule.GetProperty("id").GetString()!), rule.GetProperty("reason").GetString()!))],
            [.. verdict.GetProperty("requirements").EnumerateArray().Select(RequirementPayload.Read)],
            PolicyHash.Parse(verdict.GetProperty("policy").GetString()!))
        {
            Origin = Text(verdict, "accepted") is { } accepted
                ? new PolicyOrigin(accepted, Text(verdict, "changes") == "immediate")
                : null,
        };
    }

    public static Facts Facts(JsonElement request)
    {
        var variable = request.GetProperty("facts").EnumerateObject().Single();
        var members = variable.Value.EnumerateObject()
            .ToImmutableSortedDictionary(member => member.Name, member => Fact(member.Value), StringComparer.Ordinal);
        return new Facts(variable.Name, members);
    }

    public static AllowedForm? Nearest(JsonElement request)
    {
        if (!request.TryGetProperty("nearest", out var nearest))
        {
            return null;
        }

        var hasArguments = nearest.TryGetProperty("arguments", out var arguments);
        return new AllowedForm
        {
            Arguments = hasArguments && CanonicalJson.TryCanonicalize(
                RawBytes(arguments), JsonLimits.Unbounded, out var canonical, out _) ? canonical : null,
            Change = Text(nearest, "change"),
            Operations = [.. nearest.GetProperty("operations").EnumerateArray().Select(name => name.GetString()!)],
        };
    }

    public static Preview? Preview(JsonElement request) =>
        !request.TryGetProperty("preview", out var preview)
            ? null
            : new Preview(preview.GetProperty("summary").GetString()!)
            {
                Statement = Text(preview, "statement"),
                Parameters = preview.TryGetProperty("parameters", out var _) ? Strings(preview, "parameters") : [],
                Rows = Number(preview, "rows"),
                Exact = Flag(preview, "exact"),
                Cascades = Cascades(preview),
                Locks = Strings(preview, "locks"),
                Effects = Strings(preview, "effects"),
                Reversible = Flag(preview, "reversible"),
                Bytes = Number(preview, "bytes"),
                Tag = Text(preview, "tag"),
                Error = Text(preview, "error"),
            };

    public static TraceContext? Trace(JsonElement request) => request.TryGetProperty("trace", out var trace)
        ? TraceContext.Read(Text(trace, "parent"), Text(trace, "state"))
        : null;

    public static ImmutableArray<Modification> Changes(JsonElement request) =>
        request.TryGetProperty("changes", out var changes)
            ? [.. changes.EnumerateArray().Select(change => new Modification(
                new PersonId(change.GetProperty("person").GetString()!),
                change.GetProperty("at").GetDateTimeOffset(),
                Text(change, "comment"),
                Canonical(change.GetProperty("before"))))]
            : [];

    public static Outcome Outcome(JsonElement json) => new(
        PayloadNames.Parse<OutcomeState>(json.GetProperty("state").GetString()!),
        json.TryGetProperty("result", out var result) ? (ReadOnlyMemory<byte>?)RawBytes(result) : null,
        Text(json, "error"),
        TimeSpan.FromMilliseconds(json.GetProperty("duration_ms").GetInt64()))
    {
        Masked = RedactionReport.Read(json, "masked"),
        IsSelfReported = Flag(json, "self_reported") ?? false,
    };

    /// <summary>What the intent of one execution left; <c>null</c> when it is another one's, or left nothing.</summary>
    public static Evidence? Evidence(JsonElement intent, long fence) =>
        intent.TryGetProperty("evidence", out var evidence) && intent.GetProperty("fence").GetInt64() == fence
            ? new Evidence(evidence.GetProperty("kind").GetString()!, evidence.GetProperty("value").GetString()!)
            : null;

    public static string? Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <summary>Reading again through the strict door costs little and trusts nobody, not even the store.</summary>
    private static CanonicalJson Canonical(JsonElement json) =>
        CanonicalJson.TryCanonicalize(RawBytes(json), JsonLimits.Unbounded, out var canonical, out var refusal)
            ? canonical
            : throw new StoreUnavailableException($"Stored arguments are not canonical JSON: {refusal.Message}");

    private static ImmutableArray<Cascade>? Cascades(JsonElement preview) =>
        preview.TryGetProperty("cascades", out var cascades)
            ? [.. cascades.EnumerateArray().Select(cascade => new Cascade(
                cascade.GetProperty("relation").GetString()!, cascade.GetProperty("rows").GetInt64()))]
            : null;

    private static byte[] RawBytes(JsonElement json) =>
        JsonMarshal.GetRawUtf8Value(json).ToArray();

    private static ImmutableArray<string> Strings(JsonElement json, string name) =>
        [.. json.GetProperty(name).EnumerateArray().Select(item => item.GetString()!)];

    private static long? Number(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) ? value.GetInt64() : null;

    private static bool? Flag(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) ? value.GetBoolean() : null;

    private static object Fact(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.String => value.GetString()!,
        JsonValueKind.Number when value.TryGetInt64(out var number) => number,
        JsonValueKind.Number => value.GetDouble(),
        JsonValueKind.Array when value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String) =>
            value.EnumerateArray().Select(item => item.GetString()!).ToImmutableArray(),
        _ => value.Clone(),
    };
}
