using Countersign.Core.Ledger;
using Countersign.Core.Storage;
using Microsoft.Data.Sqlite;

namespace Countersign.Server.Storage.Sqlite;

/// <summary>The row of <c>log_head</c> as it stands in the file, not yet verified.</summary>
internal sealed record HeadRow(CompactRange Range, string? Checkpoint, DateTimeOffset Clock, long Fence)
{
    /// <summary>Whether the database at a path has no tables yet, or a log without entries.</summary>
    public static bool IsEmpty(string path)
    {
        try
        {
            using var session = SqliteSession.Open(path, SqliteOpenMode.ReadWrite);
            return session.Scalar("SELECT 1 FROM sqlite_schema WHERE name = 'log_head'") is null
                || session.Scalar("SELECT size FROM log_head") is null or 0L;
        }
        catch (SqliteException e)
        {
            throw SqliteFailure.ToUnavailable(e, path);
        }
    }

    /// <summary>Makes the row of a new store; once the log holds an entry the row keeps its log and its key.</summary>
    public static void Insert(SqliteSession session, SqliteStoreOptions options) => session.Execute(
        """
        INSERT INTO log_head (id, origin, payload_key_id, size, compact_range, clock, policy_epoch, fence)
        VALUES (1, ?1, ?2, 0, ?3, 0, 0, 0) ON CONFLICT (id) DO UPDATE
            SET origin = excluded.origin, payload_key_id = excluded.payload_key_id WHERE size = 0
        """,
        options.Key.Origin.Value,
        options.Vault.KeyId,
        CompactRange.Empty.ToBytes());

    /// <exception cref="StoreUnavailableException">The store belongs to another log or another payload key.</exception>
    public static HeadRow Read(SqliteSession session, SqliteStoreOptions options) => session.Query(
        "SELECT origin, payload_key_id, size, compact_range, checkpoint, clock, fence FROM log_head",
        reader => Read(new ColumnReader(reader), options)).Single();

    private static HeadRow Read(ColumnReader columns, SqliteStoreOptions options)
    {
        var (origin, keyId, size) = (columns.Text(), columns.Text(), columns.Number());
        if (origin != options.Key.Origin.Value)
        {
            throw new StoreUnavailableException(
                $"The store '{options.Path}' holds the log '{origin}', and the configuration says "
                + $"'{options.Key.Origin}'. Correct ledger.origin, or use another store.");
        }

        if (keyId != options.Vault.KeyId)
        {
            throw new StoreUnavailableException(
                $"The store '{options.Path}' was sealed with payload key {keyId}, and the configured one is "
                + $"{options.Vault.KeyId}. Restore the right key file at ledger.payload_key.");
        }

        var row = new HeadRow(
            CompactRange.FromBytes(columns.Bytes()), columns.TextOrNull(), columns.Time(), columns.Number());
        return row.Range.Size == size ? row : throw new StoreUnavailableException(
            $"The store '{options.Path}' is damaged: its head says {size} entries, and its compact range "
            + $"{row.Range.Size}. Restore it from a backup.");
    }
}
