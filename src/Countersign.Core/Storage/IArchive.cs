using System.Collections.Immutable;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Ledger;

namespace Countersign.Core.Storage;

/// <summary>Queries for the console, lists, reports and the ledger's readers. Nothing is decided from them.</summary>
public interface IArchive
{
    /// <summary>Actions that match, in the filter's order, with their payloads except results.</summary>
    Task<ImmutableArray<StoredAction>> ListAsync(ActionFilter filter, CancellationToken cancellationToken);

    /// <summary>How many actions are in each state; states without any are left out.</summary>
    Task<ImmutableDictionary<ActionState, long>> CountStatesAsync(CancellationToken cancellationToken);

    /// <summary>
    /// The latest signed checkpoint, as the note's text; <c>null</c> while the log is empty and unsigned.
    /// </summary>
    Task<string?> ReadCheckpointAsync(CancellationToken cancellationToken);

    /// <summary>
    /// The notes of every change of the log's key (<see cref="Ledger.KeySuccession"/>), oldest first.
    /// </summary>
    Task<ImmutableArray<string>> ReadSuccessionsAsync(CancellationToken cancellationToken);

    /// <summary>Consecutive leaves, as many as there are up to <paramref name="count"/>.</summary>
    Task<ImmutableArray<ReadOnlyMemory<byte>>> ReadLeavesAsync(
        long from, int count, CancellationToken cancellationToken);

    /// <summary>
    /// The 256 hashes of a full tile, or the hashes present in a partial one; <c>null</c> when there is none.
    /// </summary>
    Task<ReadOnlyMemory<byte>?> ReadTileAsync(int level, long index, CancellationToken cancellationToken);

    /// <summary>Ciphertexts of the payloads of consecutive entries; <c>null</c> where one was erased.</summary>
    Task<ImmutableArray<ReadOnlyMemory<byte>?>> ReadCiphertextsAsync(
        long from, int count, CancellationToken cancellationToken);

    /// <summary>The decrypted payload of one entry; <c>null</c> when it was erased or does not exist.</summary>
    Task<ReadOnlyMemory<byte>?> ReadPayloadAsync(long index, CancellationToken cancellationToken);

    /// <summary>One entry with the key of its payload; <c>null</c> when the log has none there.</summary>
    Task<LoggedEntry?> ReadEntryAsync(long index, CancellationToken cancellationToken);

    /// <summary>
    /// The index of the latest entry whose leaf is about an action; <c>null</c> without any. What ended it may be the
    /// entry of a stop, which is about an agent and comes later.
    /// </summary>
    Task<long?> FindLatestOfAsync(ActionId action, CancellationToken cancellationToken);

    /// <summary>Proofs that the log of one size, present or past, holds entries; in the order of the indexes.</summary>
    Task<ImmutableArray<InclusionProof>> ProveAsync(
        ImmutableArray<long> indexes, long size, CancellationToken cancellationToken);
}

/// <summary>Which actions to list.</summary>
public sealed record ActionFilter
{
    public const int MaxLimit = 500;

    public ActionState? State { get; init; }

    public TargetName? Target { get; init; }

    public AgentId? Agent { get; init; }

    /// <summary>Only these, at most <see cref="MaxLimit"/>; <c>null</c> is any.</summary>
    public ImmutableArray<ActionId>? Ids { get; init; }

    /// <summary>Only actions older than this one.</summary>
    public ActionId? Before { get; init; }

    /// <summary>
    /// Whether to list by the next deadline, soonest first, instead of newest first; actions without a deadline are
    /// left out then.
    /// </summary>
    public bool ByDeadline { get; init; }

    /// <summary>Of a list by deadline: only what comes behind this place.</summary>
    public DeadlinePlace? After { get; init; }

    public int Limit { get; init; } = 50;
}
