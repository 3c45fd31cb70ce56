using Countersign.Core.Storage;

namespace Countersign.Server.Storage.Sqlite;

/// <summary>One caller's part of a batch: what to do in the transaction, and what to say after the commit.</summary>
internal abstract class SqliteWrite(ChangePriority priority, int entries, long bytes)
    : QueuedWrite(priority, entries, bytes)
{
    /// <summary>Whether the caller gave up before the write began.</summary>
    public abstract bool IsAbandoned { get; }

    public abstract void Apply(SqliteBatch batch);

    public abstract void Complete(SqliteBatch batch);

    public abstract void Fail(Exception reason);
}

/// <inheritdoc cref="SqliteWrite"/>
internal abstract class SqliteWrite<T>(
    ChangePriority priority, int entries, long bytes, CancellationToken cancellationToken)
    : SqliteWrite(priority, entries, bytes)
{
    // The writer must not run its callers' code, so continuations go to the thread pool.
    private readonly TaskCompletionSource<T> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Waits for the result; who stops waiting does not stop a write that has begun.</summary>
    public Task<T> Result => _completion.Task.WaitAsync(cancellationToken);

    public sealed override bool IsAbandoned => cancellationToken.IsCancellationRequested;

    public sealed override void Complete(SqliteBatch batch) => _completion.TrySetResult(ResultAfter(batch));

    public sealed override void Fail(Exception reason) => _completion.TrySetException(reason);

    protected abstract T ResultAfter(SqliteBatch batch);
}

/// <summary>A change of the store's port.</summary>
internal sealed class CommitWrite(SealedChange change, CancellationToken cancellationToken)
    : SqliteWrite<CommitResult>(change.Change.Priority, change.Entries.Length, change.Bytes, cancellationToken)
{
    private Written _written;

    public override void Apply(SqliteBatch batch) => _written = ChangeWriter.Write(change, batch);

    /// <summary>What to announce once committed.</summary>
    public IEnumerable<ActionChanged> Announcements => _written.Conflict is null
        ? change.Change.Withdrawn.Prepend(change.Change.Action).OfType<ActionWrite>().Select(write =>
            new ActionChanged(write.Row.Id, write.Row.State, write.ExpectedVersion + 1))
        : [];

    protected override CommitResult ResultAfter(SqliteBatch batch) => _written.Conflict is { } reason
        ? new CommitResult.Conflict(reason)
        : new CommitResult.Committed(_written.Indexes, batch.NextIndex, batch.At);
}

/// <summary>Any other small write, such as taking messages from the outbox.</summary>
internal sealed class CallWrite<T>(Func<SqliteBatch, T> work, CancellationToken cancellationToken)
    : SqliteWrite<T>(ChangePriority.Decision, entries: 0, bytes: 0, cancellationToken)
{
    private T? _result;

    public override void Apply(SqliteBatch batch) => _result = work(batch);

    protected override T ResultAfter(SqliteBatch batch) => _result!;
}
