using System.Diagnostics;
using Countersign.Core.Policies.Documents;
using Countersign.Core.Reviews;

namespace Countersign.Core.Policies;

/// <summary>What holds where no rule matches: deny, or a requirement. Never allow (DESIGN section 6.4).</summary>
internal sealed record PolicyDefault(VerdictOutcome Outcome, string Reason, Requirement? Requirement)
{
    /// <summary>The reason of a default that asks for approval without saying whose.</summary>
    public const string NoReviewer = "no-reviewer";

    private const string NoDefault = "No rule covers this action, and the policy has no default, so it is denied.";
    private const string DeniedByDefault = "No rule covers this action, and the policy's default is deny.";
    private const string RequiredByDefault = "No rule covers this action, so the policy's default asks for approval.";

    public static PolicyDefault Of(DefaultDraft? draft) => draft switch
    {
        null => new PolicyDefault(VerdictOutcome.Deny, NoDefault, Requirement: null),
        { Then: EffectDraft.Deny } => new PolicyDefault(VerdictOutcome.Deny, draft.Reason ?? DeniedByDefault, null),
        { Then: EffectDraft.RequireNobody } => new PolicyDefault(VerdictOutcome.Deny, NoReviewer, Requirement: null),
        { Then: EffectDraft.Require require } => Requiring(require.Requirement, draft.Reason ?? RequiredByDefault),
        _ => throw new UnreachableException(),
    };

    public Verdict ToVerdict(PolicyHash policy) =>
        new(Outcome, [new MatchedRule(RuleId.Default, Reason)], Requirement is null ? [] : [Requirement], policy);

    private static PolicyDefault Requiring(RequirementDraft requirement, string reason) =>
        new(VerdictOutcome.Require, reason, requirement.For(RuleId.Default, reason));
}
