using Countersign.Core.Policies;
using Countersign.Core.Storage;

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
        var session = SqliteSession.Open(options.Path, Microsoft.Data.Sqlite.SqliteOpenMode.ReadWriteCreate);
        try
        {
            session.RunScript($"{Settings} PRAGMA wal_autocheckpoint = {CheckpointPages};");
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

    public void Dispose() => Session.Dispose();

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
