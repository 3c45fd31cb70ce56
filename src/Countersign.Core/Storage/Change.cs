using System.Collections.Immutable;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Ledger;
using Countersign.Core.Policies;

namespace Countersign.Core.Storage;

/// <summary>
/// Everything that becomes durable together: one action's transition, votes, outbox rows and the ledger entries that
/// say so. Either all of it is committed, or none.
/// </summary>
public sealed record Change
{
    public ActionWrite? Action { get; init; }

    public ImmutableArray<VoteRow> Votes { get; init; } = [];

    public ImmutableArray<EntryDraft> Entries { get; init; } = [];

    public ImmutableArray<OutboxDraft> Outbox { get; init; } = [];

    public ImmutableArray<DefinitionRow> Definitions { get; init; } = [];

    /// <summary>Puts another policy in force: the store's policy epoch grows by one.</summary>
    public PolicyHash? NewPolicy { get; init; }

    /// <summary>
    /// Puts another roster in force, which the change's first <c>person.changed</c> or <c>agent.changed</c> entry
    /// holds.
    /// </summary>
    public RosterHash? NewRoster { get; init; }

    /// <summary>
    /// The commit happens only while this roster is in force, or none yet where <c>default</c>; otherwise
    /// <c>StaleRoster</c>. It is asked of changes that put another one in force.
    /// </summary>
    public RosterHash? OnlyUnderRoster { get; init; }

    /// <summary>
    /// The note by which one key of the log follows another (<see cref="Ledger.KeySuccession"/>), kept for strangers
    /// beside the change's <c>key.rotated</c> entry.
    /// </summary>
    public string? KeySuccession { get; init; }

    /// <summary>Stops this agent; when it is stopped already, <c>AgentStopped</c>.</summary>
    public AgentId? Stop { get; init; }

    /// <summary>
    /// Actions that end with this change's <c>agent.stopped</c> entry, which is the ending of each of them. Conditional
    /// like <see cref="Action"/>: when one of them moved, nothing of the change is written.
    /// </summary>
    public ImmutableArray<ActionWrite> Withdrawn { get; init; } = [];

    /// <summary>Lifts exactly this stop; when it is not in force any more, <c>NotStopped</c>.</summary>
    public StopReference? Lift { get; init; }

    /// <summary>
    /// The commit happens only before this time by the store's own clock; at or after it, <c>TooLate</c>.
    /// </summary>
    public DateTimeOffset? NotAfter { get; init; }

    /// <summary>The commit happens only while this policy is in force; otherwise <c>StalePolicy</c>.</summary>
    public PolicyHash? OnlyUnderPolicy { get; init; }

    /// <summary>The commit happens only while this agent is not stopped; otherwise <c>AgentStopped</c>.</summary>
    public AgentId? OnlyIfActive { get; init; }

    /// <summary>Opens, fills or ends a window in which reads run before they are recorded.</summary>
    public WindowWrite? Window { get; init; }

    /// <summary>Links an account of a channel to a person, or ends a link.</summary>
    public AccountWrite? Account { get; init; }

    /// <summary>
    /// The commit happens only when no entry is about this action yet; otherwise <c>AlreadyRecorded</c>. It is for what
    /// has no row whose version would tell.
    /// </summary>
    public ActionId? OnlyFirstOf { get; init; }

    /// <summary>Adds, uses or removes a passkey.</summary>
    public PasskeyWrite? Passkey { get; init; }

    /// <summary>
    /// The commit happens only while none of these persons has approved anything of this one's that the change does not
    /// know of; otherwise <c>FavourDone</c>.
    /// </summary>
    public FavourGuard? OnlyWithoutFavour { get; init; }

    public ChangePriority Priority { get; init; } = ChangePriority.Decision;
}

/// <summary>Decisions overtake the recording of reads in the store's queue.</summary>
public enum ChangePriority
{
    Decision,
    Recording,

    /// <summary>
    /// Nobody waits for it and little is lost with it: it lingers for a moment, so that others' commit carries it.
    /// </summary>
    Note,
}

/// <summary>What a vote knows of earlier approvals, so that two at the same time do not miss each other.</summary>
/// <param name="By">Who stands behind what is voted on.</param>
/// <param name="Of">Who votes.</param>
/// <param name="After">Later approvals are news.</param>
public sealed record FavourGuard(ImmutableHashSet<PersonId> By, PersonId Of, DateTimeOffset After);

/// <summary>
/// A conditional write of one action row: it happens only when the stored version is the expected one, and an insert
/// (expected version 0) only when no open action has the same attach key.
/// </summary>
public sealed record ActionWrite(ActionRow Row, long ExpectedVersion);

/// <summary>
/// One entry before the log gives it an index. The store encrypts the payload and hashes the ciphertext.
/// </summary>
public sealed record EntryDraft(EntryType Type, ActionId? Action, int Revision, ReadOnlyMemory<byte> Payload);

/// <summary>One stop of an agent: by the ledger entry that says so, because an agent may be stopped again.</summary>
public sealed record StopReference(AgentId Agent, long Entry);

/// <summary>One message a channel has to deliver at least once.</summary>
/// <param name="Channel">Which one.</param>
/// <param name="Action">What it is about; <c>null</c> when it is about the first entry of the change.</param>
/// <param name="Revision">Of the action.</param>
/// <param name="Kind">What happened.</param>
public sealed record OutboxDraft(string Channel, ActionId? Action, int Revision, string Kind);

/// <summary>The accepted fingerprint of one definition of a target, such as an MCP tool's.</summary>
public sealed record DefinitionRow(TargetName Target, string Name, string Fingerprint, ReadOnlyMemory<byte> Definition);
