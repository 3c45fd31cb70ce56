using System.Collections.Immutable;
using Countersign.Core.Actions;

namespace Countersign.Core.Storage;

/// <summary>An action as a store returns it: its row, and the decrypted payloads that belong to it.</summary>
/// <param name="Row">The readable part.</param>
/// <param name="Votes">The votes on every revision, oldest first, each with the payload of its entry.</param>
/// <param name="Request">Payload of the entry that holds the present revision (<c>action.requested</c>,
/// <c>action.refused</c>, <c>action.executed</c> or <c>review.modified</c>).</param>
/// <param name="Outcome">Payload of the latest <c>execution.outcome</c>, if any.</param>
/// <param name="Ending">Payload of the latest <c>review.decided</c>, <c>review.expired</c> or <c>action.withdrawn</c>,
/// if any.</param>
/// <param name="Ledger">Where the latest ledger entry of this action is.</param>
public sealed record StoredAction(
    ActionRow Row,
    ImmutableArray<StoredVote> Votes,
    ReadOnlyMemory<byte> Request,
    ReadOnlyMemory<byte>? Outcome,
    ReadOnlyMemory<byte>? Ending,
    LedgerPosition Ledger)
{
    /// <summary>
    /// Payload of the latest <c>execution.intent</c> while the action is executing; otherwise nobody needs it.
    /// </summary>
    public ReadOnlyMemory<byte>? Intent { get; init; }
}

public sealed record StoredVote(VoteRow Row, ReadOnlyMemory<byte> Payload);

/// <summary>Where an action's latest entry is.</summary>
/// <param name="Index">Its index.</param>
/// <param name="Size">Size of a signed tree that covers it.</param>
/// <param name="At">When it was committed. Nothing is entered about an action that is over, so that is its end.</param>
public sealed record LedgerPosition(long Index, long Size, DateTimeOffset At);

/// <summary>One message waiting in the outbox.</summary>
public sealed record OutboxRow(
    long Id, string Channel, ActionId? Action, int Revision, string Kind, int Attempts, DateTimeOffset NotBefore)
{
    /// <summary>The entry it is about, when it is about no action.</summary>
    public long? Entry { get; init; }
}
