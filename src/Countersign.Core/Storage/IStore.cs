using System.Collections.Immutable;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Policies;
using Countersign.Core.Reviews;

namespace Countersign.Core.Storage;

/// <summary>
/// The only authority on where actions stand. One method writes; whatever it commits is durable, in the ledger and
/// under a signed checkpoint when the call returns (DESIGN section 4).
/// </summary>
public interface IStore : IAsyncDisposable
{
    /// <summary>The store's clock: never goes back, not even over a restart.</summary>
    DateTimeOffset Now { get; }

    /// <summary>What every committed change is announced on, from this node and others.</summary>
    ChangeFeed Changes { get; }

    /// <summary>Where reads are durable before their entry; <c>null</c> when only a commit makes them so.</summary>
    IReadJournal? Journal { get; }

    /// <summary>Commits all of a change or nothing of it.</summary>
    /// <exception cref="StoreUnavailableException">The change was refused, or its fate is unknown: read
    /// again.</exception>
    Task<CommitResult> CommitAsync(Change change, CancellationToken cancellationToken);

    Task<StoredAction?> FindAsync(ActionId id, CancellationToken cancellationToken);

    /// <summary>
    /// The actions an identical call could attach to, newest first: open, executing, ended with an outcome nobody got,
    /// or denied and still remembered. A handful at most.
    /// </summary>
    /// <param name="key">What identical calls share.</param>
    /// <param name="isOfUse">Which of them are worth reading: of busy calls there are many, and most are not.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<ImmutableArray<StoredAction>> FindAttachableAsync(
        AttachKey key, Func<AttachableAction, bool> isOfUse, CancellationToken cancellationToken);

    Task<StoredAction?> FindByIdempotencyAsync(string idempotencyHash, CancellationToken cancellationToken);

    /// <summary>Open reviews of one agent, and how many it opened since a time: what the flood limits count.</summary>
    Task<AgentLoad> LoadOfAsync(AgentId agent, DateTimeOffset since, CancellationToken cancellationToken);

    /// <summary>Actions whose deadline the store's clock has reached, oldest deadline first.</summary>
    Task<ImmutableArray<ActionId>> FindDueAsync(int limit, CancellationToken cancellationToken);

    /// <summary>
    /// Approved detached actions that no node has taken; what is left after a first use is for whoever asks again.
    /// </summary>
    Task<ImmutableArray<ActionId>> FindUntakenAsync(int limit, CancellationToken cancellationToken);

    /// <summary>
    /// Executing actions whose owner is not alive any more; one with a deadline is a claimed permit, which no node
    /// executes.
    /// </summary>
    Task<ImmutableArray<ActionId>> FindOrphansAsync(NodeId self, int limit, CancellationToken cancellationToken);

    /// <summary>Open windows of nodes that are not alive any more: nobody will record what ran in them.</summary>
    Task<ImmutableArray<RecordingWindow>> FindLostWindowsAsync(
        NodeId self, int limit, CancellationToken cancellationToken);

    /// <summary>Open windows of one node, oldest first.</summary>
    Task<ImmutableArray<RecordingWindow>> FindWindowsAsync(
        NodeId node, int limit, CancellationToken cancellationToken);

    Task<DefinitionRow?> FindDefinitionAsync(TargetName target, string name, CancellationToken cancellationToken);

    /// <summary>The stop that is in force for an agent, if any.</summary>
    Task<AgentStop?> FindStopAsync(AgentId agent, CancellationToken cancellationToken);

    /// <summary>Every stop that is in force; a handful at most.</summary>
    Task<ImmutableArray<AgentStop>> FindStopsAsync(CancellationToken cancellationToken);

    /// <summary>What an agent has pending, approved or executing, oldest first.</summary>
    Task<ImmutableArray<ActionId>> FindOpenAsync(AgentId agent, int limit, CancellationToken cancellationToken);

    /// <summary>The policy in force and its epoch; <c>null</c> before the first one.</summary>
    Task<PolicyInForce?> FindPolicyAsync(CancellationToken cancellationToken);

    /// <summary>When a policy was last replaced by another since a time; <c>null</c> when it was not.</summary>
    Task<PolicyReplaced?> FindReplacedAsync(
        PolicyHash policy, DateTimeOffset since, CancellationToken cancellationToken);

    /// <summary>The roster in force; <c>null</c> before the first one.</summary>
    Task<RosterInForce?> FindRosterAsync(CancellationToken cancellationToken);

    /// <summary>Passkeys that are not revoked, in the order in which they were enrolled.</summary>
    Task<ImmutableArray<PasskeyRow>> FindPasskeysAsync(PasskeyFilter filter, CancellationToken cancellationToken);

    /// <summary>Who approved whose requests since a time: the latest approval between each two persons.</summary>
    Task<ImmutableArray<Favour>> FindFavoursAsync(DateTimeOffset since, CancellationToken cancellationToken);

    Task<ImmutableArray<OutboxRow>> TakeOutboxAsync(string channel, int limit, CancellationToken cancellationToken);

    /// <summary>Removes a delivered message, or puts it back for a later attempt.</summary>
    Task SettleOutboxAsync(long id, DateTimeOffset? retryAt, CancellationToken cancellationToken);

    /// <summary>
    /// Where a channel shows an action, in the channel's own words; <c>null</c> while it does not.
    /// </summary>
    Task<string?> FindPostingAsync(string channel, ActionId action, CancellationToken cancellationToken);

    /// <summary>Keeps where a channel shows an action from now on.</summary>
    Task KeepPostingAsync(string channel, ActionId action, string place, CancellationToken cancellationToken);

    /// <summary>The link in force of an account that was linked, if any.</summary>
    Task<AccountLink?> FindAccountAsync(AccountKey account, CancellationToken cancellationToken);

    /// <summary>Every link in force, oldest first; at most a few for each person.</summary>
    Task<ImmutableArray<AccountLink>> FindAccountsAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Notes who is in which group now, and says since when without a break. What the first call ever finds was always
    /// so.
    /// </summary>
    Task<ImmutableArray<Membership>> SettleMembershipsAsync(
        ImmutableArray<(PersonId Person, GroupName Group)> present, CancellationToken cancellationToken);

    /// <summary>Begins what may happen once, whichever node it comes to; the first has it until then.</summary>
    Task<OnceState> BeginOnceAsync(string key, DateTimeOffset until, CancellationToken cancellationToken);

    /// <summary>Keeps it as done until a time; without one it came to nothing, and may be begun again.</summary>
    Task EndOnceAsync(string key, DateTimeOffset? doneUntil, CancellationToken cancellationToken);

    /// <summary>Whether the store can commit right now; the text says why not.</summary>
    Task<string?> WhyUnavailableAsync(CancellationToken cancellationToken);
}

/// <summary>How busy an agent keeps its reviewers.</summary>
public sealed record AgentLoad(int Pending, int OpenedSince);

/// <summary>As much of an action as tells whether an identical call could attach to it.</summary>
/// <param name="Id">Which one.</param>
/// <param name="State">Where it stands.</param>
/// <param name="StartedAt">When its execution began; <c>null</c> when none did.</param>
public readonly record struct AttachableAction(ActionId Id, ActionState State, DateTimeOffset? StartedAt);

/// <summary>An agent that people stopped.</summary>
/// <param name="Agent">Which one.</param>
/// <param name="At">The store's time of the stop.</param>
/// <param name="Entry">Index of the <c>agent.stopped</c> entry.</param>
/// <param name="Payload">What that entry says: by whom and why; <c>null</c> when it was erased.</param>
public sealed record AgentStop(AgentId Agent, DateTimeOffset At, long Entry, ReadOnlyMemory<byte>? Payload);

/// <summary>The policy the store knows to be in force.</summary>
/// <param name="Hash">Which one.</param>
/// <param name="Epoch">How often the policy changed.</param>
/// <param name="Entry">Index of the <c>policy.changed</c> entry whose payload holds its files.</param>
public sealed record PolicyInForce(PolicyHash Hash, long Epoch, long? Entry);

/// <summary>That a policy was replaced by another.</summary>
/// <param name="At">When.</param>
/// <param name="Entry">Index of the <c>policy.changed</c> entry of the other one, where its files stand.</param>
public sealed record PolicyReplaced(DateTimeOffset At, long? Entry);
