using Countersign.Core.Policies;
using Countersign.Core.Storage;
using Microsoft.Data.Sqlite;

namespace Countersign.Server.Storage.Sqlite;

/// <summary>The one connection that writes, with what was verified when it was opened.</summary>
internal sealed class WriteConnection : IDisposable
{
    /// <summary>
    /// Every so many pages the WAL is copied into the database. Small portions keep the slowest commit short: 1,000
    /// pages are 4 MiB.
    /// </summary>
    private const int CheckpointPages = 1000;

    private const string Settings = """
        PRAGMA journal_mode = WAL;
        PRAGMA synchronous = FULL;
        PRAGMA fullfsync = ON;
        PRAGMA foreign_keys = ON;
        PRAGMA busy_timeout = 5000;
        PRAGMA secure_delete = ON;
        PRAGMA cache_size = -16384;
        PRAGMA journal_size_limit = 67108864;
        """;

    private WriteConnection(SqliteSession session, StoreHead head, DateTimeOffset clock, long fence) =>
        (Session, Head, Clock, Fence) = (session, head, clock, fence);

    public SqliteSession Session { get; }

    /// <summary>The head as it was found and verified.</summary>
    public StoreHead Head { get; }

    /// <summary>The store's time of the last commit.</summary>
    public DateTimeOffset Clock { get; }

    /// <summary>Grows with each opening of the store; a writer that finds another number has been replaced.</summary>
    public long Fence { get; }

    /// <summary>
    /// Opens the store, makes or migrates its tables, and verifies its head before anybody builds on it.
    /// </summary>
    public static Task<WriteConnection> OpenAsync(SqliteStoreOptions options, CancellationToken cancellationToken) =>
        OpenAsync(options, Prepare, cancellationToken);

    /// <summary>Opens the store again after a failure, under the fence that this process holds.</summary>
    public static Task<WriteConnection> ReopenAsync(SqliteStoreOptions options, CancellationToken cancellationToken) =>
        OpenAsync(options, HeadRow.Read, cancellationToken);

    private static async Task<WriteConnection> OpenAsync(
        SqliteStoreOptions options,
        Func<SqliteSession, SqliteStoreOptions, HeadRow> readHead,
        CancellationToken cancellationToken)
    {
        // A file that is gone is not made anew: an empty one in its place would hide the loss.
        var session = SqliteSession.Open(options.Path, SqliteOpenMode.ReadWrite);
        try
        {
            session.RunScript($"{Settings} PRAGMA wal_autocheckpoint = {CheckpointPages};");
            EmptyWal(session, options.Path);
            options.OnWriteConnection(session);
            var row = readHead(session, options);
            var log = await StoredLog.LoadAsync(session, options, row, cancellationToken);
            return new WriteConnection(
                session, new StoreHead(log, row.Checkpoint, ReadPolicy(session)), row.Clock, row.Fence);
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    public static PolicyInForce? ReadPolicy(SqliteSession session) => session.Query(
        "SELECT hash, epoch, entry FROM policy ORDER BY epoch DESC LIMIT 1",
        static reader => new PolicyInForce(
            PolicyHash.Parse(reader.GetString(0)),
            reader.GetInt64(1),
            reader.IsDBNull(2) ? null : reader.GetInt64(2))).FirstOrDefault();

    /// <summary>Learns who is behind each pseudonym that the file knows.</summary>
    public void ReadPseudonyms(Pseudonyms pseudonyms) => Session
        .Query(
            "SELECT pseudonym, sealed_id FROM person",
            static reader => (Pseudonym: Pseudonym.Parse(reader.GetString(0)), SealedId: (byte[])reader.GetValue(1)))
        .ForEach(person => pseudonyms.AddSealed(person.Pseudonym, person.SealedId));

    public void Dispose() => Session.Dispose();

    /// <summary>
    /// Empties the WAL into the database. After a failed fsync its pages may be in the system's memory only, marked as
    /// written; a commit appended behind them would be lost with them at the next power failure, acknowledged or not.
    /// Copied into the database they are written and flushed anew.
    /// </summary>
    private static void EmptyWal(SqliteSession session, string path)
    {
        if (session.Scalar("PRAGMA wal_checkpoint(TRUNCATE)") is not 0L)
        {
            throw new StoreUnavailableException(
                $"The store '{path}' cannot be taken over, because another program reads it without a pause. Close "
                + "that program.");
        }
    }

    /// <summary>
    /// Migrates, takes the next fence and gives back what a process that died had taken, all in one transaction.
    /// </summary>
    private static HeadRow Prepare(SqliteSession session, SqliteStoreOptions options)
    {
        session.RunScript("BEGIN IMMEDIATE");
        SqliteSchema.Migrate(session, options.Path);
        HeadRow.Insert(session, options);
        session.RunScript("UPDATE log_head SET fence = fence + 1; UPDATE outbox SET taken_until = NULL");
        var row = HeadRow.Read(session, options);
        session.RunScript("COMMIT");
        return row;
    }
}
