using System.Collections.Immutable;
using Countersign.Core.Policies.Cel;

namespace Countersign.Core.Policies.Inputs;

/// <summary>Which facts the rules of one gate read: only those are looked up for a request.</summary>
internal sealed class FramePlan
{
    private readonly ImmutableArray<PolicyFact> _facts;
    private readonly ImmutableArray<PolicyFunction> _functions;

    private FramePlan(ImmutableArray<PolicyFact> facts, ImmutableArray<PolicyFunction> functions)
    {
        _facts = facts;
        _functions = functions;
    }

    public static FramePlan For(IEnumerable<Rule> rules)
    {
        var reads = rules.SelectMany(rule => rule.Condition.Program.Reads).ToHashSet(StringComparer.Ordinal);
        return new FramePlan(
            [.. PolicySchema.Instance.Facts.Values.Where(fact => reads.Contains(fact.Fact.Name))],
            [.. PolicySchema.Instance.Functions.Values.Where(function => reads.Contains(function.Function.Name))]);
    }

    /// <summary>
    /// Whether the facts are those of a request's shape; functions tell of the moment and of the past.
    /// </summary>
    public bool IsOfShape => _functions.IsEmpty && _facts.All(fact => fact.IsOfShape);

    public FactFrame Fill(PolicyInput input) => Fill(input, static (input, fact) => fact.Read(input));

    /// <summary>A frame in which whatever reads the preview, even to see whether it is there, is an error.</summary>
    public FactFrame FillWithoutPreview(PolicyInput input) => Fill(input, static (input, fact) =>
        fact.IsPreview ? CelValue.Error("there is no preview yet") : fact.Read(input));

    private FactFrame Fill(PolicyInput input, Func<PolicyInput, PolicyFact, CelValue> read)
    {
        var frame = new FactFrame(PolicySchema.Instance.Schema);
        foreach (var fact in _facts)
        {
            var value = read(input, fact);
            if (value.Kind != CelKind.Absent)
            {
                frame.Set(fact.Fact, value);
            }
        }

        foreach (var function in _functions)
        {
            if (function.Read(input) is { } body)
            {
                frame.Bind(function.Function, body);
            }
        }

        return frame;
    }
}
