namespace Countersign.Gates.Mcp;

/// <summary>
/// Counts what keeps a session from being let go. Whether anything does and that nothing comes any more is one
/// decision, so that an execution never begins on a session that is about to end.
/// </summary>
internal sealed class Occupancy
{
    private readonly Lock _lock = new();

    // Both are guarded by the lock.
    private int _count;
    private bool _isClosed;

    public bool IsEmpty
    {
        get
        {
            lock (_lock)
            {
                return _count == 0;
            }
        }
    }

    /// <summary><c>false</c> once it is closed.</summary>
    public bool TryEnter()
    {
        lock (_lock)
        {
            _count += _isClosed ? 0 : 1;
            return !_isClosed;
        }
    }

    public void Leave()
    {
        lock (_lock)
        {
            _count--;
        }
    }

    /// <summary>From here on nothing enters; <c>false</c>, and nothing changes, while something is inside.</summary>
    public bool TryClose()
    {
        lock (_lock)
        {
            _isClosed |= _count == 0;
            return _isClosed;
        }
    }
}
