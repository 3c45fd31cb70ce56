namespace Countersign.Tests.Support;

/// <summary>Time in which no timer ever goes off, and a test hears of each that is set.</summary>
internal sealed class StoppedTime : TimeProvider
{
    private TaskCompletionSource _next = new();

    public Task NextTimerAsync(CancellationToken cancellationToken)
    {
        _next = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return _next.Task.WaitAsync(cancellationToken);
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        _next.TrySetResult();
        return base.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }
}
