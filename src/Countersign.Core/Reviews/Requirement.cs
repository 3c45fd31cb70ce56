using System.Collections.Immutable;
using Countersign.Core.Identity;
using Countersign.Core.Policies;

namespace Countersign.Core.Reviews;

/// <summary>What one rule demands before an action may run: stages in order, and the terms of the grant.</summary>
public sealed record Requirement(
    RuleId Rule,
    string Reason,
    ImmutableArray<Stage> Stages,
    Assurance Assurance,
    ImmutableHashSet<Exclusion> DistinctFrom,
    Bounds Bounds,
    GrantTerms Grant)
{
    /// <summary>How long an approval may not be returned, where <c>reciprocal</c> is excluded.</summary>
    public TimeSpan ReciprocalWithin { get; init; } = Favours.Lately;

    /// <summary>Whether a vote is strong enough, and returns nothing that may not be returned yet.</summary>
    public bool Takes(Vote vote) => vote.Assurance >= Assurance && !RefusesReturn(vote.Returns, vote.At);

    /// <summary>Whether an approval at this time would return an earlier one too soon.</summary>
    public bool RefusesReturn(Favour? returned, DateTimeOffset at) =>
        returned is not null && DistinctFrom.Contains(Exclusion.Reciprocal) && at - returned.At <= ReciprocalWithin;
}

/// <summary>
/// "<c>Need</c> of <c>Of</c> within <c>Within</c>"; when the time is over, <c>Escalate</c> is asked as well, once.
/// </summary>
public sealed record Stage(ImmutableArray<Party> Of, int Need, TimeSpan Within, ImmutableArray<Party> Escalate)
{
    /// <summary>How long it may take, with the time of its escalation.</summary>
    public TimeSpan Longest => Escalate.IsEmpty ? Within : Within + Within;
}

/// <summary>How often and how long an approval may be used.</summary>
public sealed record GrantTerms(int Uses, TimeSpan TimeToLive)
{
    public static GrantTerms Default { get; } = new(Uses: 1, TimeToLive: TimeSpan.FromMinutes(10));
}

/// <summary>
/// What an execution may not exceed; <c>null</c> leaves the gate's own limit. <c>RowsFromPreview</c> means that the
/// number the reviewers saw is the ceiling.
/// </summary>
public sealed record Bounds(bool RowsFromPreview, long? Rows, TimeSpan? Time)
{
    /// <summary>How many bytes may come back.</summary>
    public long? Output { get; init; }

    public static Bounds None { get; } = new(RowsFromPreview: false, Rows: null, Time: null);
}

/// <summary>Who a rule keeps from approving, on top of the floor that always holds.</summary>
public enum Exclusion
{
    Requester,
    Owner,
    Modifier,
    PolicyAuthor,

    /// <summary>Whose request somebody behind this one approved lately.</summary>
    Reciprocal,
}
