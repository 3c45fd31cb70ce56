namespace Countersign.Core.Policies;

/// <summary>Compares what the policy says today with what it said when a review was opened.</summary>
public static class VerdictStrictness
{
    public static bool IsStricterThan(this Verdict today, Verdict earlier) => today.Outcome > earlier.Outcome;
}
