using System.Collections.Immutable;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Ledger;
using Countersign.Core.Storage;
using Countersign.Tests.Support;

namespace Countersign.Tests.Console;

/// <summary>A store in memory that lists what it has, and that can be down. There is no ledger behind it.</summary>
internal sealed class ConsoleStore : DelegatingStore, IArchive
{
    private readonly MemoryStore _memory;

    public ConsoleStore(TimeProvider time)
        : this(new MemoryStore(time))
    {
    }

    private ConsoleStore(MemoryStore memory)
        : base(memory) => _memory = memory;

    public ImmutableArray<EntryDraft> Entries => _memory.Entries;

    /// <summary>Makes every call fail, as a database that is gone does.</summary>
    public bool IsDown { get; set; }

    /// <summary>Messages that wait for their channel.</summary>
    public ImmutableArray<OutboxRow> Outbox => _memory.Outbox;

    /// <summary>What the sweep is told is due.</summary>
    public Func<Task<ImmutableArray<ActionId>>> Due { get; set; } =
        static () => Task.FromResult(ImmutableArray<ActionId>.Empty);

    /// <summary>What it says of itself.</summary>
    public Func<Task<string?>> WhyUnavailable { get; set; } = static () => Task.FromResult<string?>(null);

    /// <summary>What happens once, right after somebody read whether an agent is stopped.</summary>
    public Func<Task>? AfterStopWasRead { get; set; }

    public override async Task<AgentStop?> FindStopAsync(AgentId agent, CancellationToken cancellationToken)
    {
        var stop = await base.FindStopAsync(agent, cancellationToken);
        var happens = AfterStopWasRead;
        AfterStopWasRead = null;
        await (happens?.Invoke() ?? Task.CompletedTask);
        return stop;
    }

    public override Task<CommitResult> CommitAsync(Change change, CancellationToken cancellationToken)
    {
        ThrowIfDown();
        return base.CommitAsync(change, cancellationToken);
    }

    public override Task<StoredAction?> FindAsync(ActionId id, CancellationToken cancellationToken)
    {
        ThrowIfDown();
        return base.FindAsync(id, cancellationToken);
    }

    public override Task<ImmutableArray<ActionId>> FindDueAsync(int limit, CancellationToken cancellationToken) =>
        Due();

    public override Task<ImmutableArray<AgentStop>> FindStopsAsync(CancellationToken cancellationToken)
    {
        ThrowIfDown();
        return base.FindStopsAsync(cancellationToken);
    }

    public override Task<OnceState> BeginOnceAsync(
        string key, DateTimeOffset until, CancellationToken cancellationToken)
    {
        ThrowIfDown();
        return base.BeginOnceAsync(key, until, cancellationToken);
    }

    public override Task EndOnceAsync(string key, DateTimeOffset? doneUntil, CancellationToken cancellationToken)
    {
        ThrowIfDown();
        return base.EndOnceAsync(key, doneUntil, cancellationToken);
    }

    public override Task<string?> WhyUnavailableAsync(CancellationToken cancellationToken) => WhyUnavailable();

    public Task<ImmutableArray<StoredAction>> ListAsync(ActionFilter filter, CancellationToken cancellationToken)
    {
        ThrowIfDown();
        return Task.FromResult<ImmutableArray<StoredAction>>(
        [
            .. _memory.StoredActions
                .Where(action => filter.State is not { } state || action.Row.State == state)
                .Where(action => filter.Target is not { } target || action.Row.Target == target)
                .Where(action => filter.Agent is not { } agent || action.Row.Agent == agent)
                .Where(action => filter.Ids is not { } ids || ids.Contains(action.Row.Id))
                .Where(action => filter.Before is not { } before
                    || string.CompareOrdinal(action.Row.Id.Value, before.Value) < 0)
                .Where(action => !filter.ByDeadline || IsBehind(action.Row, filter.After))
                .OrderBy(action => filter.ByDeadline ? action.Row.NextDeadline : null)
                .ThenBy(action => action.Row.Id.Value, IdsIn(filter))
                .Take(filter.Limit),
        ]);
    }

    private static bool IsBehind(ActionRow row, DeadlinePlace? place) => row.NextDeadline is { } deadline
        && (place is null || (deadline, row.Id.Value).CompareTo((place.Deadline, place.Id.Value)) > 0);

    private static Comparer<string> IdsIn(ActionFilter filter) => filter.ByDeadline
        ? Comparer<string>.Create(string.CompareOrdinal)
        : Comparer<string>.Create((one, other) => string.CompareOrdinal(other, one));

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

    public Task<ImmutableArray<string>> ReadSuccessionsAsync(CancellationToken cancellationToken) =>
        Task.FromResult(ImmutableArray<string>.Empty);

    public Task<ImmutableArray<ReadOnlyMemory<byte>>> ReadLeavesAsync(
        long from, int count, CancellationToken cancellationToken) =>
        Task.FromResult(ImmutableArray<ReadOnlyMemory<byte>>.Empty);

    public Task<ReadOnlyMemory<byte>?> ReadTileAsync(int level, long index, CancellationToken cancellationToken) =>
        Task.FromResult<ReadOnlyMemory<byte>?>(null);

    public Task<ImmutableArray<ReadOnlyMemory<byte>?>> ReadCiphertextsAsync(
        long from, int count, CancellationToken cancellationToken) =>
        Task.FromResult(ImmutableArray<ReadOnlyMemory<byte>?>.Empty);

    public Task<ReadOnlyMemory<byte>?> ReadPayloadAsync(long index, CancellationToken cancellationToken) =>
        Task.FromResult<ReadOnlyMemory<byte>?>(Entries[(int)index].Payload);

    public Task<LoggedEntry?> ReadEntryAsync(long index, CancellationToken cancellationToken) =>
        Task.FromResult<LoggedEntry?>(null);

    public Task<long?> FindLatestOfAsync(ActionId action, CancellationToken cancellationToken) =>
        Task.FromResult<long?>(null);

    public Task<ImmutableArray<InclusionProof>> ProveAsync(
        ImmutableArray<long> indexes, long size, CancellationToken cancellationToken) =>
        Task.FromResult(ImmutableArray<InclusionProof>.Empty);

    private void ThrowIfDown()
    {
        if (IsDown)
        {
            throw new StoreUnavailableException("The test's store is down.");
        }
    }
}
