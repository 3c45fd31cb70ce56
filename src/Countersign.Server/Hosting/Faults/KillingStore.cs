#if COUNTERSIGN_FAULTS
using System.Collections.Immutable;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Ledger;
using Countersign.Core.Policies;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;

namespace Countersign.Server.Hosting.Faults;

/// <summary>The store with a kill point before and after each commit; everything else passes through.</summary>
internal sealed class KillingStore(IStore inner) : IStore
{
    public DateTimeOffset Now => inner.Now;

    public ChangeFeed Changes => inner.Changes;

    public async Task<CommitResult> CommitAsync(Change change, CancellationToken cancellationToken)
    {
        ReachEach("commit-of", change);
        var result = await inner.CommitAsync(change, cancellationToken);
        if (result is CommitResult.Committed)
        {
            ReachEach("committed", change);
        }

        return result;
    }

    public Task<StoredAction?> FindAsync(ActionId id, CancellationToken cancellationToken) =>
        inner.FindAsync(id, cancellationToken);

    public Task<ImmutableArray<StoredAction>> FindAttachableAsync(AttachKey key, CancellationToken cancellationToken) =>
        inner.FindAttachableAsync(key, cancellationToken);

    public Task<StoredAction?> FindByIdempotencyAsync(string idempotencyHash, CancellationToken cancellationToken) =>
        inner.FindByIdempotencyAsync(idempotencyHash, cancellationToken);

    public Task<AgentLoad> LoadOfAsync(AgentId agent, DateTimeOffset since, CancellationToken cancellationToken) =>
        inner.LoadOfAsync(agent, since, cancellationToken);

    public Task<ImmutableArray<ActionId>> FindDueAsync(int limit, CancellationToken cancellationToken) =>
        inner.FindDueAsync(limit, cancellationToken);

    public Task<ImmutableArray<ActionId>> FindUntakenAsync(int limit, CancellationToken cancellationToken) =>
        inner.FindUntakenAsync(limit, cancellationToken);

    public Task<ImmutableArray<ActionId>> FindOrphansAsync(
        NodeId self, int limit, CancellationToken cancellationToken) =>
        inner.FindOrphansAsync(self, limit, cancellationToken);

    public Task<DefinitionRow?> FindDefinitionAsync(
        TargetName target, string name, CancellationToken cancellationToken) =>
        inner.FindDefinitionAsync(target, name, cancellationToken);

    public Task<AgentStop?> FindStopAsync(AgentId agent, CancellationToken cancellationToken) =>
        inner.FindStopAsync(agent, cancellationToken);

    public Task<ImmutableArray<AgentStop>> FindStopsAsync(CancellationToken cancellationToken) =>
        inner.FindStopsAsync(cancellationToken);

    public Task<ImmutableArray<ActionId>> FindOpenAsync(
        AgentId agent, int limit, CancellationToken cancellationToken) =>
        inner.FindOpenAsync(agent, limit, cancellationToken);

    public Task<PolicyInForce?> FindPolicyAsync(CancellationToken cancellationToken) =>
        inner.FindPolicyAsync(cancellationToken);

    public Task<ImmutableArray<OutboxRow>> TakeOutboxAsync(
        string channel, int limit, CancellationToken cancellationToken) =>
        inner.TakeOutboxAsync(channel, limit, cancellationToken);

    public Task SettleOutboxAsync(long id, DateTimeOffset? retryAt, CancellationToken cancellationToken) =>
        inner.SettleOutboxAsync(id, retryAt, cancellationToken);

    public Task<string?> WhyUnavailableAsync(CancellationToken cancellationToken) =>
        inner.WhyUnavailableAsync(cancellationToken);

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private static void ReachEach(string moment, Change change)
    {
        foreach (var entry in change.Entries)
        {
            KillPoints.Reach($"{moment} {entry.Type.ToText()}");
        }
    }
}
#endif
