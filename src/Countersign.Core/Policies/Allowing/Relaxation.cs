using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Countersign.Core.Actions;
using Countersign.Core.Actions.Json;
using Countersign.Core.Policies.Cel;

namespace Countersign.Core.Policies.Allowing;

/// <summary>
/// Looks for what would be allowed instead of a denied request: one argument changed to a value that the rules name or
/// to its neighbour, or one left out; or another operation that the rules name. Candidates come from the conditions,
/// the answer comes from the judge, so a suggestion can be missing but never wrong.
/// </summary>
internal sealed class Relaxation
{
    /// <summary>How many candidates are judged for one denial.</summary>
    public const int MaxJudged = 64;

    /// <summary>How many operations a denial names.</summary>
    public const int MaxOperations = 8;

    /// <summary>Larger arguments get no suggestion: each candidate is a copy of them.</summary>
    public const int MaxArgumentBytes = 16 * 1024;

    // As deep as canonical arguments can be.
    private static readonly JsonDocumentOptions DeepReading = new() { MaxDepth = 1024 };
    private static readonly JsonSerializerOptions DeepWriting = new() { MaxDepth = 1024 };

    private readonly ILookup<string, CelValue?> _named;
    private readonly ImmutableArray<string> _operations;

    public Relaxation(IEnumerable<Rule> rules)
    {
        var named = rules.SelectMany(rule => NamedValue.In(rule.Condition.Tree)).Distinct().ToList();
        _named = named
            .Where(value => value.Path.StartsWith(NamedValue.Arguments, StringComparison.Ordinal))
            .ToLookup(value => value.Path[NamedValue.Arguments.Length..], value => value.Value);
        _operations =
        [
            .. named
                .Where(value => value is { Path: NamedValue.Operation or NamedValue.Tool, Value.Kind: CelKind.String })
                .Select(value => value.Value!.Value.AsString)
                .Distinct()
                .Order(StringComparer.Ordinal),
        ];
    }

    /// <summary>What the policy would allow, judged one by one.</summary>
    public AllowedForm Find(Asking denied, Func<Asking, VerdictOutcome> judge)
    {
        // Facts that a gate derived from the arguments would not fit other arguments.
        var isKnown = denied.Facts.Variable == "mcp" || denied.Facts.Members.IsEmpty;
        if (!isKnown || denied.Action.Arguments.Bytes.Length > MaxArgumentBytes)
        {
            return new AllowedForm();
        }

        var judged = 0;
        foreach (var (arguments, change) in Changed(denied.Action.Arguments))
        {
            var candidate = denied with
            {
                Action = CanonicalAction.Of(denied.Action.Target, denied.Action.Operation, arguments),
            };
            if (judged++ == MaxJudged)
            {
                break;
            }

            if (judge(candidate) == VerdictOutcome.Allow)
            {
                return new AllowedForm { Arguments = arguments, Change = change };
            }
        }

        return new AllowedForm
        {
            Operations =
            [
                .. _operations
                    .Where(operation => operation != denied.Action.Operation)
                    .Take(MaxJudged)
                    .Where(operation => judge(With(denied, operation)) == VerdictOutcome.Allow)
                    .Take(MaxOperations),
            ],
        };
    }

    /// <summary>The same request for another operation; what is known only of the denied one is left out.</summary>
    public static Asking With(Asking denied, string operation) => denied with
    {
        Action = CanonicalAction.Of(denied.Action.Target, operation, denied.Action.Arguments),
        Facts = denied.Facts.Variable == "mcp" ? Facts.Of("mcp", ("tool", operation)) : denied.Facts,
    };

    /// <summary>Arguments that differ in one place, the smallest differences first.</summary>
    private IEnumerable<(CanonicalJson Arguments, string Change)> Changed(CanonicalJson arguments) =>
        from named in _named.OrderBy(named => named.Key, StringComparer.Ordinal)
        let steps = named.Key.Split('.')
        let present = Present(arguments, steps)
        where present is not null
        from value in Candidates(present.Value, named)
        let changed = Replace(arguments, steps, value)
        where changed is not null
        select (changed, Describe(named.Key, present.Value, value));

    private static string Describe(string path, JsonElement present, JsonNode? value) => value is null
        ? $"'{path}' left out"
        : $"'{path}' {value.ToJsonString()} instead of {present.GetRawText()}";

    /// <summary>Values of the same kind as the present one; <c>null</c> leaves the member out.</summary>
    private static IEnumerable<JsonNode?> Candidates(JsonElement present, IEnumerable<CelValue?> named)
    {
        var values = named.ToList();
        var others = present.ValueKind switch
        {
            JsonValueKind.Number when present.TryGetInt64(out var number) => Numbers(number, values),
            JsonValueKind.String => values
                .Where(value => value is { Kind: CelKind.String })
                .Select(value => value!.Value.AsString)
                .Where(text => text != present.GetString())
                .Order(StringComparer.Ordinal)
                .Select(text => (JsonNode?)JsonValue.Create(text)),
            JsonValueKind.True or JsonValueKind.False when values.Any(value => value is { Kind: CelKind.Bool }) =>
                [JsonValue.Create(present.ValueKind == JsonValueKind.False)],
            _ => Enumerable.Empty<JsonNode?>(),
        };
        return values.Contains(null) ? others.Append(null) : others;
    }

    private static IEnumerable<JsonNode?> Numbers(long present, IEnumerable<CelValue?> named) => named
        .Where(value => value is { Kind: CelKind.Int })
        .Select(value => value!.Value.AsInt)
        .SelectMany(bound => new[] { (Int128)bound - 1, bound, (Int128)bound + 1 })
        .Where(number => number >= long.MinValue && number <= long.MaxValue && number != present)
        .Distinct()
        .OrderBy(number => Int128.Abs(number - present))
        .Select(number => (JsonNode?)JsonValue.Create((long)number));

    private static JsonElement? Present(CanonicalJson arguments, string[] steps)
    {
        using var document = JsonDocument.Parse(arguments.Bytes, DeepReading);
        var at = document.RootElement;
        foreach (var step in steps)
        {
            if (at.ValueKind != JsonValueKind.Object || !at.TryGetProperty(step, out var next))
            {
                return null;
            }

            at = next;
        }

        return at.Clone();
    }

    /// <summary>The arguments with one member replaced or left out, through the strict door again.</summary>
    private static CanonicalJson? Replace(CanonicalJson arguments, string[] steps, JsonNode? value)
    {
        var root = JsonNode.Parse(arguments.Bytes.Span, documentOptions: DeepReading)!;
        var parent = steps[..^1].Aggregate(root, (at, step) => at[step]!).AsObject();
        if (value is null)
        {
            parent.Remove(steps[^1]);
        }
        else
        {
            parent[steps[^1]] = value;
        }

        var bytes = JsonSerializer.SerializeToUtf8Bytes(root, DeepWriting);
        return CanonicalJson.TryCanonicalize(bytes, JsonLimits.Unbounded, out var changed, out _) ? changed : null;
    }
}
