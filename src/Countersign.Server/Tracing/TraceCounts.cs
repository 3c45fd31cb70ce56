namespace Countersign.Server.Tracing;

/// <summary>What became of the spans of this process; each has ended in one of the three, or still waits.</summary>
internal sealed class TraceCounts
{
    private long _exported;
    private long _failed;
    private long _dropped;

    public long Exported => Interlocked.Read(ref _exported);

    /// <summary>The collector did not take them, or could not be reached.</summary>
    public long Failed => Interlocked.Read(ref _failed);

    /// <summary>They came while the queue was full.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    public void AddExported(long count) => Interlocked.Add(ref _exported, count);

    public void AddFailed(long count) => Interlocked.Add(ref _failed, count);

    public void AddDropped() => Interlocked.Increment(ref _dropped);
}
