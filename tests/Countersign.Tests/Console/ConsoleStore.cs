using System.Collections.Immutable;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Ledger;
using Countersign.Core.Policies;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;

namespace Countersign.Tests.Console;

/// <summary>A store in memory for the console's tests: conditional writes and a change feed, no ledger.</summary>
internal sealed class ConsoleStore(TimeProvider time) : IStore, IArchive
{
    private readonly Lock _lock = new();
    private readonly Dictionary<ActionId, StoredAction> _actions = [];
    private long _size;

    public DateTimeOffset Now => time.GetUtcNow();

    public ChangeFeed Changes { get; } = new();

    /// <summary>Makes every call fail, as a database that is gone does.</summary>
    public bool IsDown { get; set; }

    /// <summary>What the sweep is told is due.</summary>
    public Func<Task<ImmutableArray<ActionId>>> Due { get; set; } = None;

    /// <summary>What it says of itself.</summary>
    public Func<Task<string?>> WhyUnavailable { get; set; } = static () => Task.FromResult<string?>(null);

    public Task<CommitResult> CommitAsync(Change change, CancellationToken cancellationToken)
    {
        ThrowIfDown();
        var write = change.Action!;
        lock (_lock)
        {
            var known = _actions.GetValueOrDefault(write.Row.Id);
            if ((known?.Row.Version ?? 0) != write.ExpectedVersion)
            {
                return Task.FromResult<CommitResult>(new CommitResult.Conflict(ConflictReason.VersionMoved));
            }

            ImmutableArray<long> indexes = [.. change.Entries.Select(_ => _size++)];
            _actions[write.Row.Id] = Merge(known, change, indexes);
            Changes.Announce(new ActionChanged(write.Row.Id, write.Row.State, write.Row.Version));
            return Task.FromResult<CommitResult>(new CommitResult.Committed(indexes, _size, Now));
        }
    }

    public Task<StoredAction?> FindAsync(ActionId id, CancellationToken cancellationToken)
    {
        ThrowIfDown();
        lock (_lock)
        {
            return Task.FromResult(_actions.GetValueOrDefault(id));
        }
    }

    public Task<ImmutableArray<StoredAction>> ListAsync(ActionFilter filter, CancellationToken cancellationToken)
    {
        ThrowIfDown();
        lock (_lock)
        {
            return Task.FromResult<ImmutableArray<StoredAction>>(
            [
                .. _actions.Values
                    .Where(action => filter.State is not { } state || action.Row.State == state)
                    .Where(action => filter.Target is not { } target || action.Row.Target == target)
                    .Where(action => filter.Agent is not { } agent || action.Row.Agent == agent)
                    .Where(action => filter.Before is not { } before
                        || string.CompareOrdinal(action.Row.Id.Value, before.Value) < 0)
                    .OrderByDescending(action => action.Row.Id.Value, StringComparer.Ordinal)
                    .Take(filter.Limit),
            ]);
        }
    }

    public Task<ImmutableArray<StoredAction>> FindAttachableAsync(AttachKey key, CancellationToken cancellationToken) =>
        Task.FromResult(ImmutableArray<StoredAction>.Empty);

    public Task<StoredAction?> FindByIdempotencyAsync(string idempotencyHash, CancellationToken cancellationToken) =>
        Task.FromResult<StoredAction?>(null);

    public Task<AgentLoad> LoadOfAsync(AgentId agent, DateTimeOffset since, CancellationToken cancellationToken) =>
        Task.FromResult(new AgentLoad(0, 0));

    public Task<ImmutableArray<ActionId>> FindDueAsync(int limit, CancellationToken cancellationToken) => Due();

    public Task<ImmutableArray<ActionId>> FindUntakenAsync(int limit, CancellationToken cancellationToken) => None();

    public Task<ImmutableArray<ActionId>> FindOrphansAsync(
        NodeId self, int limit, CancellationToken cancellationToken) => None();

    public Task<DefinitionRow?> FindDefinitionAsync(
        TargetName target, string name, CancellationToken cancellationToken) =>
        Task.FromResult<DefinitionRow?>(null);

    public Task<AgentStop?> FindStopAsync(AgentId agent, CancellationToken cancellationToken) =>
        Task.FromResult<AgentStop?>(null);

    public Task<ImmutableArray<AgentStop>> FindStopsAsync(CancellationToken cancellationToken)
    {
        ThrowIfDown();
        return Task.FromResult(ImmutableArray<AgentStop>.Empty);
    }

    public Task<ImmutableArray<ActionId>> FindOpenAsync(
        AgentId agent, int limit, CancellationToken cancellationToken) => None();

    public Task<PolicyInForce?> FindPolicyAsync(CancellationToken cancellationToken) =>
        Task.FromResult<PolicyInForce?>(null);

    public Task<ImmutableArray<OutboxRow>> TakeOutboxAsync(
        string channel, int limit, CancellationToken cancellationToken) =>
        Task.FromResult(ImmutableArray<OutboxRow>.Empty);

    public Task SettleOutboxAsync(long id, DateTimeOffset? retryAt, CancellationToken cancellationToken) =>
        Task.CompletedTask;

    public Task<string?> WhyUnavailableAsync(CancellationToken cancellationToken) => WhyUnavailable();

    public Task<ImmutableDictionary<ActionState, long>> CountStatesAsync(CancellationToken cancellationToken)
    {
        ThrowIfDown();
        return Task.FromResult(ImmutableDictionary<ActionState, long>.Empty);
    }

    public Task<string?> ReadCheckpointAsync(CancellationToken cancellationToken)
    {
        ThrowIfDown();
        return Task.FromResult<string?>(null);
    }

    public Task<ImmutableArray<ReadOnlyMemory<byte>>> ReadLeavesAsync(
        long from, int count, CancellationToken cancellationToken) =>
        Task.FromResult(ImmutableArray<ReadOnlyMemory<byte>>.Empty);

    public Task<ReadOnlyMemory<byte>?> ReadTileAsync(int level, long index, CancellationToken cancellationToken) =>
        Task.FromResult<ReadOnlyMemory<byte>?>(null);

    public Task<ImmutableArray<ReadOnlyMemory<byte>?>> ReadCiphertextsAsync(
        long from, int count, CancellationToken cancellationToken) =>
        Task.FromResult(ImmutableArray<ReadOnlyMemory<byte>?>.Empty);

    public Task<ReadOnlyMemory<byte>?> ReadPayloadAsync(long index, CancellationToken cancellationToken) =>
        Task.FromResult<ReadOnlyMemory<byte>?>(null);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static Task<ImmutableArray<ActionId>> None() => Task.FromResult(ImmutableArray<ActionId>.Empty);

    private StoredAction Merge(StoredAction? known, Change change, ImmutableArray<long> indexes)
    {
        var vote = Payload(change, EntryType.ReviewVote) ?? default;
        return new StoredAction(
            change.Action!.Row,
            [.. known?.Votes ?? [], .. change.Votes.Select(row => new StoredVote(row, vote))],
            Payload(change, EntryType.ActionRequested, EntryType.ActionRefused, EntryType.ReviewModified)
                ?? known!.Request,
            Payload(change, EntryType.ExecutionOutcome) ?? known?.Outcome,
            Payload(change, EntryType.ReviewDecided, EntryType.ReviewExpired, EntryType.ActionWithdrawn)
                ?? known?.Ending,
            indexes.IsEmpty ? known!.Ledger : new LedgerPosition(indexes[^1], _size));
    }

    private static ReadOnlyMemory<byte>? Payload(Change change, params ReadOnlySpan<EntryType> types)
    {
        foreach (var entry in change.Entries)
        {
            if (types.Contains(entry.Type))
            {
                return entry.Payload;
            }
        }

        return null;
    }

    private void ThrowIfDown()
    {
        if (IsDown)
        {
            throw new StoreUnavailableException("The test's store is down.");
        }
    }
}
