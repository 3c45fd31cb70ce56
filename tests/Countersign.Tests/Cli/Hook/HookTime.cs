namespace Countersign.Tests.Cli.Hook;

/// <summary>
/// Time that passes only by waiting: a timer of one length, the deadline, rings when the test says so, and all others
/// at once, with their time gone.
/// </summary>
internal sealed class HookTime(TimeSpan deadline) : TimeProvider
{
    private long _ticks;
    private Action _ring = () => { };

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Interlocked.Read(ref _ticks);

    public void EndDeadline() => _ring();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (dueTime == deadline)
        {
            _ring = () => callback(state);
        }
        else if (dueTime > TimeSpan.Zero)
        {
            Interlocked.Add(ref _ticks, dueTime.Ticks);
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
