using System.Text;
using System.Threading.Channels;
using Countersign.Core.Ledger;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Countersign.Server.Storage.Sqlite.Audit;

/// <summary>
/// Reads every entry with its payload once, in a thread of its own: ciphertexts are hashed where SQLite has them and
/// never copied, so that neither their number nor their size costs memory.
/// </summary>
internal sealed class EntryStream(string path, Findings findings)
{
    private const int Batch = 1024;
    private const int Waiting = 4;

    private const string Select = """
        SELECT position, leaf, action, ciphertext, key_id FROM entry LEFT JOIN payload ON payload.entry = position
        WHERE position >= 0 AND position < ?1 ORDER BY position
        """;

    private const int Position = 0;
    private const int LeafBytes = 1;
    private const int Action = 2;
    private const int Ciphertext = 3;
    private const int KeyId = 4;

    private static ReadOnlySpan<byte> LeafStart => "{\"action\":"u8;

    public async IAsyncEnumerable<IReadOnlyList<AuditedEntry>> ReadAsync(
        long size,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var batches = Channel.CreateBounded<IReadOnlyList<AuditedEntry>>(
            new BoundedChannelOptions(Waiting) { SingleReader = true, SingleWriter = true });
        var reading = Task.Run(() => ReadIntoAsync(size, batches.Writer, cancellationToken), cancellationToken);
        await foreach (var batch in batches.Reader.ReadAllAsync(cancellationToken))
        {
            yield return batch;
        }

        await reading;
    }

    private async Task ReadIntoAsync(
        long size, ChannelWriter<IReadOnlyList<AuditedEntry>> writer, CancellationToken cancellationToken)
    {
        try
        {
            using var session = SqliteSession.Open(path, SqliteOpenMode.ReadOnly);
            var keyId = (string?)session.Scalar("SELECT payload_key_id FROM log_head") ?? "";
            using var rows = new RawRows(session, Select, size);
            var batch = new List<AuditedEntry>(Batch);
            for (var index = 0L; rows.Step() && rows.Number(Position) == index; index++)
            {
                batch.Add(Read(rows, index, keyId));
                if (batch.Count == Batch)
                {
                    await writer.WriteAsync(batch, cancellationToken);
                    batch = new List<AuditedEntry>(Batch);
                }
            }

            await writer.WriteAsync(batch, cancellationToken);
            writer.Complete();
        }
        catch (Exception failure)
        {
            writer.Complete(failure);
        }
    }

    private AuditedEntry Read(RawRows rows, long index, string keyId)
    {
        var leaf = rows.Bytes(LeafBytes).ToArray();
        if (!NamesAction(leaf, rows.IsNull(Action) ? [] : rows.Bytes(Action)))
        {
            findings.Add($"The row of entry {index} is filed under another action than its leaf names.");
        }

        if (rows.IsNull(Ciphertext))
        {
            return new AuditedEntry(leaf, Ciphertext: null);
        }

        if (!rows.Bytes(KeyId).SequenceEqual(Encoding.UTF8.GetBytes(keyId)))
        {
            findings.Add($"The payload of entry {index} claims another payload key than the store's ({keyId}).");
        }

        return new AuditedEntry(leaf, Hash32.Of(rows.Bytes(Ciphertext)));
    }

    /// <summary>The action stands first in a leaf, so this needs no parsing.</summary>
    private static bool NamesAction(ReadOnlySpan<byte> leaf, ReadOnlySpan<byte> action)
    {
        var rest = leaf.StartsWith(LeafStart) ? leaf[LeafStart.Length..] : [];
        return action.IsEmpty
            ? rest.StartsWith("null,"u8)
            : rest.Length > action.Length + 2 && rest[0] == '"' && rest[1..].StartsWith(action)
                && rest[action.Length + 1] == '"';
    }
}

/// <summary>The rows of one query, read column by column without copies; for millions of rows.</summary>
internal sealed class RawRows : IDisposable
{
    private readonly sqlite3 _database;
    private readonly sqlite3_stmt _statement;

    public RawRows(SqliteSession session, string sql, params ReadOnlySpan<long> values)
    {
        _database = session.Handle;
        Check(raw.sqlite3_prepare_v2(_database, sql, out _statement));
        for (var i = 0; i < values.Length; i++)
        {
            Check(raw.sqlite3_bind_int64(_statement, i + 1, values[i]));
        }
    }

    /// <summary>Moves to the next row; <c>false</c> behind the last one.</summary>
    public bool Step()
    {
        var result = raw.sqlite3_step(_statement);
        if (result == raw.SQLITE_ROW)
        {
            return true;
        }

        return result == raw.SQLITE_DONE ? false : throw Failure(result);
    }

    public bool IsNull(int column) => raw.sqlite3_column_type(_statement, column) == raw.SQLITE_NULL;

    public long Number(int column) => raw.sqlite3_column_int64(_statement, column);

    /// <summary>The bytes of a blob or a text; good until the next step.</summary>
    public ReadOnlySpan<byte> Bytes(int column) => raw.sqlite3_column_blob(_statement, column);

    public void Dispose() => _statement.Dispose();

    private void Check(int result)
    {
        if (result != raw.SQLITE_OK)
        {
            throw Failure(result);
        }
    }

    private SqliteException Failure(int result) =>
        new(raw.sqlite3_errmsg(_database).utf8_to_string(), result, raw.sqlite3_extended_errcode(_database));
}
