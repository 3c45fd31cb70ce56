using System.Diagnostics;

namespace Countersign.Server.Storage;

/// <summary>
/// The store's clock: the system's time in whole milliseconds, as the ledger spells it, but never earlier than it ever
/// said before. Seeded with the time of the last commit, so that it does not go back over a restart either.
/// </summary>
internal sealed class StoreClock(TimeProvider time)
{
    /// <summary>
    /// How far the system's clock may fall behind. It covers the corrections of a synchronised clock. Beyond it nothing
    /// is committed, because the store's time would stand still until the system catches up, and an approval would
    /// stay valid for all that time.
    /// </summary>
    public static readonly TimeSpan MaxLag = TimeSpan.FromMinutes(1);

    /// <summary>How long the next millisecond is waited for; a clock that needs longer stands still.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(2);

    private long _lastMilliseconds;

    // Where it was found to stand still: it is not waited for there again.
    private DateTimeOffset _stoodAt;

    public DateTimeOffset Now
    {
        get
        {
            AdvanceTo(time.GetUtcNow());
            return DateTimeOffset.FromUnixTimeMilliseconds(Interlocked.Read(ref _lastMilliseconds));
        }
    }

    public void AdvanceTo(DateTimeOffset at)
    {
        var milliseconds = at.ToUnixTimeMilliseconds();
        var seen = Interlocked.Read(ref _lastMilliseconds);
        while (milliseconds > seen)
        {
            var before = Interlocked.CompareExchange(ref _lastMilliseconds, milliseconds, seen);
            seen = before == seen ? milliseconds : before;
        }
    }

    /// <summary>
    /// Waits until it says another time than that of the last commit. So each commit has a time of its own, and whoever
    /// recomputes the log knows where each ended: one whose checkpoint was taken away is missed. A clock that stands
    /// still is not waited for.
    /// </summary>
    /// <remarks>For the one thread that commits.</remarks>
    public void PassBy(DateTimeOffset committed)
    {
        if (Now > committed || committed == _stoodAt)
        {
            return;
        }

        var began = Stopwatch.GetTimestamp();
        var wait = default(SpinWait);
        while (Now <= committed)
        {
            if (Stopwatch.GetElapsedTime(began) > Patience)
            {
                _stoodAt = committed;
                return;
            }

            wait.SpinOnce(sleep1Threshold: -1);
        }
    }

    /// <summary>Why this clock may not be used for commits; <c>null</c> when it may.</summary>
    public string? WhyStopped(TimeSpan maxLag)
    {
        var system = time.GetUtcNow();
        var said = DateTimeOffset.FromUnixTimeMilliseconds(Interlocked.Read(ref _lastMilliseconds));
        return said - system <= maxLag
            ? null
            : $"The system's clock says {system:u} and the store's, which never goes back, {said:u}. Nothing is "
                + "committed meanwhile, because no deadline would pass. Correct the system's clock, and commits resume "
                + "by themselves; if it is right, the store met a wrong one before: stop the server and run "
                + "'countersign ledger accept-clock'.";
    }

    /// <summary>Takes the system's time as it is, even if it is earlier.</summary>
    public void AcceptSystemTime() =>
        Interlocked.Exchange(ref _lastMilliseconds, time.GetUtcNow().ToUnixTimeMilliseconds());
}
