using System.Net;
using System.Net.Sockets;

namespace Countersign.Server.Console.Sessions;

/// <summary>
/// Bounds how often one address or IPv6 network may try to sign in, so that tokens cannot be guessed through the form.
/// </summary>
internal sealed class SignInThrottle(TimeProvider time)
{
    public const int AttemptsPerMinute = 20;

    private const int MaxAddresses = 10_000;
    private const int NetworkBytes = 8;

    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    // The lock guards the dictionary; its values are immutable.
    private readonly Lock _lock = new();
    private readonly Dictionary<IPAddress, Attempts> _attempts = [];

    /// <summary>Counts one attempt; false when this address has to wait.</summary>
    public bool TryEnter(IPAddress? remote)
    {
        var address = NetworkOf(remote ?? IPAddress.None);
        var now = time.GetUtcNow();
        lock (_lock)
        {
            var known = _attempts.GetValueOrDefault(address);
            var current = known is null || now - known.Since >= Window ? new Attempts(now, 0) : known;
            if (current.Count >= AttemptsPerMinute || (known is null && !HasRoom_NeedsLock(now)))
            {
                return false;
            }

            _attempts[address] = current with { Count = current.Count + 1 };
            return true;
        }
    }

    /// <summary>Whoever has one IPv6 address has its whole /64 (RFC 7421), and so no end of addresses.</summary>
    private static IPAddress NetworkOf(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6 || address.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        }

        var bytes = address.GetAddressBytes();
        bytes.AsSpan(NetworkBytes).Clear();
        return new IPAddress(bytes);
    }

    private bool HasRoom_NeedsLock(DateTimeOffset now)
    {
        if (_attempts.Count >= MaxAddresses)
        {
            foreach (var old in _attempts.Where(pair => now - pair.Value.Since >= Window).ToList())
            {
                _attempts.Remove(old.Key);
            }
        }

        return _attempts.Count < MaxAddresses;
    }

    private sealed record Attempts(DateTimeOffset Since, int Count);
}
