using System.Collections.Immutable;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Policies;
using Countersign.Core.Reviews;

namespace Countersign.Core.Storage;

/// <summary>
/// What a store keeps readable of an action: ids, digests, states and times. What was asked, answered and said lives in
/// encrypted ledger payloads only (DESIGN section 5).
/// </summary>
public sealed record ActionRow
{
    public required ActionId Id { get; init; }

    /// <summary>Grows by one with every write; the compare-and-set of every transition.</summary>
    public required long Version { get; init; }

    public required int Revision { get; init; }

    public required ActionState State { get; init; }

    public required TargetName Target { get; init; }

    public required GateKind Gate { get; init; }

    public required GateKind Via { get; init; }

    public required AgentId Agent { get; init; }

    public required ActionDigest Digest { get; init; }

    public required AttachKey Key { get; init; }

    /// <summary>
    /// SHA-256 over agent, on-behalf-of person and idempotency key; <c>null</c> when none was given. Unique.
    /// </summary>
    public string? IdempotencyHash { get; init; }

    /// <summary>Which policy judged this revision.</summary>
    public required PolicyHash Policy { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When a timer has to look again; <c>null</c> when no timer concerns the action.</summary>
    public DateTimeOffset? NextDeadline { get; init; }

    public ImmutableArray<TrackRow> Tracks { get; init; } = [];

    public Grant? Grant { get; init; }

    public Execution? Execution { get; init; }

    public long Fence { get; init; }

    public OutcomeState? LastOutcome { get; init; }

    public bool Delivered { get; init; }

    public DateTimeOffset? DeniedUntil { get; init; }

    /// <summary>Whether a node has to take the approval by itself (DESIGN section 2.7).</summary>
    public bool Detached { get; init; }

    /// <summary>At most one open action per attach key: pending, or approved and not yet used up.</summary>
    public bool IsOpen => State is ActionState.Pending or ActionState.Approved;
}

/// <summary>Where one track of the review stands; what it demands is in the payload.</summary>
public sealed record TrackRow(int Stage, bool Escalated, DateTimeOffset Deadline)
{
    /// <summary>A bit for each past stage that was met while its escalation was asked.</summary>
    public int EscalatedStages { get; init; }
}

/// <summary>
/// Who answered which revision how. The store keeps the person under a pseudonym. A modification is a row too, because
/// its author may never approve.
/// </summary>
public sealed record VoteRow(
    ActionId Action,
    int Revision,
    PersonId Person,
    VoteKind Kind,
    Assurance Assurance,
    DateTimeOffset At)
{
    /// <summary>
    /// Of an approval: the persons who stand behind what is approved. The store remembers the latest time for each two
    /// (<see cref="Favour"/>).
    /// </summary>
    public ImmutableHashSet<PersonId> Behind { get; init; } = [];
}

public enum VoteKind
{
    Approve,
    Deny,
    Modify,

    /// <summary>No answer: what a dry run that the person asked for showed.</summary>
    DryRun,

    /// <summary>An approval by one person alone, in an emergency.</summary>
    BreakGlass,
}
