using Countersign.Core.Records;
using Countersign.Core.Reviews;

namespace Countersign.Gates.Postgres;

/// <summary>
/// One statement on its way through the gatekeeper, seen from its session: it waits for people, or it runs, and never
/// both. Whoever comes first decides: a client that leaves ends the wait but not what already runs.
/// </summary>
internal sealed class Hold : IDisposable
{
    private const int Waiting = 0;
    private const int Running = 1;
    private const int Left = 2;

    private readonly CancellationTokenSource _left = new();
    private readonly TaskCompletionSource _asksToRun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _mayRun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _over = new();
    private TaskCompletionSource _held = NewSignal();
    private int _state = Waiting;

    /// <summary>Cancelled when the client stops waiting before anything ran.</summary>
    public CancellationToken ClientLeft => _left.Token;

    /// <summary>Ends when the statement is about to run, and the connections are needed for it.</summary>
    public Task AsksToRun => _asksToRun.Task;

    public bool HasRun => Volatile.Read(ref _state) == Running;

    /// <summary>What is held; <c>null</c> as long as nobody has to decide.</summary>
    public ActionRecord? Record { get; private set; }

    /// <summary>Ends when people have to decide about something that the client was not told of yet.</summary>
    public Task Held => Volatile.Read(ref _held).Task;

    /// <summary>Cancelled when this is over.</summary>
    public CancellationToken Over => _over.Token;

    /// <summary>A review is open; it may be another one when the first was overtaken.</summary>
    public void Begin(ActionRecord record)
    {
        Record = record;
        Volatile.Read(ref _held).TrySetResult();
    }

    /// <summary>What the client is told now; <see cref="Held"/> waits for what comes after it.</summary>
    public ActionRecord TakeHeld()
    {
        // In this order: a review that begins in between is told twice rather than never.
        Volatile.Write(ref _held, NewSignal());
        return Record!;
    }

    /// <summary>
    /// Called by whoever executes: waits until the session has put down what it was saying. <c>false</c> when the
    /// client left before.
    /// </summary>
    public async Task<bool> TryRunAsync()
    {
        if (Interlocked.CompareExchange(ref _state, Running, Waiting) != Waiting)
        {
            return false;
        }

        _asksToRun.SetResult();
        await _mayRun.Task;
        return true;
    }

    /// <summary>The session says nothing more until the run is over.</summary>
    public void LetRun() => _mayRun.TrySetResult();

    /// <summary>The client does not wait any more; <c>false</c> when it runs already.</summary>
    public bool TryLeave()
    {
        if (Interlocked.CompareExchange(ref _state, Left, Waiting) != Waiting)
        {
            return false;
        }

        _left.Cancel();
        return true;
    }

    public void Dispose()
    {
        _over.Cancel();
        _over.Dispose();
        _left.Dispose();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    public static Outcome NothingSent(string why) =>
        new(OutcomeState.Failed, Result: null, $"Nothing was sent: {why}", TimeSpan.Zero);
}
