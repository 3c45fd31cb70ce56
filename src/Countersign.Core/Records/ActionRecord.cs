using System.Collections.Immutable;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Policies;
using Countersign.Core.Policies.Allowing;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;
using Countersign.Core.Tracing;

namespace Countersign.Core.Records;

/// <summary>Everything known about one action: what was asked, how it was judged, where it stands.</summary>
public sealed record ActionRecord
{
    public required ActionId Id { get; init; }

    /// <summary>The stored version this record was read at.</summary>
    public required long Version { get; init; }

    public required Asker Asker { get; init; }

    public required GateKind Gate { get; init; }

    public required GateKind Via { get; init; }

    public required string Environment { get; init; }

    public required CanonicalAction Action { get; init; }

    public required Facts Facts { get; init; }

    public required Claimed Claimed { get; init; }

    /// <summary>What the gate noted of the caller of a held action, as JSON.</summary>
    public ReadOnlyMemory<byte>? CallerNote { get; init; }

    public required Verdict Verdict { get; init; }

    public Preview? Preview { get; init; }

    /// <summary>Where the trace stood in which it was asked for; <c>null</c> when nobody traced.</summary>
    public TraceContext? Trace { get; init; }

    public required AttachKey Key { get; init; }

    public string? IdempotencyHash { get; init; }

    public required bool Detached { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required Life Life { get; init; }

    public Outcome? Outcome { get; init; }

    /// <summary>What the execution that is under way left for whoever has to find out what became of it.</summary>
    public Evidence? Evidence { get; init; }

    /// <summary>What reviewers' dry runs of this revision showed, in their order.</summary>
    public ImmutableArray<Rehearsal> Rehearsals { get; init; } = [];

    /// <summary>Why the action ended without running, in words for people and agents.</summary>
    public string? Ending { get; init; }

    /// <summary>What would be allowed instead, when the policy denied and something is known to be.</summary>
    public AllowedForm? Nearest { get; init; }

    /// <summary>How people changed what the agent asked for, oldest first.</summary>
    public ImmutableArray<Modification> Changes { get; init; } = [];

    /// <summary>The latest entry about this action: where it is, and when it was committed.</summary>
    public required LedgerPosition Ledger { get; init; }

    public ActionState State => Life.State;

    /// <summary>Whether whoever asked takes a permit and acts; no node executes it.</summary>
    public bool GivesPermit => Gate.GivesPermits();

    /// <summary>Whether a person had to decide.</summary>
    public bool WasHeld => Verdict.Outcome == VerdictOutcome.Require;

    /// <summary>
    /// How many rows an execution may touch; <c>null</c> when no rule says. A rule that takes the number of the preview
    /// allows none when the preview had no number, because then nobody agreed to any.
    /// </summary>
    public long? RowCeiling => AllBounds
        .Select(bounds => Least(bounds.Rows, bounds.RowsFromPreview ? Preview?.Rows ?? 0 : null))
        .Min();

    /// <summary>How long an execution may take; <c>null</c> when no rule says.</summary>
    public TimeSpan? TimeCeiling => AllBounds.Select(bounds => bounds.Time).Min();

    /// <summary>How many bytes an execution may return; <c>null</c> when no rule says.</summary>
    public long? OutputCeiling => AllBounds.Select(bounds => bounds.Output).Min();

    private IEnumerable<Bounds> AllBounds => Verdict.Requirements.Select(requirement => requirement.Bounds);

    /// <summary>Reads what a store or an archive returned.</summary>
    /// <exception cref="StoreUnavailableException">The stored bytes do not have the stored digest.</exception>
    public static ActionRecord Of(StoredAction stored) => RecordCodec.FromStored(stored);

    private static long? Least(long? one, long? other) =>
        one is { } a && other is { } b ? Math.Min(a, b) : one ?? other;
}
