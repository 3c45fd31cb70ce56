using System.Collections.Immutable;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Ledger;
using Countersign.Core.Policies;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;
using Countersign.Tests.Support;

namespace Countersign.Tests.Simulation;

/// <summary>
/// The store that all nodes share: slow, sometimes away, sometimes silent about what it has written. Its clock never
/// goes back.
/// </summary>
internal sealed class SimulatedStore(
    Schedule schedule, FaultPlan faults, SimulatedBug bug, Func<NodeId, bool> isAlive) : IStore
{
    private readonly MemoryStore _inner = new(schedule.Time);

    public DateTimeOffset Now => _inner.Now;

    public ChangeFeed Changes => _inner.Changes;

    public IReadJournal? Journal => null;

    public bool IsAway { get; set; }

    /// <summary>Whether nothing goes wrong any more.</summary>
    public bool IsHealed { get; set; }

    /// <summary>
    /// The agent that somebody stops at the worst moment: when its next claim has arrived and is not yet durable.
    /// </summary>
    public AgentId? StopsAtClaim { get; set; }

    /// <summary>Told of every claim at the moment it becomes durable.</summary>
    public Action<ActionId> OnClaimed { get; init; } = _ => { };

    /// <summary>What is durable, for whoever checks.</summary>
    public MemoryStore Durable => _inner;

    public async Task<CommitResult> CommitAsync(Change change, CancellationToken cancellationToken)
    {
        await PassTimeAsync(cancellationToken);
        if (IsUnlucky(faults.Refused))
        {
            throw new StoreUnavailableException("The commit was refused.");
        }

        var isClaim = change.Entries.Any(entry => entry.Type == EntryType.ExecutionIntent);
        if (isClaim && StopsAtClaim is { } agent && change.Action!.Row.Agent == agent)
        {
            await StopAsync(agent);
        }

        var result = await _inner.CommitAsync(Spoiled(change), CancellationToken.None);

        if (isClaim && result is CommitResult.Committed)
        {
            OnClaimed(change.Action!.Row.Id);
        }

        // The acknowledgement travels too, and whoever waits for it may leave; the commit stays.
        await DelayAsync(cancellationToken);
        return IsUnlucky(faults.Unacknowledged)
            ? throw new StoreUnavailableException("The acknowledgement got lost.")
            : result;
    }

    public Task<StoredAction?> FindAsync(ActionId id, CancellationToken cancellationToken) =>
        ReadAsync(store => store.FindAsync(id, cancellationToken), cancellationToken);

    public Task<ImmutableArray<StoredAction>> FindAttachableAsync(
        AttachKey key, Func<AttachableAction, bool> isOfUse, CancellationToken cancellationToken) =>
        ReadAsync(store => store.FindAttachableAsync(key, isOfUse, cancellationToken), cancellationToken);

    public Task<StoredAction?> FindByIdempotencyAsync(string idempotencyHash, CancellationToken cancellationToken) =>
        ReadAsync(store => store.FindByIdempotencyAsync(idempotencyHash, cancellationToken), cancellationToken);

    public Task<AgentLoad> LoadOfAsync(AgentId agent, DateTimeOffset since, CancellationToken cancellationToken) =>
        ReadAsync(store => store.LoadOfAsync(agent, since, cancellationToken), cancellationToken);

    public Task<ImmutableArray<ActionId>> FindDueAsync(int limit, CancellationToken cancellationToken) =>
        ReadAsync(store => store.FindDueAsync(limit, cancellationToken), cancellationToken);

    public Task<ImmutableArray<ActionId>> FindUntakenAsync(int limit, CancellationToken cancellationToken) =>
        ReadAsync(store => store.FindUntakenAsync(limit, cancellationToken), cancellationToken);

    public async Task<ImmutableArray<ActionId>> FindOrphansAsync(
        NodeId self, int limit, CancellationToken cancellationToken)
    {
        await PassTimeAsync(cancellationToken);
        return
        [
            .. _inner.Actions
                .Where(row => row.State == ActionState.Executing && !isAlive(row.Execution!.Owner))
                .Select(row => row.Id)
                .Take(limit),
        ];
    }

    public Task<ImmutableArray<RecordingWindow>> FindLostWindowsAsync(
        NodeId self, int limit, CancellationToken cancellationToken) =>
        ReadAsync(store => store.FindLostWindowsAsync(self, limit, cancellationToken), cancellationToken);

    public Task<ImmutableArray<RecordingWindow>> FindWindowsAsync(
        NodeId node, int limit, CancellationToken cancellationToken) =>
        ReadAsync(store => store.FindWindowsAsync(node, limit, cancellationToken), cancellationToken);

    public Task<DefinitionRow?> FindDefinitionAsync(
        TargetName target, string name, CancellationToken cancellationToken) =>
        ReadAsync(store => store.FindDefinitionAsync(target, name, cancellationToken), cancellationToken);

    public Task<AgentStop?> FindStopAsync(AgentId agent, CancellationToken cancellationToken) =>
        ReadAsync(store => store.FindStopAsync(agent, cancellationToken), cancellationToken);

    public Task<ImmutableArray<AgentStop>> FindStopsAsync(CancellationToken cancellationToken) =>
        ReadAsync(store => store.FindStopsAsync(cancellationToken), cancellationToken);

    public Task<ImmutableArray<ActionId>> FindOpenAsync(
        AgentId agent, int limit, CancellationToken cancellationToken) =>
        ReadAsync(store => store.FindOpenAsync(agent, limit, cancellationToken), cancellationToken);

    public Task<PolicyInForce?> FindPolicyAsync(CancellationToken cancellationToken) =>
        ReadAsync(store => store.FindPolicyAsync(cancellationToken), cancellationToken);

    public Task<RosterInForce?> FindRosterAsync(CancellationToken cancellationToken) =>
        ReadAsync(store => store.FindRosterAsync(cancellationToken), cancellationToken);

    public Task<PolicyReplaced?> FindReplacedAsync(
        PolicyHash policy, DateTimeOffset since, CancellationToken cancellationToken) =>
        ReadAsync(store => store.FindReplacedAsync(policy, since, cancellationToken), cancellationToken);

    public Task<ImmutableArray<PasskeyRow>> FindPasskeysAsync(
        PasskeyFilter filter, CancellationToken cancellationToken) =>
        ReadAsync(store => store.FindPasskeysAsync(filter, cancellationToken), cancellationToken);

    public Task<ImmutableArray<Favour>> FindFavoursAsync(DateTimeOffset since, CancellationToken cancellationToken) =>
        ReadAsync(store => store.FindFavoursAsync(since, cancellationToken), cancellationToken);

    public Task<ImmutableArray<OutboxRow>> TakeOutboxAsync(
        string channel, int limit, CancellationToken cancellationToken) =>
        _inner.TakeOutboxAsync(channel, limit, cancellationToken);

    public Task SettleOutboxAsync(long id, DateTimeOffset? retryAt, CancellationToken cancellationToken) =>
        _inner.SettleOutboxAsync(id, retryAt, cancellationToken);

    public Task<string?> FindPostingAsync(string channel, ActionId action, CancellationToken cancellationToken) =>
        _inner.FindPostingAsync(channel, action, cancellationToken);

    public Task KeepPostingAsync(
        string channel, ActionId action, string place, CancellationToken cancellationToken) =>
        _inner.KeepPostingAsync(channel, action, place, cancellationToken);

    public Task<AccountLink?> FindAccountAsync(AccountKey account, CancellationToken cancellationToken) =>
        ReadAsync(store => store.FindAccountAsync(account, cancellationToken), cancellationToken);

    public Task<ImmutableArray<AccountLink>> FindAccountsAsync(CancellationToken cancellationToken) =>
        ReadAsync(store => store.FindAccountsAsync(cancellationToken), cancellationToken);

    public Task<ImmutableArray<Membership>> SettleMembershipsAsync(
        ImmutableArray<(PersonId Person, GroupName Group)> present, CancellationToken cancellationToken) =>
        _inner.SettleMembershipsAsync(present, cancellationToken);

    public Task<OnceState> BeginOnceAsync(string key, DateTimeOffset until, CancellationToken cancellationToken) =>
        _inner.BeginOnceAsync(key, until, cancellationToken);

    public Task EndOnceAsync(string key, DateTimeOffset? doneUntil, CancellationToken cancellationToken) =>
        _inner.EndOnceAsync(key, doneUntil, cancellationToken);

    public Task<string?> WhyUnavailableAsync(CancellationToken cancellationToken) =>
        Task.FromResult(IsAway ? "away" : null);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>Another node was faster, and died before it had withdrawn anything.</summary>
    private Task<CommitResult> StopAsync(AgentId agent)
    {
        StopsAtClaim = null;
        var payload = PayloadWriter.Stop(agent, Cast.Alice, comment: null, "Stopped.", withdrawn: []);
        return _inner.CommitAsync(
            new Change
            {
                Stop = agent,
                Entries = [new EntryDraft(EntryType.AgentStopped, Action: null, Revision: 0, payload)],
            },
            CancellationToken.None);
    }

    /// <summary>What a store with the seeded bug makes of a change.</summary>
    private Change Spoiled(Change change) => bug switch
    {
        SimulatedBug.NoCompareAndSet when change.Action is { ExpectedVersion: > 0 } write => change with
        {
            Action = write with
            {
                ExpectedVersion = _inner.Actions.Single(row => row.Id == write.Row.Id).Version,
            },
        },
        SimulatedBug.NoStopCheck => change with { OnlyIfActive = null },
        SimulatedBug.NoIntents => change with
        {
            Entries = [.. change.Entries.Where(entry => entry.Type != EntryType.ExecutionIntent)],
        },
        _ => change,
    };

    private async Task<T> ReadAsync<T>(Func<MemoryStore, Task<T>> read, CancellationToken cancellationToken)
    {
        await PassTimeAsync(cancellationToken);
        if (IsUnlucky(faults.Unreadable))
        {
            throw new StoreUnavailableException("The read failed.");
        }

        var answer = await read(_inner);
        await DelayAsync(cancellationToken);
        return answer;
    }

    private async Task PassTimeAsync(CancellationToken cancellationToken)
    {
        await DelayAsync(cancellationToken);
        if (IsAway)
        {
            throw new StoreUnavailableException("The store is away.");
        }
    }

    private Task DelayAsync(CancellationToken cancellationToken)
    {
        var delay = IsUnlucky(faults.Slow)
            ? faults.Slowness * schedule.Random.NextDouble()
            : TimeSpan.FromMicroseconds(schedule.Random.Next(50, 5000));
        return Task.Delay(delay, schedule.Time, cancellationToken);
    }

    private bool IsUnlucky(int ofHundred) => !IsHealed && ofHundred > 0 && schedule.Random.Next(100) < ofHundred;
}
