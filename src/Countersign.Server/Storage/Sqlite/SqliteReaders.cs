using System.Collections.Concurrent;
using Countersign.Core.Storage;
using Microsoft.Data.Sqlite;

namespace Countersign.Server.Storage.Sqlite;

/// <summary>
/// A few read-only connections beside the writer. In WAL mode they neither wait for it nor make it wait; each read sees
/// one snapshot, the latest commit when it began.
/// </summary>
internal sealed class SqliteReaders(string path) : IAsyncDisposable
{
    private const int Connections = 8;

    private readonly SemaphoreSlim _places = new(Connections);
    private readonly ConcurrentBag<SqliteSession> _idle = [];
    private volatile bool _isClosed;

    public async Task<T> ReadAsync<T>(Func<SqliteSession, T> read, CancellationToken cancellationToken)
    {
        await _places.WaitAsync(cancellationToken);
        try
        {
            return _isClosed
                ? throw new StoreUnavailableException("The store is closed. Ask again once the server is back.")
                : Read(read);
        }
        catch (SqliteException e)
        {
            throw SqliteFailure.ToUnavailable(e, path);
        }
        catch (Exception e) when (SqliteFailure.IsDamage(e))
        {
            // One damaged row is a refusal like any other, so that a sweep goes on with the rest.
            throw SqliteFailure.Damaged(e, path);
        }
        finally
        {
            _places.Release();
        }
    }

    /// <summary>Waits for the reads under way; later ones are refused.</summary>
    public async ValueTask DisposeAsync()
    {
        _isClosed = true;
        for (var i = 0; i < Connections; i++)
        {
            await _places.WaitAsync();
        }

        while (_idle.TryTake(out var session))
        {
            session.Dispose();
        }

        _places.Release(Connections);
    }

    private T Read<T>(Func<SqliteSession, T> read)
    {
        var session = _idle.TryTake(out var free) ? free : Open();
        try
        {
            session.Execute("BEGIN");
            var result = read(session);
            session.Execute("COMMIT");
            _idle.Add(session);
            return result;
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    private SqliteSession Open()
    {
        var session = SqliteSession.Open(path, SqliteOpenMode.ReadOnly);
        session.RunScript("PRAGMA busy_timeout = 5000; PRAGMA query_only = ON;");
        return session;
    }
}
