using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Countersign.Server.Storage.Journal;

/// <summary>
/// Wakes one thread, by an event of the system (eventfd). A semaphore of .NET spins before it sleeps, and on two
/// processors that takes time away from those who would end the wait.
/// </summary>
internal sealed partial class WakeEvent : IDisposable
{
    private const int CloseOnExec = 0x80000;

    private readonly SafeFileHandle _event;

    /// <exception cref="IOException">The process has no descriptor left.</exception>
    public WakeEvent()
    {
        var descriptor = eventfd(initial: 0, CloseOnExec);
        _event = descriptor >= 0
            ? new SafeFileHandle(descriptor, ownsHandle: true)
            : throw new IOException($"A thread cannot be given an event to wait for: errno {Errno}.");
    }

    private static int Errno => Marshal.GetLastPInvokeError();

    /// <summary>Wakes the thread, or keeps it from falling asleep the next time.</summary>
    public void Set()
    {
        ulong one = 1;
        try
        {
            _ = write(_event, in one, sizeof(ulong));
        }
        catch (ObjectDisposedException)
        {
            // The thread saw what it was to be woken for, and has ended since.
        }
    }

    /// <summary>Returns when it was set since the last time; seldom earlier, so whoever waits looks for why.</summary>
    public void Wait() => _ = read(_event, out _, sizeof(ulong));

    public void Dispose() => _event.Dispose();

    [LibraryImport("libc", SetLastError = true)]
    private static partial int eventfd(uint initial, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint write(SafeFileHandle file, in ulong value, nint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint read(SafeFileHandle file, out ulong value, nint length);
}
