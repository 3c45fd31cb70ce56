using System.Diagnostics;
using Countersign.Core.Identity;
using Countersign.Core.Policies;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;

namespace Countersign.Core.Records;

/// <summary>The spelling of closed sets in payloads and in the API.</summary>
public static class PayloadNames
{
    public static string ToText(this Assurance assurance) => assurance.ToString().ToLowerInvariant();

    public static string ToText(this Decision decision) => decision.ToString().ToLowerInvariant();

    public static string ToText(this OutcomeState state) => state.ToString().ToLowerInvariant();

    public static string ToText(this VerdictOutcome outcome) => outcome.ToString().ToLowerInvariant();

    public static string ToText(this Proof proof) => proof switch
    {
        Proof.Unknown => "unknown",
        Proof.TookEffect => "took-effect",
        Proof.TookNoEffect => "took-no-effect",
        Proof.Undecided => "undecided",
        Proof.NotSeen => "not-seen",
        _ => throw new UnreachableException(),
    };

    public static string ToText(this Exclusion exclusion) => exclusion switch
    {
        Exclusion.Requester => "requester",
        Exclusion.Owner => "owner",
        Exclusion.Modifier => "modifier",
        Exclusion.PolicyAuthor => "policy-author",
        Exclusion.Reciprocal => "reciprocal",
        _ => throw new UnreachableException(),
    };

    /// <summary>The problem slug of the API for a refused event (DESIGN section 6.3).</summary>
    public static string ToSlug(this StepRefusal refusal) => refusal switch
    {
        StepRefusal.SelfApproval => "self-approval",
        StepRefusal.NotEligible => "not-eligible",
        StepRefusal.AssuranceTooLow => "assurance-too-low",
        StepRefusal.StaleDigest => "stale-digest",
        StepRefusal.AlreadyDecided => "already-decided",
        StepRefusal.AlreadyVoted => "already-voted",
        StepRefusal.Expired => "expired",
        StepRefusal.OutOfOrder => "already-decided",
        StepRefusal.ApprovalLapsed => "superseded",
        StepRefusal.StaleFence => "already-claimed",
        _ => throw new UnreachableException(),
    };

    internal static VoteKind ToKind(this Decision decision) =>
        decision == Decision.Approve ? VoteKind.Approve : VoteKind.Deny;

    internal static T Parse<T>(string text)
        where T : struct, Enum =>
        Enum.TryParse<T>(text.Replace("-", "", StringComparison.Ordinal), ignoreCase: true, out var value)
            ? value
            : throw new FormatException(
                $"'{text}' is not a {typeof(T).Name}: the payload was not written by this version.");
}
