using Countersign.Core.Ledger;
using Countersign.Core.Storage;

namespace Countersign.Server.Storage.Sqlite;

/// <summary>
/// The ledger of a database file, opened for reading only: beside a running server, on a copy, or on a file from
/// somebody else. It needs no key.
/// </summary>
internal sealed class SqliteLedgerFile : IAsyncDisposable
{
    private readonly SqliteReaders _readers;

    /// <exception cref="StoreUnavailableException">There is no such file.</exception>
    public SqliteLedgerFile(string path)
    {
        if (!File.Exists(path))
        {
            throw new StoreUnavailableException($"There is no database '{path}'.");
        }

        SystemSqlite.EnsureLoaded();
        _readers = new SqliteReaders(path);
    }

    public LogSource Source => new()
    {
        ReadCheckpoint = token => _readers.ReadAsync(SqliteArchive.ReadCheckpoint, token),
        ReadLeaves = (from, count, token) =>
            _readers.ReadAsync(session => SqliteArchive.ReadLeaves(session, from, count), token),
        ReadTile = (level, index, token) =>
            _readers.ReadAsync(session => SqliteArchive.ReadTile(session, level, index), token),
        ReadCiphertexts = (from, count, token) =>
            _readers.ReadAsync(session => SqliteArchive.ReadCiphertexts(session, from, count), token),
    };

    public ValueTask DisposeAsync() => _readers.DisposeAsync();
}
