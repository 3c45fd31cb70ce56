using Countersign.Core.Policies.Cel;

namespace Countersign.Core.Policies.Judging;

/// <summary>Whether one rule matches one action.</summary>
internal static class Matching
{
    /// <summary>
    /// An answer that cannot be had, because a fact is missing, something overflows or the budget is exhausted, makes
    /// the verdict stricter: a rule that denies or requires matches, a rule that allows does not.
    /// </summary>
    public static bool Holds(Rule rule, FactFrame frame)
    {
        var answer = rule.Condition.Program.EvaluateBool(frame);
        return answer.Holds || (answer.Fault is not null && rule.Effect != VerdictOutcome.Allow);
    }
}
