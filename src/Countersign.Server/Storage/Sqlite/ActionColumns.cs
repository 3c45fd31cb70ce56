using System.Collections.Immutable;
using System.Text.Json;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Ledger;
using Countersign.Core.Policies;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;
using Microsoft.Data.Sqlite;

namespace Countersign.Server.Storage.Sqlite;

/// <summary>
/// How an action row is spelled in columns, both ways; the order of the columns is the order of the values.
/// </summary>
internal static class ActionColumns
{
    public const string Insert = """
        INSERT INTO action (id, version, revision, state, target, gate, via, agent, digest, attach_key, holds_key,
            idempotency_hash, policy, created_at, next_deadline, tracks, fence, owner, owner_fence, started_at,
            last_outcome, delivered, denied_until, detached, request_entry, outcome_entry, ending_entry, last_entry,
            intent_entry)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22,
            ?23, ?24, ?25, ?26, ?27, ?28, ?29)
        """;

    public const string Update = """
        UPDATE action SET version = ?2, revision = ?3, state = ?4, target = ?5, gate = ?6, via = ?7, agent = ?8,
            digest = ?9, attach_key = ?10, holds_key = ?11, idempotency_hash = ?12, policy = ?13, created_at = ?14,
            next_deadline = ?15, tracks = ?16, fence = ?17, owner = ?18, owner_fence = ?19, started_at = ?20,
            last_outcome = ?21, delivered = ?22, denied_until = ?23, detached = ?24,
            request_entry = coalesce(?25, request_entry), outcome_entry = coalesce(?26, outcome_entry),
            ending_entry = coalesce(?27, ending_entry), last_entry = coalesce(?28, last_entry),
            intent_entry = coalesce(?29, intent_entry)
        WHERE id = ?1 AND version = ?2 - 1
        """;

    /// <summary>The columns in the order in which <see cref="Read"/> expects them.</summary>
    public const string Select = """
        SELECT id, version, revision, state, target, gate, via, agent, digest, attach_key, idempotency_hash, policy,
            created_at, next_deadline, tracks, fence, owner, owner_fence, started_at, last_outcome, delivered,
            denied_until, detached, uses_left, expires_at, request_entry, outcome_entry, ending_entry, last_entry,
            intent_entry, (SELECT leaf FROM entry WHERE position = last_entry)
        FROM action LEFT JOIN action_grant ON action_grant.action = action.id
        """;

    public static object?[] Values(ActionRow row, EntryPointers entries) =>
    [
        row.Id.Value, row.Version, row.Revision, row.State.ToText(), row.Target.Value, row.Gate.ToText(),
        row.Via.ToText(), row.Agent.Value, row.Digest.Value, row.Key.Value, HoldsKey(row), row.IdempotencyHash,
        row.Policy.Value, row.CreatedAt.UtcTicks, row.NextDeadline?.UtcTicks, Spell(row.Tracks), row.Fence,
        row.Execution?.Owner.Value, row.Execution?.Fence, row.Execution?.StartedAt.UtcTicks,
        row.LastOutcome is { } outcome ? Spell(outcome) : null, row.Delivered, row.DeniedUntil?.UtcTicks, row.Detached,
        entries.Request, entries.Outcome, entries.Ending, entries.Last, entries.Intent,
    ];

    /// <summary>
    /// Whether no other action may be open under the key: approved and not yet used up, which a use under way with
    /// further uses left is too. Otherwise its return to <c>approved</c> could meet a second open action.
    /// </summary>
    public static bool HoldsKey(ActionRow row) =>
        row.IsOpen || (row.State == ActionState.Executing && row.Grant is { UsesLeft: > 0 });

    /// <summary>The row, where its payloads are, and the leaf of its latest entry.</summary>
    public static (ActionRow Row, EntryPointers Entries, Leaf? Last) Read(SqliteDataReader reader)
    {
        var columns = new ColumnReader(reader);
        var row = new ActionRow
        {
            Id = ActionId.Parse(columns.Text()),
            Version = columns.Number(),
            Revision = (int)columns.Number(),
            State = columns.Enumeration<ActionState>(),
            Target = new TargetName(columns.Text()),
            Gate = columns.Enumeration<GateKind>(),
            Via = columns.Enumeration<GateKind>(),
            Agent = new AgentId(columns.Text()),
            Digest = ActionDigest.Parse(columns.Text()),
            Key = AttachKey.Parse(columns.Text()),
            IdempotencyHash = columns.TextOrNull(),
            Policy = PolicyHash.Parse(columns.Text()),
            CreatedAt = columns.Time(),
            NextDeadline = columns.TimeOrNull(),
            Tracks = ParseTracks(columns.Text()),
            Fence = columns.Number(),
            Execution = ReadExecution(columns),
            LastOutcome = columns.EnumerationOrNull<OutcomeState>(),
            Delivered = columns.Flag(),
            DeniedUntil = columns.TimeOrNull(),
            Detached = columns.Flag(),
            Grant = ReadGrant(columns),
        };
        var entries = new EntryPointers(
            columns.NumberOrNull(),
            columns.NumberOrNull(),
            columns.NumberOrNull(),
            columns.NumberOrNull(),
            columns.NumberOrNull());
        return (row, entries, columns.BytesOrNull() is { } leaf ? Leaf.Decode(leaf) : null);
    }

    public static string Spell<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();

    private static Execution? ReadExecution(ColumnReader columns)
    {
        var (owner, fence, startedAt) = (columns.TextOrNull(), columns.NumberOrNull(), columns.TimeOrNull());
        return (owner, fence, startedAt) switch
        {
            (null, null, null) => null,
            ({ } by, { } under, { } since) => new Execution(new NodeId(by), under, since),
            _ => throw new FormatException("An execution has only some of owner, fence and start."),
        };
    }

    private static Grant? ReadGrant(ColumnReader columns)
    {
        var (usesLeft, expiresAt) = (columns.NumberOrNull(), columns.TimeOrNull());
        return usesLeft is null ? null : new Grant((int)usesLeft.Value, expiresAt!.Value);
    }

    // One [stage, escalated, deadline, escalated stages] per track. '[]' also tells actions that nobody had to review.
    private static string Spell(ImmutableArray<TrackRow> tracks) => JsonSerializer.Serialize(
        tracks.Select(track => new[]
        {
            track.Stage, track.Escalated ? 1 : 0, track.Deadline.UtcTicks, track.EscalatedStages,
        }));

    private static ImmutableArray<TrackRow> ParseTracks(string text) =>
        [.. JsonSerializer.Deserialize<long[][]>(text)!.Select(track =>
            new TrackRow((int)track[0], track[1] == 1, new DateTimeOffset(track[2], TimeSpan.Zero))
            {
                EscalatedStages = EscalatedStagesOf(track),
            })];

    /// <summary>
    /// A row of an earlier version does not say which past stages escalated. Those count as that version counted them,
    /// as escalated: otherwise a stage that on-call people met would be unmet after an upgrade, its review could never
    /// end, and nobody would be told. It lasts no longer than the reviews that were open then, and no new stage of
    /// theirs is read so once the row is written again.
    /// </summary>
    private static int EscalatedStagesOf(long[] track) =>
        track.Length > 3 ? (int)track[3] : (1 << (int)track[0]) - 1;
}

/// <summary>Which ledger entries hold the payloads of an action (see <see cref="StoredAction"/>).</summary>
internal readonly record struct EntryPointers(
    long? Request, long? Outcome, long? Ending, long? Last, long? Intent);
