using System.Net;
using System.Net.Sockets;

namespace Countersign.EndToEnd.Support;

/// <summary>
/// Ports for servers that must come back on the same one after a crash. They lie below the range from which the system
/// takes ports by itself, so that nothing else takes one meanwhile.
/// </summary>
internal static class Ports
{
    private const int First = 15_000;
    private const int Count = 15_000;

    private static int s_next = Environment.ProcessId * 50;

    public static int Take()
    {
        for (var attempt = 0; attempt < Count; attempt++)
        {
            var port = First + (int)((uint)Interlocked.Increment(ref s_next) % Count);
            if (IsFree(port))
            {
                return port;
            }
        }

        throw new InvalidOperationException($"No port from {First} to {First + Count - 1} is free.");
    }

    private static bool IsFree(int port)
    {
        using var listener = new TcpListener(IPAddress.Loopback, port);
        try
        {
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            // Somebody has it; the next one will do.
            return false;
        }
    }
}
