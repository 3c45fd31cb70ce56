using System.Collections.Concurrent;

namespace Countersign.Tests.Postgres.Parsing;

/// <summary>
/// Timers of one length, a limit, ring when the test says so; all others ring at once, and how long they were is kept.
/// </summary>
internal sealed class PlayedTimers(TimeSpan limit) : TimeProvider
{
    private readonly ConcurrentQueue<TimeSpan> _waits = new();
    private Action _ring = () => { };

    public IEnumerable<TimeSpan> Waits => _waits;

    /// <summary>The limit that was set last is over.</summary>
    public void EndLimit() => _ring();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (dueTime == limit)
        {
            _ring = () => callback(state);
        }
        else
        {
            _waits.Enqueue(dueTime);
            ThreadPool.QueueUserWorkItem(_ => callback(state));
        }

        return new Timer();
    }

    private sealed class Timer : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose()
        {
            // It holds nothing.
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
