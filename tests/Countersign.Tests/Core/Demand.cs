using Countersign.Core.Identity;
using Countersign.Core.Policies;
using Countersign.Core.Reviews;

namespace Countersign.Tests.Core;

/// <summary>Verdicts of the tests' policies, from harmless to forbidden.</summary>
internal static class Demand
{
    public static readonly TimeSpan Within = TimeSpan.FromMinutes(15);

    private static readonly MatchedRule Rule = new(new RuleId("writes"), "Writes need a look.");

    public static Verdict Nothing(PolicyHash policy) => new(VerdictOutcome.Allow, [Rule], [], policy);

    public static Verdict Never(PolicyHash policy) => new(VerdictOutcome.Deny, [Rule], [], policy);

    public static Verdict OneDba(PolicyHash policy) => Dbas(policy, need: 1, GrantTerms.Default, Bounds.None);

    public static Verdict TwoDbas(PolicyHash policy) => Dbas(policy, need: 2, GrantTerms.Default, Bounds.None);

    public static Verdict OneDbaForTwoUses(PolicyHash policy) =>
        Dbas(policy, need: 1, GrantTerms.Default with { Uses = 2 }, Bounds.None);

    public static Func<PolicyHash, Verdict> OneDbaWithin(TimeSpan execution) =>
        policy => Dbas(policy, need: 1, GrantTerms.Default, Bounds.None with { Time = execution });

    public static Verdict OneDbaWithPasskey(PolicyHash policy)
    {
        var verdict = OneDba(policy);
        return verdict with
        {
            Requirements = [.. verdict.Requirements.Select(each => each with { Assurance = Assurance.Passkey })],
        };
    }

    /// <summary>One, whose approval returns none of the last hours.</summary>
    public static Func<PolicyHash, Verdict> OneDbaWithoutReturn(TimeSpan within) => policy =>
    {
        var verdict = OneDba(policy);
        return verdict with
        {
            Requirements = [.. verdict.Requirements.Select(each => each with
            {
                DistinctFrom = [Exclusion.Reciprocal],
                ReciprocalWithin = within,
            })],
        };
    };

    private static Verdict Dbas(PolicyHash policy, int need, GrantTerms grant, Bounds bounds)
    {
        var stage = new Stage([Party.Parse("group:dba")], need, Within, Escalate: [Party.Parse("group:leads")]);
        return new Verdict(
            VerdictOutcome.Require,
            [Rule],
            [new Requirement(Rule.Id, Rule.Reason, [stage], Assurance.Session, DistinctFrom: [], bounds, grant)],
            policy);
    }
}
