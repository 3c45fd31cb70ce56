using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Countersign.Core.Actions;
using Countersign.Core.Actions.Json;
using Countersign.Core.Identity;
using Countersign.Core.Ledger;
using Countersign.Core.Policies;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;

namespace Countersign.Tests.Conformance;

/// <summary>Actions and changes for tests of stores; each id is new, everything else is what a test says.</summary>
public sealed class Sample(TimeProvider time)
{
    public static readonly PolicyHash Policy = PolicyHash.Of("a policy"u8);
    public static readonly PolicyHash OtherPolicy = PolicyHash.Of("another policy"u8);

    private int _ids;

    /// <summary>
    /// A pending action with one track. The same arguments by the same agent have the same attach key.
    /// </summary>
    public ActionRow Pending(string arguments = "", string agent = "bot", string? idempotencyKey = null)
    {
        var number = Interlocked.Increment(ref _ids).ToString("0000000000", CultureInfo.InvariantCulture);
        var id = ActionId.Create(time.GetUtcNow(), Encoding.ASCII.GetBytes(number));
        var canonical = new CanonicalObject().Add("value", arguments.Length > 0 ? arguments : number).ToCanonicalJson();
        var action = CanonicalAction.Of(new TargetName("orders-db"), "sql", canonical);
        var asker = new Asker(new AgentId(agent), OnBehalfOf: null);
        var deadline = time.GetUtcNow() + TimeSpan.FromMinutes(15);
        return new ActionRow
        {
            Id = id,
            Version = 1,
            Revision = 1,
            State = ActionState.Pending,
            Target = action.Target,
            Gate = GateKind.Postgres,
            Via = GateKind.Api,
            Agent = asker.Agent,
            Digest = action.Digest,
            Key = AttachKey.Of(asker, action, idempotencyKey),
            IdempotencyHash = idempotencyKey is null ? null : AttachKey.HashIdempotencyKey(asker, idempotencyKey),
            Policy = Policy,
            CreatedAt = time.GetUtcNow(),
            NextDeadline = deadline,
            Tracks = [new TrackRow(Stage: 0, Escalated: false, deadline)],
        };
    }

    public static ActionRow Approved(ActionRow row, int uses = 1) => row with
    {
        State = ActionState.Approved,
        Grant = new Grant(uses, row.CreatedAt + TimeSpan.FromMinutes(10)),
        NextDeadline = row.CreatedAt + TimeSpan.FromMinutes(10),
    };

    public static ActionRow Executing(ActionRow row, string owner = "node-1", int usesLeft = 0) => row with
    {
        State = ActionState.Executing,
        Grant = new Grant(usesLeft, row.CreatedAt + TimeSpan.FromMinutes(10)),
        Execution = new Execution(new NodeId(owner), row.Fence + 1, row.CreatedAt),
        Fence = row.Fence + 1,
        NextDeadline = null,
    };

    public static ActionRow Ended(ActionRow row, ActionState state, bool delivered = true) => row with
    {
        State = state,
        Execution = null,
        NextDeadline = null,
        Delivered = delivered,
    };

    public static EntryDraft Entry(EntryType type, ActionRow? row, string payload) =>
        new(type, row?.Id, row?.Revision ?? 0, Encoding.UTF8.GetBytes(payload));

    /// <summary>An insert with the entry that says so.</summary>
    public static Change Insert(ActionRow row, string payload = "{}") => new()
    {
        Action = new ActionWrite(row, ExpectedVersion: 0),
        Entries = [Entry(EntryType.ActionRequested, row, payload)],
    };

    /// <summary>A transition from a version, with the entry that says so.</summary>
    public static Change Move(ActionRow row, long from, EntryType type, string payload = "{}") => new()
    {
        Action = new ActionWrite(row, from),
        Entries = [Entry(type, row, payload)],
    };

    /// <summary>An entry that concerns no action.</summary>
    public static Change Note(string payload = "{}") => new()
    {
        Entries = [Entry(EntryType.PersonChanged, row: null, payload)],
    };

    public static VoteRow Vote(ActionRow row, string person, VoteKind kind = VoteKind.Approve) =>
        new(row.Id, row.Revision, new PersonId(person), kind, Assurance.Session, row.CreatedAt);

    public static string Text(ReadOnlyMemory<byte>? payload) => Encoding.UTF8.GetString(payload!.Value.Span);
}
