using System.Collections.Immutable;
using Countersign.Core.Policies.Cel;
using Countersign.Core.Policies.Cel.Ast;
using Countersign.Core.Policies.Inputs;

namespace Countersign.Core.Policies.Judging;

/// <summary>
/// Rules that are asked one after the other, but not where something that costs little shows that they are false. It
/// shows exactly what asking the rule would:
/// 1. Rules that begin with the same condition share its answer. It comes first in each of them, with the whole budget.
/// 2. A rule that needs a whole number within bounds is false outside them, whatever else it asks, because
///    <c>false &amp;&amp; error</c> is false and comparing numbers costs no steps.
/// </summary>
internal sealed class ScreenedRules
{
    private const int FewestSharers = 4;

    private readonly ImmutableArray<Group> _groups;

    private ScreenedRules(ImmutableArray<Group> groups) => _groups = groups;

    public static ScreenedRules Of(IEnumerable<Rule> rules) => new(
    [
        .. rules
            .Distinct()
            .GroupBy(FirstCondition)
            .Select(group => (Guard: GuardOf(group.Key, group.Count()), Rules: group.AsEnumerable()))
            .GroupBy(group => group.Guard, group => group.Rules)
            .SelectMany(group => ByNumber(group.Key, group.SelectMany(each => each))),
    ]);

    /// <summary>Adds every rule that matches to the list.</summary>
    public void Collect(FactFrame frame, List<Rule> found)
    {
        foreach (var group in _groups)
        {
            group.Collect(frame, found);
        }
    }

    private static string FirstCondition(Rule rule) =>
        rule.Condition.Tree is Expression.Logical { IsAnd: true } all
            ? all.Operands[0].ToString()
            : rule.Condition.Tree.ToString();

    private static CelProgram? GuardOf(string condition, int sharers) =>
        sharers >= FewestSharers
        && CelExpression.Compile(condition, PolicySchema.Instance.Schema) is CompileResult.Ok compiled
            ? compiled.Program
            : null;

    private static IEnumerable<Group> ByNumber(CelProgram? guard, IEnumerable<Rule> rules) => rules
        .Select(rule => (Rule: rule, Bounds: Bounds.Of(rule.Condition.Tree)))
        .GroupBy(rule => rule.Bounds.Fact)
        .Select(group => new Group(
            guard,
            group.Key,
            [.. group.Select(rule => new Screened(rule.Rule, rule.Bounds.Least, rule.Bounds.Most))]));

    /// <summary>A rule, and the least and the greatest number it may match.</summary>
    private readonly record struct Screened(Rule Rule, long Least, long Most);

    /// <summary>Rules that share a first condition, if any, and the number they need within bounds, if any.</summary>
    private sealed class Group(CelProgram? guard, Fact? number, ImmutableArray<Screened> rules)
    {
        public void Collect(FactFrame frame, List<Rule> found)
        {
            if (guard is not null && guard.EvaluateBool(frame) is { Holds: false, Fault: null })
            {
                return;
            }

            if (number is null || frame.Values[number.Slot] is not { Kind: CelKind.Int } value)
            {
                AskAll(frame, found);
                return;
            }

            foreach (ref readonly var rule in rules.AsSpan())
            {
                if (rule.Least <= value.AsInt && value.AsInt <= rule.Most)
                {
                    Ask(rule.Rule, frame, found);
                }
            }
        }

        /// <summary>The number is missing or an error: only the whole condition can say what that means.</summary>
        private void AskAll(FactFrame frame, List<Rule> found)
        {
            foreach (ref readonly var rule in rules.AsSpan())
            {
                Ask(rule.Rule, frame, found);
            }
        }

        private static void Ask(Rule rule, FactFrame frame, List<Rule> found)
        {
            if (Matching.Holds(rule, frame))
            {
                found.Add(rule);
            }
        }
    }
}
