using System.Collections.Immutable;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Policies;
using Countersign.Core.Reviews;

namespace Countersign.Core.Storage;

/// <summary>A store before another one: whatever a derived class does not change passes through.</summary>
public abstract class DelegatingStore(IStore inner) : IStore
{
    public DateTimeOffset Now => inner.Now;

    public ChangeFeed Changes => inner.Changes;

    public virtual IReadJournal? Journal => inner.Journal;

    public virtual Task<CommitResult> CommitAsync(Change change, CancellationToken cancellationToken) =>
        inner.CommitAsync(change, cancellationToken);

    public virtual Task<StoredAction?> FindAsync(ActionId id, CancellationToken cancellationToken) =>
        inner.FindAsync(id, cancellationToken);

    public virtual Task<ImmutableArray<StoredAction>> FindAttachableAsync(
        AttachKey key, Func<AttachableAction, bool> isOfUse, CancellationToken cancellationToken) =>
        inner.FindAttachableAsync(key, isOfUse, cancellationToken);

    public virtual Task<StoredAction?> FindByIdempotencyAsync(
        string idempotencyHash, CancellationToken cancellationToken) =>
        inner.FindByIdempotencyAsync(idempotencyHash, cancellationToken);

    public virtual Task<AgentLoad> LoadOfAsync(
        AgentId agent, DateTimeOffset since, CancellationToken cancellationToken) =>
        inner.LoadOfAsync(agent, since, cancellationToken);

    public virtual Task<ImmutableArray<ActionId>> FindDueAsync(int limit, CancellationToken cancellationToken) =>
        inner.FindDueAsync(limit, cancellationToken);

    public virtual Task<ImmutableArray<ActionId>> FindUntakenAsync(int limit, CancellationToken cancellationToken) =>
        inner.FindUntakenAsync(limit, cancellationToken);

    public virtual Task<ImmutableArray<ActionId>> FindOrphansAsync(
        NodeId self, int limit, CancellationToken cancellationToken) =>
        inner.FindOrphansAsync(self, limit, cancellationToken);

    public virtual Task<ImmutableArray<RecordingWindow>> FindLostWindowsAsync(
        NodeId self, int limit, CancellationToken cancellationToken) =>
        inner.FindLostWindowsAsync(self, limit, cancellationToken);

    public virtual Task<ImmutableArray<RecordingWindow>> FindWindowsAsync(
        NodeId node, int limit, CancellationToken cancellationToken) =>
        inner.FindWindowsAsync(node, limit, cancellationToken);

    public virtual Task<DefinitionRow?> FindDefinitionAsync(
        TargetName target, string name, CancellationToken cancellationToken) =>
        inner.FindDefinitionAsync(target, name, cancellationToken);

    public virtual Task<AgentStop?> FindStopAsync(AgentId agent, CancellationToken cancellationToken) =>
        inner.FindStopAsync(agent, cancellationToken);

    public virtual Task<ImmutableArray<AgentStop>> FindStopsAsync(CancellationToken cancellationToken) =>
        inner.FindStopsAsync(cancellationToken);

    public virtual Task<ImmutableArray<ActionId>> FindOpenAsync(
        AgentId agent, int limit, CancellationToken cancellationToken) =>
        inner.FindOpenAsync(agent, limit, cancellationToken);

    public virtual Task<PolicyInForce?> FindPolicyAsync(CancellationToken cancellationToken) =>
        inner.FindPolicyAsync(cancellationToken);

    public virtual Task<RosterInForce?> FindRosterAsync(CancellationToken cancellationToken) =>
        inner.FindRosterAsync(cancellationToken);

    public virtual Task<PolicyReplaced?> FindReplacedAsync(
        PolicyHash policy, DateTimeOffset since, CancellationToken cancellationToken) =>
        inner.FindReplacedAsync(policy, since, cancellationToken);

    public virtual Task<ImmutableArray<PasskeyRow>> FindPasskeysAsync(
        PasskeyFilter filter, CancellationToken cancellationToken) =>
        inner.FindPasskeysAsync(filter, cancellationToken);

    public virtual Task<ImmutableArray<Favour>> FindFavoursAsync(
        DateTimeOffset since, CancellationToken cancellationToken) =>
        inner.FindFavoursAsync(since, cancellationToken);

    public virtual Task<ImmutableArray<OutboxRow>> TakeOutboxAsync(
        string channel, int limit, CancellationToken cancellationToken) =>
        inner.TakeOutboxAsync(channel, limit, cancellationToken);

    public virtual Task SettleOutboxAsync(long id, DateTimeOffset? retryAt, CancellationToken cancellationToken) =>
        inner.SettleOutboxAsync(id, retryAt, cancellationToken);

    public virtual Task<string?> FindPostingAsync(
        string channel, ActionId action, CancellationToken cancellationToken) =>
        inner.FindPostingAsync(channel, action, cancellationToken);

    public virtual Task KeepPostingAsync(
        string channel, ActionId action, string place, CancellationToken cancellationToken) =>
        inner.KeepPostingAsync(channel, action, place, cancellationToken);

    public virtual Task<AccountLink?> FindAccountAsync(AccountKey account, CancellationToken cancellationToken) =>
        inner.FindAccountAsync(account, cancellationToken);

    public virtual Task<ImmutableArray<AccountLink>> FindAccountsAsync(CancellationToken cancellationToken) =>
        inner.FindAccountsAsync(cancellationToken);

    public virtual Task<ImmutableArray<Membership>> SettleMembershipsAsync(
        ImmutableArray<(PersonId Person, GroupName Group)> present, CancellationToken cancellationToken) =>
        inner.SettleMembershipsAsync(present, cancellationToken);

    public virtual Task<OnceState> BeginOnceAsync(
        string key, DateTimeOffset until, CancellationToken cancellationToken) =>
        inner.BeginOnceAsync(key, until, cancellationToken);

    public virtual Task EndOnceAsync(string key, DateTimeOffset? doneUntil, CancellationToken cancellationToken) =>
        inner.EndOnceAsync(key, doneUntil, cancellationToken);

    public virtual Task<string?> WhyUnavailableAsync(CancellationToken cancellationToken) =>
        inner.WhyUnavailableAsync(cancellationToken);

    public virtual ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return inner.DisposeAsync();
    }
}
