using System.Collections.Immutable;
using Countersign.Core.Identity;
using Countersign.Core.Reviews;

namespace Countersign.Core.Policies;

/// <summary>
/// Compares today's verdict with the one a review was opened under. A stricter one supersedes the review, at attach and
/// at claim (DESIGN section 2.4).
/// </summary>
public static class VerdictStrictness
{
    /// <summary>Whether what satisfied the other verdict might not satisfy this one.</summary>
    public static bool IsStricterThan(this Verdict verdict, Verdict other)
    {
        if (verdict.Outcome != other.Outcome)
        {
            return verdict.Outcome > other.Outcome;
        }

        return verdict.Requirements.Any(requirement => !IsCovered(requirement, other.Requirements));
    }

    /// <summary>Requirements are compared rule by rule: another rule's track is another track.</summary>
    private static bool IsCovered(Requirement requirement, ImmutableArray<Requirement> others)
    {
        var other = others.FirstOrDefault(each => each.Rule == requirement.Rule);
        return other is not null && !IsStricter(requirement, other);
    }

    private static bool IsStricter(Requirement now, Requirement then) =>
        now.Assurance > then.Assurance
        || !now.DistinctFrom.IsSubsetOf(then.DistinctFrom)
        || (now.DistinctFrom.Contains(Exclusion.Reciprocal) && now.ReciprocalWithin > then.ReciprocalWithin)
        || IsTighter(now.Bounds, then.Bounds)
        || now.Grant.Uses < then.Grant.Uses
        || now.Grant.TimeToLive < then.Grant.TimeToLive
        || AreStricter(now.Stages, then.Stages);

    /// <summary>More stages are stricter; so are more votes, less time or other people in one of them.</summary>
    private static bool AreStricter(ImmutableArray<Stage> now, ImmutableArray<Stage> then) =>
        now.Length > then.Length || now.Zip(then).Any(pair => IsStricter(pair.First, pair.Second));

    private static bool IsStricter(Stage now, Stage then) =>
        now.Need > then.Need
        || now.Within < then.Within
        || !Includes(now.Of, then.Of)
        || !Includes([.. now.Of, .. now.Escalate], then.Escalate);

    private static bool Includes(ImmutableArray<Party> all, ImmutableArray<Party> some) => some.All(all.Contains);

    private static bool IsTighter(Bounds now, Bounds then) =>
        (now.RowsFromPreview && !then.RowsFromPreview) || IsTighter(now.Rows, then.Rows)
        || IsTighter(now.Time?.Ticks, then.Time?.Ticks) || IsTighter(now.Output, then.Output);

    private static bool IsTighter(long? now, long? then) => now is { } bound && (then is null || bound < then);
}
