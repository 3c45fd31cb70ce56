using System.Net;
using System.Net.Sockets;

namespace Countersign.Gates.Postgres.Wire.Login;

/// <summary>
/// Counts how often each address guessed wrong, for a minute; an address that did so too often is not heard any more
/// until the minute is over.
/// </summary>
internal sealed class GuessLimit(int most, TimeProvider time)
{
    /// <summary>Addresses that are told apart within the window; any more share one count.</summary>
    private const int MostAddresses = 4096;

    private const int NetworkBytes = 8;

    private static readonly TimeSpan s_window = TimeSpan.FromMinutes(1);

    // Guarded by itself: the counts and the end of the window.
    private readonly Dictionary<IPAddress, int> _guesses = [];
    private DateTimeOffset _windowEnds;

    public bool IsReached(IPAddress from) => Count(from, added: 0) >= most;

    /// <summary>One more wrong guess.</summary>
    public void Add(IPAddress from) => Count(from, added: 1);

    private int Count(IPAddress from, int added)
    {
        lock (_guesses)
        {
            var now = time.GetUtcNow();
            if (now >= _windowEnds)
            {
                _guesses.Clear();
                _windowEnds = now + s_window;
            }

            var network = NetworkOf(from);
            var address = _guesses.Count < MostAddresses || _guesses.ContainsKey(network) ? network : IPAddress.None;
            var guesses = _guesses.GetValueOrDefault(address) + added;
            if (added > 0)
            {
                _guesses[address] = guesses;
            }

            return guesses;
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
}
