using Countersign.Core.Actions;

namespace Countersign.Core.Reads;

/// <summary>One durable window of this node: counts what began in it and what of that is recorded.</summary>
internal sealed class ReadWindow(long entry, TargetName target, ReadLimits limits, DateTimeOffset until)
{
    // Guards the three below.
    private readonly Lock _lock = new();
    private long _begun;
    private long _recorded;
    private bool _isSealed;

    public long Entry => entry;

    public TargetName Target => target;

    /// <summary>Whether nothing more begins in it.</summary>
    public bool IsSealed
    {
        get
        {
            lock (_lock)
            {
                return _isSealed;
            }
        }
    }

    /// <summary>Counts one more read, before it is sent; <c>false</c> when the window takes none any more.</summary>
    /// <param name="now">The store's time.</param>
    /// <param name="isLastPart">Whether what is left lasts no longer than the next window may take to open.</param>
    public bool TryBegin(DateTimeOffset now, out bool isLastPart)
    {
        lock (_lock)
        {
            var (left, time) = (limits.WindowReads - _begun, until - now);
            isLastPart = left <= limits.WindowReads / ReadLimits.LastPart
                || time <= limits.WindowTime / ReadLimits.LastPart;
            if (_isSealed || time <= TimeSpan.Zero || left <= 0)
            {
                return false;
            }

            _begun++;
            return true;
        }
    }

    /// <summary>A read that began was not sent after all.</summary>
    public void GiveBack()
    {
        lock (_lock)
        {
            _begun--;
        }
    }

    public void Record(long reads)
    {
        lock (_lock)
        {
            _recorded += reads;
        }
    }

    public void Seal()
    {
        lock (_lock)
        {
            _isSealed = true;
        }
    }

    public bool IsOver(DateTimeOffset now)
    {
        lock (_lock)
        {
            return _isSealed || now >= until;
        }
    }

    /// <summary>How many reads ran in it, once nothing more begins and all of them are recorded.</summary>
    public long? Complete()
    {
        lock (_lock)
        {
            return _isSealed && _recorded == _begun ? _begun : null;
        }
    }
}
