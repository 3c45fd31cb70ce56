using Countersign.Core.Ledger;
using Countersign.Core.Storage;
using Microsoft.Data.Sqlite;

namespace Countersign.Server.Storage.Sqlite;

/// <summary>
/// The one writer. It commits together whatever has queued up; the commit before is the only time anybody lingers.
/// </summary>
/// <remarks>
/// One batch: (1) begin, (2) each member checks its conditions and writes, (3) tiles, signed checkpoint and head,
/// (4) commit, which ends in one fsync, (5) only then the head file, the announcements and the callers.
/// A crash before 4 leaves the batch out, a crash after 4 leaves all of it in. When 4 fails nobody knows, so the
/// connection is thrown away, and the next batch begins by reading and verifying what the file says; a failed fsync is
/// never tried again, because the system may have dropped the pages and call the second try a success: what the WAL
/// holds is copied and flushed elsewhere (<see cref="WriteConnection"/>).
/// </remarks>
internal sealed class SqliteWriter : IAsyncDisposable
{
    private readonly SqliteStoreOptions _options;
    private readonly StoreClock _clock;
    private readonly Pseudonyms _pseudonyms;
    private readonly HeadFile _headFile;
    private readonly ChangeFeed _changes;
    private readonly WriteQueue<SqliteWrite> _queue = new();
    private readonly long _fence;

    // Owned by the loop.
    private WriteConnection? _connection;
    private StoreHead _head;
    private DateTimeOffset _committedAt;
    private Task _loop = Task.CompletedTask;

    // For readers; a little old is good enough for them.
    private volatile TileEdge _edge;

    public SqliteWriter(SqliteStoreOptions options, WriterParts parts)
    {
        _options = options;
        (_connection, _clock, _pseudonyms, _headFile, _changes) = parts;
        _head = parts.Connection.Head;
        _edge = _head.Log.Edge;
        _fence = parts.Connection.Fence;
    }

    /// <summary>The right edge of the log as of the last commit.</summary>
    public TileEdge Edge => _edge;

    public void Start() => _loop = Task.Run(RunAsync);

    public Task<T> WriteAsync<T>(SqliteWrite<T> write)
    {
        _queue.Add(write);
        return write.Result;
    }

    /// <summary>Commits what waits, then closes the file.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.Close();
        await _loop;
        _connection?.Dispose();
        _queue.Dispose();
    }

    private async Task RunAsync()
    {
        while (await TakeAfterYieldAsync() is { Count: > 0 } taken)
        {
            var batch = taken.FindAll(static write => !write.IsAbandoned);
            try
            {
                await (batch.Count > 0 ? CommitAsync(batch) : Task.CompletedTask);
            }
            catch (Exception e)
            {
                // The boundary of the loop: whatever went wrong, the callers hear of it and the next batch starts
                // afresh.
                CloseConnection();
                var reason = Explain(e);
                batch.ForEach(write => write.Fail(reason));
            }
        }
    }

    /// <summary>
    /// The callers just answered have their turn first: those that write again join the next batch, which makes it
    /// larger without anybody waiting for time to pass.
    /// </summary>
    private async Task<List<SqliteWrite>> TakeAfterYieldAsync()
    {
        await Task.Factory.StartNew(
            static () => { }, CancellationToken.None, TaskCreationOptions.PreferFairness, TaskScheduler.Default);
        return await _queue.TakeAsync();
    }

    private async Task CommitAsync(List<SqliteWrite> writes)
    {
        if (_headFile.Failure is not null)
        {
            _headFile.Write(CheckpointOf(_head));
        }

        var session = (await OpenConnectionAsync()).Session;
        if (_clock.WhyStopped(_options.MaxClockLag) is { } why)
        {
            throw new StoreUnavailableException(why);
        }

        if (TryApply(session, writes) is { } batch)
        {
            Commit(batch, writes);
        }
        else
        {
            await CommitOneByOneAsync(writes);
        }
    }

    /// <summary>A member that breaks a rule is our bug, and its own: the others are committed without it.</summary>
    private async Task CommitOneByOneAsync(List<SqliteWrite> writes)
    {
        foreach (var write in writes)
        {
            var session = (await OpenConnectionAsync()).Session;
            try
            {
                Commit(TryApply(session, [write])!, [write]);
            }
            catch (Exception e)
            {
                CloseConnection();
                write.Fail(Explain(e));
            }
        }
    }

    /// <summary>Steps 1 and 2; <c>null</c> and rolled back when one of several members broke a rule.</summary>
    private SqliteBatch? TryApply(SqliteSession session, List<SqliteWrite> writes)
    {
        _clock.PassBy(_committedAt);
        session.Execute("BEGIN IMMEDIATE");
        var batch = new SqliteBatch(session, _head, _clock.Now, _pseudonyms, _options.Vault.KeyId);
        try
        {
            writes.ForEach(write => write.Apply(batch));
            return batch;
        }
        catch (Exception e) when (writes.Count > 1 && IsOfOneMember(e))
        {
            session.Execute("ROLLBACK");
            return null;
        }
    }

    /// <summary>Steps 3 to 5.</summary>
    private void Commit(SqliteBatch batch, List<SqliteWrite> writes)
    {
        var next = batch.Finish(_options, _fence);
        batch.Session.Execute("COMMIT");
        var grew = next.Log.Size > _head.Log.Size;
        _head = next;
        _edge = next.Log.Edge;
        foreach (var drawn in batch.Drawn)
        {
            _pseudonyms.Add(drawn.Pseudonym, drawn.Person);
        }

        if (grew)
        {
            _committedAt = batch.At;
            _headFile.Publish(CheckpointOf(next));
        }

        foreach (var write in writes)
        {
            foreach (var changed in write is CommitWrite commit ? commit.Announcements : [])
            {
                _changes.Announce(changed);
            }

            write.Complete(batch);
        }
    }

    private async Task<WriteConnection> OpenConnectionAsync()
    {
        if (_connection is not null)
        {
            return _connection;
        }

        var opened = await WriteConnection.ReopenAsync(_options, CancellationToken.None);
        try
        {
            await CheckReopenedAsync(opened);
            opened.ReadPseudonyms(_pseudonyms);
        }
        catch
        {
            opened.Dispose();
            throw;
        }

        _connection = opened;
        _head = opened.Head;
        _edge = _head.Log.Edge;
        _clock.AdvanceTo(opened.Clock);
        return opened;
    }

    /// <summary>A commit of unknown fate may have happened; one that was acknowledged may not be gone.</summary>
    private async Task CheckReopenedAsync(WriteConnection opened)
    {
        var extends = await StoredLog.ExtendsAsync(
            opened.Session, opened.Head.Log, _head.Log.ToCheckpoint(), CancellationToken.None);
        if (!extends || opened.Fence != _fence)
        {
            throw new StoreUnavailableException(
                $"The store '{_options.Path}' no longer holds what was committed to it (size {_head.Log.Size} was "
                + $"acknowledged, {opened.Head.Log.Size} is there). Stop whatever else writes to it and restore "
                + "the newest copy.");
        }
    }

    private void CloseConnection()
    {
        // Closing rolls back; a rollback of its own could only fail for the same reason.
        _connection?.Dispose();
        _connection = null;
    }

    private string CheckpointOf(StoreHead of) => of.Checkpoint ?? HeadGuard.EmptyCheckpoint(_options.Key);

    private static bool IsOfOneMember(Exception e) => e switch
    {
        SqliteException failure => SqliteFailure.IsBrokenRule(failure),
        StoreUnavailableException or IOException => false,
        _ => true,
    };

    private Exception Explain(Exception e) => e switch
    {
        StoreUnavailableException known => known,
        SqliteException failure when SqliteFailure.IsBrokenRule(failure) =>
            new InvalidOperationException($"The change breaks a rule of the store: {failure.Message}", failure),
        SqliteException failure => SqliteFailure.ToUnavailable(failure, _options.Path),
        _ => new StoreUnavailableException($"The store '{_options.Path}' could not commit: {e.Message}", e),
    };
}

/// <summary>What the writer works with.</summary>
internal sealed record WriterParts(
    WriteConnection Connection, StoreClock Clock, Pseudonyms Pseudonyms, HeadFile HeadFile, ChangeFeed Changes);
