using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;

namespace Countersign.Server.Storage.Sqlite;

/// <summary>
/// A few read-only connections beside the writer. In WAL mode they neither wait for it nor make it wait; each read sees
/// one snapshot, the latest commit when it began.
/// </summary>
internal sealed class SqliteReaders(string path) : IDisposable
{
    private const int Connections = 8;

    private readonly SemaphoreSlim places = new(Connections);
    private readonly ConcurrentBag<SqliteSession> idle = [];

    public async Task<T> ReadAsync<T>(Func<SqliteSession, T> read, CancellationToken cancellationToken)
    {
        await places.WaitAsync(cancellationToken);
        try
        {
            return Read(read);
        }
        catch (SqliteException e)
        {
            throw SqliteFailure.ToUnavailable(e, path);
        }
        finally
        {
            places.Release();
        }
    }

    public void Dispose()
    {
        while (idle.TryTake(out var session))
        {
            session.Dispose();
        }

        places.Dispose();
    }

    private T Read<T>(Func<SqliteSession, T> read)
    {
        var session = idle.TryTake(out var free) ? free : Open();
        try
        {
            session.Execute("BEGIN");
            var result = read(session);
            session.Execute("COMMIT");
            idle.Add(session);
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
