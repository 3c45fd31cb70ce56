using System.Collections.Immutable;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;

namespace Countersign.Tests.Support;

/// <summary>A store in memory whose commits go wrong where a test says so.</summary>
internal sealed class FaultyStore(MemoryStore inner) : IStore
{
    public DateTimeOffset Now => inner.Now;

    public ChangeFeed Changes => inner.Changes;

    public MemoryStore Inner => inner;

    /// <summary>Runs after a commit and before its acknowledgement; what it throws is what the caller gets.</summary>
    public Func<Change, Task> AfterCommit { get; set; } = _ => Task.CompletedTask;

    /// <summary>Whether no read is answered.</summary>
    public bool IsUnreadable { get; set; }

    /// <summary>The one action that cannot be read.</summary>
    public ActionId? Unreadable { get; set; }

    public async Task<CommitResult> CommitAsync(Change change, CancellationToken cancellationToken)
    {
        var result = await inner.CommitAsync(change, cancellationToken);
        await AfterCommit(change);
        // As a real store does: who stops waiting does not stop the write.
        cancellationToken.ThrowIfCancellationRequested();
        return result;
    }

    public Task<StoredAction?> FindAsync(ActionId id, CancellationToken cancellationToken) =>
        IsUnreadable || id == Unreadable
        ? throw new StoreUnavailableException("Nothing can be read.")
        : inner.FindAsync(id, cancellationToken);

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
}
