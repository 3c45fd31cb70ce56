using System.Collections.Immutable;
using Countersign.Core.Actions;
using Countersign.Core.Identity;

namespace Countersign.Core.Reviews;

/// <summary>Where one action stands: everything that <see cref="Lifecycle.Next"/> reads and returns.</summary>
public sealed record Life
{
    public required ActionState State { get; init; }

    /// <summary>1 for the action as asked; each modification adds one and voids the votes.</summary>
    public required int Revision { get; init; }

    public required ActionDigest Digest { get; init; }

    public ImmutableArray<Track> Tracks { get; init; } = [];

    /// <summary>The votes on this revision, in the order they came.</summary>
    public ImmutableArray<Vote> Votes { get; init; } = [];

    /// <summary>The vote that broke the glass; <c>null</c> when nobody did.</summary>
    public Vote? Glass => Votes.FirstOrDefault(vote => vote.BreaksGlass);

    /// <summary>Persons who modified an earlier revision: authors now, so never approvers.</summary>
    public ImmutableHashSet<PersonId> Modifiers { get; init; } = [];

    public Grant? Grant { get; init; }

    public Execution? Execution { get; init; }

    /// <summary>
    /// Until when the asker may say what became of the permit that it claimed; <c>null</c> when no permit is claimed.
    /// </summary>
    public DateTimeOffset? ReportBy { get; init; }

    /// <summary>Number of the latest execution; grows with every claim and never falls.</summary>
    public long Fence { get; init; }

    public OutcomeState? LastOutcome { get; init; }

    /// <summary>
    /// Whether the latest outcome was handed to a caller; one that was not waits for the next identical call.
    /// </summary>
    public bool Delivered { get; init; }

    /// <summary>Until when the same request gets the same denial without opening a review.</summary>
    public DateTimeOffset? DeniedUntil { get; init; }

    /// <summary>When the action ends by itself: its review expires, or its grant does.</summary>
    public DateTimeOffset? ExpiresAt => State switch
    {
        ActionState.Pending => OpenTracks.Min(track => (DateTimeOffset?)track.ExpiresAt),
        ActionState.Approved => Grant?.ExpiresAt,
        _ => null,
    };

    /// <summary>
    /// When the action ends at the latest if nobody takes or changes it: every stage that is still to come takes all of
    /// its time. Tracks are asked side by side.
    /// </summary>
    public DateTimeOffset? LatestEnd => State switch
    {
        ActionState.Pending => OpenTracks.Max(track => (DateTimeOffset?)track.LatestEnd),
        ActionState.Approved => Grant?.ExpiresAt,
        _ => null,
    };

    /// <summary>When a timer has to look at this action again.</summary>
    public DateTimeOffset? NextDeadline => State switch
    {
        ActionState.Pending => OpenTracks.Min(track => (DateTimeOffset?)track.Deadline),
        ActionState.Approved => Grant?.ExpiresAt,
        ActionState.Executing => ReportBy,
        _ => null,
    };

    private IEnumerable<Track> OpenTracks => Tracks.Where(track => !track.IsMet);
}
