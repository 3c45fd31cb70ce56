using System.Collections.Immutable;
using Countersign.Core.Actions;
using Countersign.Core.Storage;
using Microsoft.Data.Sqlite;

namespace Countersign.Server.Storage.Sqlite;

/// <summary>
/// Messages leave the outbox only when they are settled. One that was taken and never settled is handed out again after
/// <see cref="HoldTime"/>, or at the next start: at least once, never lost.
/// </summary>
internal static class OutboxTable
{
    /// <summary>How long a taker may work on a message before another one gets it.</summary>
    public static readonly TimeSpan HoldTime = TimeSpan.FromMinutes(1);

    public static ImmutableArray<OutboxRow> Take(SqliteBatch batch, string channel, int limit)
    {
        var rows = batch.Session.Query(
            """
            UPDATE outbox SET taken_until = ?3, attempts = attempts + 1
            WHERE id IN (SELECT id FROM outbox
                WHERE channel = ?1 AND not_before <= ?2 AND (taken_until IS NULL OR taken_until <= ?2)
                ORDER BY not_before, id LIMIT ?4)
            RETURNING id, channel, action, revision, kind, attempts, not_before, entry
            """,
            Read,
            channel,
            batch.At.UtcTicks,
            (batch.At + HoldTime).UtcTicks,
            limit);
        return [.. rows.OrderBy(row => row.NotBefore).ThenBy(row => row.Id)];
    }

    public static int Settle(SqliteBatch batch, long id, DateTimeOffset? retryAt) => retryAt is { } at
        ? batch.Session.Execute(
            "UPDATE outbox SET taken_until = NULL, not_before = ?2 WHERE id = ?1", id, at.UtcTicks)
        : batch.Session.Execute("DELETE FROM outbox WHERE id = ?1", id);

    public static int KeepPosting(SqliteBatch batch, string channel, ActionId action, string place) =>
        batch.Session.Execute(
            """
            INSERT INTO posting (channel, action, place) VALUES (?1, ?2, ?3)
            ON CONFLICT (channel, action) DO UPDATE SET place = ?3
            """,
            channel,
            action.Value,
            place);

    private static OutboxRow Read(SqliteDataReader reader)
    {
        var columns = new ColumnReader(reader);
        return new OutboxRow(
            columns.Number(),
            columns.Text(),
            columns.TextOrNull() is { } action ? ActionId.Parse(action) : null,
            (int)columns.Number(),
            columns.Text(),
            (int)columns.Number(),
            columns.Time())
        {
            Entry = columns.NumberOrNull(),
        };
    }
}
