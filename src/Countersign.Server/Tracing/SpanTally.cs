using OpenTelemetry;

namespace Countersign.Server.Tracing;

/// <summary>
/// How many spans wait and what became of the others; it says in the log when the collector stops taking them and when
/// it takes them again. Any thread enters, one thread exports.
/// </summary>
internal sealed class SpanTally(int capacity, TraceCounts counts, ILogger log)
{
    private long _waiting;
    private bool _isFailing;

    /// <summary>Takes a place in the queue; what finds none is counted as dropped.</summary>
    public bool TryEnter()
    {
        if (Interlocked.Increment(ref _waiting) <= capacity)
        {
            return true;
        }

        Interlocked.Decrement(ref _waiting);
        counts.AddDropped();
        return false;
    }

    public void Leave(long count, ExportResult result)
    {
        Interlocked.Add(ref _waiting, -count);
        if (result == ExportResult.Success)
        {
            counts.AddExported(count);
        }
        else
        {
            counts.AddFailed(count);
        }

        Tell(isFailing: result != ExportResult.Success);
    }

    /// <summary>Once per change: a collector that is down for a day is one line, not one per batch.</summary>
    private void Tell(bool isFailing)
    {
        if (isFailing && !_isFailing)
        {
            log.TracesNotTaken();
        }
        else if (!isFailing && _isFailing)
        {
            log.TracesTakenAgain();
        }

        _isFailing = isFailing;
    }
}
