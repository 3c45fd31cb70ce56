using System.Collections.Immutable;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Storage;
using Microsoft.Data.Sqlite;

namespace Countersign.Server.Storage.Sqlite;

/// <summary>Reads actions together with the payloads that belong to them, all from one snapshot.</summary>
internal sealed class ActionReader(SqliteSession session, PayloadReader payloads, Pseudonyms pseudonyms)
{
    /// <summary>How many actions of one key are handed out; a caller attaches to the first that fits.</summary>
    private const int MaxAttachable = 16;

    /// <summary>The second condition is the index's own, word for word: only then does SQLite use it.</summary>
    internal const string Attachable = """
        SELECT id, state, started_at FROM action
        WHERE attach_key = ?1 AND (state IN ('pending', 'approved', 'executing', 'denied') OR delivered = 0)
            AND (state <> 'denied' OR delivered = 0 OR denied_until > ?2)
        ORDER BY id DESC LIMIT ?3
        """;

    public StoredAction? Find(ActionId id) =>
        Query("WHERE id = ?1", withResult: true, id.Value).FirstOrDefault();

    public StoredAction? FindByIdempotency(string hash) =>
        Query("WHERE idempotency_hash = ?1", withResult: true, hash).FirstOrDefault();

    public ImmutableArray<StoredAction> FindAttachable(
        AttachKey key, Func<AttachableAction, bool> isOfUse, DateTimeOffset now) =>
    [
        .. session.Query(Attachable, ReadAttachable, key.Value, now.UtcTicks, MaxAttachable)
            .Where(isOfUse)
            .Select(found => Find(found.Id)!),
    ];

    /// <summary>
    /// The conditions are spelled out only when given, so that each list runs along the index that fits it.
    /// </summary>
    public ImmutableArray<StoredAction> List(ActionFilter filter)
    {
        var (condition, values) = ConditionOf(filter);
        return Query(condition, withResult: false, values);
    }

    /// <summary>What selects and orders the actions of a list, and the values of its parameters.</summary>
    internal static (string Condition, object?[] Values) ConditionOf(ActionFilter filter)
    {
        // A list by deadline runs along its own index (the plus keeps SQLite from the one on states, which it would
        // have to sort): a page costs as much as it shows, however many are waiting.
        var (state, order) = filter.ByDeadline ? ("+state", "next_deadline, id") : ("state", "id DESC");
        var conditions = new List<string> { filter.ByDeadline ? "next_deadline IS NOT NULL" : "1 = 1" };
        var values = new List<object?>();
        Add(state, "=", filter.State?.ToText());
        Add("target", "=", filter.Target?.Value);
        Add("agent", "=", filter.Agent?.Value);
        Add("id", "<", filter.Before?.Value);
        if (filter.Ids is { } ids)
        {
            var places = ids.Select((_, i) => $"?{values.Count + 1 + i}").ToList();
            values.AddRange(ids.Select(id => id.Value));
            conditions.Add($"id IN ({string.Join(", ", places)})");
        }

        if (filter.After is { } after)
        {
            values.AddRange([after.Deadline.UtcTicks, after.Id.Value]);
            conditions.Add($"(next_deadline, id) > (?{values.Count - 1}, ?{values.Count})");
        }

        values.Add(Math.Clamp(filter.Limit, 1, ActionFilter.MaxLimit));
        return ($"WHERE {string.Join(" AND ", conditions)} ORDER BY {order} LIMIT ?{values.Count}", [.. values]);

        void Add(string column, string comparison, string? value)
        {
            if (value is not null)
            {
                values.Add(value);
                conditions.Add($"{column} {comparison} ?{values.Count}");
            }
        }
    }

    private ImmutableArray<StoredAction> Query(string condition, bool withResult, params ReadOnlySpan<object?> values)
    {
        var rows = session.Query($"{ActionColumns.Select} {condition}", ActionColumns.Read, values);
        var size = rows.Count == 0 ? 0 : (long)session.Scalar("SELECT size FROM log_head")!;
        return [.. rows.Select(found => Complete(
            found.Row,
            found.Entries,
            new LedgerPosition(found.Entries.Last ?? -1, size, found.Last?.At ?? found.Row.CreatedAt),
            withResult))];
    }

    private static AttachableAction ReadAttachable(SqliteDataReader reader)
    {
        var columns = new ColumnReader(reader);
        return new AttachableAction(
            ActionId.Parse(columns.Text()), columns.Enumeration<ActionState>(), columns.TimeOrNull());
    }

    private StoredAction Complete(
        ActionRow row, EntryPointers entries, LedgerPosition position, bool withResult) => new(
        row,
        ReadVotes(row.Id),
        payloads.Find(entries.Request) ?? ReadOnlyMemory<byte>.Empty,
        withResult ? payloads.Find(entries.Outcome) : null,
        payloads.Find(entries.Ending),
        position)
    {
        Intent = row.Execution is null ? null : payloads.Find(entries.Intent),
    };

    private ImmutableArray<StoredVote> ReadVotes(ActionId action)
    {
        var votes = session.Query(
            "SELECT revision, person, kind, assurance, at, entry FROM vote WHERE action = ?1 ORDER BY id",
            reader => ReadVote(action, new ColumnReader(reader)),
            action.Value);
        return [.. votes.Select(vote =>
            new StoredVote(vote.Row, payloads.Find(vote.Entry) ?? ReadOnlyMemory<byte>.Empty))];
    }

    private (VoteRow Row, long? Entry) ReadVote(ActionId action, ColumnReader columns) => (
        new VoteRow(
            action,
            (int)columns.Number(),
            pseudonyms.PersonOf(Pseudonym.Parse(columns.Text())),
            columns.Enumeration<VoteKind>(),
            columns.Enumeration<Assurance>(),
            columns.Time()),
        columns.NumberOrNull());
}
