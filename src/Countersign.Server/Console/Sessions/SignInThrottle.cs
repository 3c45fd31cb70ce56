using System.Net;
using System.Net.Sockets;

namespace Countersign.Server.Console.Sessions;

/// <summary>
/// Bounds how often one address or IPv6 network may try to sign in, so that tokens cannot be guessed through the form.
/// </summary>
internal sealed class SignInThrottle(TimeProvider time)
{
    public const int AttemptsPerMinute = 20;

    /// <summary>
    /// Questions that test no secret, such as what an authenticator is to sign. They are no attempts, because a page of
    /// anybody's could ask them and lock out all who share an address. But one address must not push out the questions
    /// that others have still to answer, of which 10,000 wait for five minutes.
    /// </summary>
    public const int QuestionsPerMinute = 300;

    private const int MaxAddresses = 10_000;
    private const int NetworkBytes = 8;

    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    // The lock guards the dictionary; its values are immutable.
    private readonly Lock _lock = new();
    private readonly Dictionary<(IPAddress Address, bool IsQuestion), Attempts> _attempts = [];

    /// <summary>Counts one attempt; false when this address has to wait.</summary>
    public bool TryEnter(IPAddress? remote) => TryCount(remote, isQuestion: false, AttemptsPerMinute);

    /// <summary>Counts one question; false when this address has to wait.</summary>
    public bool TryAsk(IPAddress? remote) => TryCount(remote, isQuestion: true, QuestionsPerMinute);

    private bool TryCount(IPAddress? remote, bool isQuestion, int most)
    {
        var address = (NetworkOf(remote ?? IPAddress.None), isQuestion);
        var now = time.GetUtcNow();
        lock (_lock)
        {
            var known = _attempts.GetValueOrDefault(address);
            var current = known is null || now - known.Since >= Window ? new Attempts(now, 0) : known;
            if (current.Count >= most || (known is null && !HasRoom_NeedsLock(now)))
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
