using System.Collections.Immutable;

namespace Countersign.Core.Storage;

/// <summary>What became of a change. An exception means that nobody knows: read again before anything else.</summary>
public abstract record CommitResult
{
    private CommitResult()
    {
    }

    /// <summary>The change is durable and provable.</summary>
    /// <param name="Indexes">Ledger indexes of the change's entries, in their order.</param>
    /// <param name="TreeSize">Size of the tree whose signed checkpoint covers them.</param>
    /// <param name="At">The store's time of the commit.</param>
    public sealed record Committed(ImmutableArray<long> Indexes, long TreeSize, DateTimeOffset At) : CommitResult;

    /// <summary>A condition did not hold, and nothing was written.</summary>
    public sealed record Conflict(ConflictReason Reason) : CommitResult;
}

/// <summary>Which condition of a change did not hold.</summary>
public enum ConflictReason
{
    /// <summary>Somebody else changed the action first: read it again.</summary>
    VersionMoved,

    /// <summary>An open action with the same attach key exists: attach to it.</summary>
    AlreadyOpen,

    /// <summary>The idempotency key was used before by this principal.</summary>
    IdempotencyKeyUsed,

    /// <summary>The store's clock has reached the change's <c>NotAfter</c>.</summary>
    TooLate,

    /// <summary>Another policy is in force.</summary>
    StalePolicy,

    /// <summary>Another roster is in force.</summary>
    StaleRoster,

    /// <summary>People stopped the agent.</summary>
    AgentStopped,

    /// <summary>The stop that was to be lifted is not in force.</summary>
    NotStopped,

    /// <summary>The ledger has an entry about this action.</summary>
    AlreadyRecorded,

    /// <summary>The window is not open any more.</summary>
    WindowEnded,

    /// <summary>The passkey is enrolled already.</summary>
    PasskeyKnown,

    /// <summary>The passkey was revoked, or used, since it was read.</summary>
    PasskeyMoved,

    /// <summary>Somebody approved something of the voter's that the vote did not know of: read again.</summary>
    FavourDone,

    /// <summary>The account stands for a person already.</summary>
    AccountTaken,

    /// <summary>The link that was to be ended is not in force.</summary>
    AccountNotLinked,
}
