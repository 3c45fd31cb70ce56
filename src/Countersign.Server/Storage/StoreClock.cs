namespace Countersign.Server.Storage;

/// <summary>
/// The store's clock: the system's time in whole milliseconds, as the ledger spells it, but never earlier than it ever
/// said before. Seeded with the time of the last commit, so that it does not go back over a restart either.
/// </summary>
internal sealed class StoreClock(TimeProvider time)
{
    private long lastMilliseconds;

    public DateTimeOffset Now
    {
        get
        {
            AdvanceTo(time.GetUtcNow());
            return DateTimeOffset.FromUnixTimeMilliseconds(Interlocked.Read(ref lastMilliseconds));
        }
    }

    public void AdvanceTo(DateTimeOffset at)
    {
        var milliseconds = at.ToUnixTimeMilliseconds();
        var seen = Interlocked.Read(ref lastMilliseconds);
        while (milliseconds > seen)
        {
            var before = Interlocked.CompareExchange(ref lastMilliseconds, milliseconds, seen);
            seen = before == seen ? milliseconds : before;
        }
    }
}
