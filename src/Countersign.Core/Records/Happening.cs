using System.Collections.Immutable;
using Countersign.Core.Identity;
using Countersign.Core.Ledger;
using Countersign.Core.Policies;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;

namespace Countersign.Core.Records;

/// <summary>
/// One event on its way into the record: what happened, under which conditions, and what the ledger is told.
/// </summary>
internal sealed record Happening(LifeEvent Event)
{
    /// <summary>
    /// What each entry says, given the record after the event; entries without a text say only that it happened.
    /// </summary>
    public Func<EntryType, ActionRecord, byte[]> Payload { get; init; } = static (_, _) => "{}"u8.ToArray();

    public DateTimeOffset? NotAfter { get; init; }

    public PolicyHash? OnlyUnderPolicy { get; init; }

    /// <summary>The agent that may not be stopped when this becomes durable.</summary>
    public AgentId? OnlyIfActive { get; init; }

    public ChangePriority Priority { get; init; } = ChangePriority.Decision;

    public ImmutableArray<VoteRow> Votes { get; init; } = [];

    /// <summary>Whether a node has to take the approval from now on, because no live call waits for it.</summary>
    public bool Detaches { get; init; }

    /// <summary>What a revision makes of the request: its arguments, and everything that follows from them.</summary>
    public Func<ActionRecord, ActionRecord> Revise { get; init; } = static record => record;

    /// <summary>Why the action ends here, when it does; kept on the record for whoever asks.</summary>
    public string? Ending { get; init; }

    public Outcome? Outcome { get; init; }

    /// <summary>What a reviewer's dry run showed.</summary>
    public Rehearsal? Rehearsal { get; init; }

    /// <summary>The use of the passkey that a vote was signed with.</summary>
    public PasskeyWrite? Passkey { get; init; }

    /// <summary>What a vote knows of earlier approvals.</summary>
    public FavourGuard? OnlyWithoutFavour { get; init; }

    /// <summary>Whether every channel is told of its first entry by itself, beside what it shows.</summary>
    public bool IsAlarming { get; init; }

    /// <summary>What the execution that is under way notes.</summary>
    public Evidence? Evidence { get; init; }
}
