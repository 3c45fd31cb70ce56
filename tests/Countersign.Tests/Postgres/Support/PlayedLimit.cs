namespace Countersign.Tests.Postgres.Support;

/// <summary>Real time, but for timers of one length: the last of these rings when the test says so.</summary>
internal sealed class PlayedLimit(TimeSpan length) : TimeProvider, IDisposable
{
    private readonly SemaphoreSlim _begun = new(0);
    private Action _ring = static () => { };

    public void End() => _ring();

    /// <summary>Waits until another timer of this length was set, and rings it.</summary>
    public async Task EndNextAsync()
    {
        await _begun.WaitAsync(TestContext.Current.CancellationToken);
        End();
    }

    public override ITimer CreateTimer(
        TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (dueTime != length)
        {
            return base.CreateTimer(callback, state, dueTime, period);
        }

        _ring = () => callback(state);
        _begun.Release();
        return base.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, period);
    }

    public void Dispose() => _begun.Dispose();
}
