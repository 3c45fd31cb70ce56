using Countersign.Core.Storage;

namespace Countersign.Server.Storage.Sqlite;

/// <summary>What may happen once, for as long as it could be tried again: all nodes ask the same rows.</summary>
internal static class OnceTable
{
    public static OnceState Begin(SqliteBatch batch, string key, DateTimeOffset until)
    {
        batch.Session.Execute("DELETE FROM once WHERE until <= ?1", batch.At.UtcTicks);
        if ((long?)batch.Session.Scalar("SELECT done FROM once WHERE key = ?1", key) is { } done)
        {
            return done == 1 ? OnceState.Done : OnceState.UnderWay;
        }

        Write(batch, key, until, isDone: false);
        return OnceState.Begun;
    }

    public static int End(SqliteBatch batch, string key, DateTimeOffset? doneUntil) => doneUntil is { } until
        ? Write(batch, key, until, isDone: true)
        : batch.Session.Execute("DELETE FROM once WHERE key = ?1", key);

    private static int Write(SqliteBatch batch, string key, DateTimeOffset until, bool isDone) =>
        batch.Session.Execute(
            """
            INSERT INTO once (key, until, done) VALUES (?1, ?2, ?3)
            ON CONFLICT (key) DO UPDATE SET until = excluded.until, done = excluded.done
            """,
            key,
            until.UtcTicks,
            isDone ? 1 : 0);
}
