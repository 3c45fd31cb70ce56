using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Countersign.Server.Storage.Journal;

/// <summary>
/// Has work done in the thread that serves sockets: a byte through a pair of our own says that there is some. Where
/// sockets go on inline (<see cref="Hosting.SocketThreads"/>), sessions that wait for a record go on beside those that
/// wait for bytes, and no further thread is woken and put to sleep for each of them.
/// </summary>
internal sealed partial class SocketRelay : IDisposable
{
    private const int UnixFamily = 1;
    private const int StreamType = 1 | 0x800 /* SOCK_NONBLOCK */ | 0x80000 /* SOCK_CLOEXEC */;

    private readonly ConcurrentQueue<Action> _work = [];
    private readonly Socket _heard;
    private readonly Socket _said;
    private readonly byte[] _bytes = new byte[8];
    private int _isSaid;

    /// <exception cref="IOException">The process has no descriptor left.</exception>
    public SocketRelay()
    {
        Span<int> pair = stackalloc int[2];
        if (socketpair(UnixFamily, StreamType, protocol: 0, pair) != 0)
        {
            throw new IOException($"A pair of sockets cannot be made: errno {Marshal.GetLastPInvokeError()}.");
        }

        _heard = new Socket(new SafeSocketHandle(pair[0], ownsHandle: true));
        _said = new Socket(new SafeSocketHandle(pair[1], ownsHandle: true)) { Blocking = false };
        // It goes on for many, and belongs to no request of theirs.
        using (ExecutionContext.SuppressFlow())
        {
            _ = HearAsync();
        }
    }

    /// <summary>
    /// Hands over some work, which must not throw. It never waits; what the work itself hands over is done when all
    /// sockets were served that have bytes.
    /// </summary>
    public void Post(Action work)
    {
        _work.Enqueue(work);
        if (Interlocked.Exchange(ref _isSaid, 1) == 0)
        {
            // One byte is on its way at most, so there is room for it; whatever else fails, nobody is left waiting.
            if (!TrySay())
            {
                ThreadPool.UnsafeQueueUserWorkItem(relay => relay.DoAll(), this, preferLocal: false);
            }
        }
    }

    /// <summary>Does what is left, here.</summary>
    public void Dispose()
    {
        _said.Dispose();
        _heard.Dispose();
        while (!_work.IsEmpty)
        {
            DoAll();
        }
    }

    private bool TrySay()
    {
        try
        {
            _said.Send([1], SocketFlags.None, out var error);
            return error == SocketError.Success;
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
    }

    private async Task HearAsync()
    {
        try
        {
            // Begun before the work, so that what this hands over waits until all other sockets are served.
            for (var heard = _heard.ReceiveAsync(_bytes); await heard > 0;)
            {
                heard = _heard.ReceiveAsync(_bytes);
                DoAll();
            }
        }
        catch (Exception closed) when (closed is SocketException or ObjectDisposedException)
        {
            // What is left is done by whoever closed it.
        }
    }

    private void DoAll()
    {
        // Before looking: what is added from now on is said anew.
        Interlocked.Exchange(ref _isSaid, 0);
        for (var left = _work.Count; left > 0 && _work.TryDequeue(out var work); left--)
        {
            Do(work);
        }
    }

    /// <summary>What is half done by work that failed nobody knows, and others wait for it: a new start does.</summary>
    private static void Do(Action work)
    {
        try
        {
            work();
        }
        catch (Exception e)
        {
            Environment.FailFast("Work of the journal of reads failed where it must not.", e);
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int socketpair(int domain, int type, int protocol, Span<int> pair);
}
