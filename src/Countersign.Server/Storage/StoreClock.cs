namespace Countersign.Server.Storage;

/// <summary>
/// The store's clock: the system's time in whole milliseconds, as the ledger spells it, but never earlier than it ever
/// said before. Seeded with the time of the last commit, so that it does not go back over a restart either.
/// </summary>
internal sealed class StoreClock(TimeProvider time)
{
    private long _lastMilliseconds;

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
}
