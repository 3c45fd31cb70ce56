using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;

namespace Countersign.Gates.Postgres.Wire.Login;

/// <summary>
/// The keys that agents cancel with: ours, drawn at random, never the database's. Whoever guesses is no longer heard
/// for a while.
/// </summary>
internal sealed class CancelKeys<TSession>(TimeProvider time)
    where TSession : class
{
    /// <summary>Keys of 3.0 have 4 bytes, those of 3.2 up to 256; PostgreSQL gives 32.</summary>
    private const int ShortKey = 4;
    private const int LongKey = 32;

    /// <summary>
    /// Wrong keys of one address within <see cref="s_window"/>; a client that reconnects late needs a few.
    /// </summary>
    public const int MostGuesses = 20;

    /// <summary>Addresses that are told apart within the window; any more share one count.</summary>
    private const int MostAddresses = 4096;

    private static readonly TimeSpan s_window = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<int, Entry> _sessions = new();

    // Guarded by itself: the counts and the end of the window.
    private readonly Dictionary<IPAddress, int> _guesses = [];
    private DateTimeOffset _windowEnds;

    /// <summary>A new key for a session, to be sent in BackendKeyData.</summary>
    public CancelKey Issue(TSession session, int minor)
    {
        var key = RandomNumberGenerator.GetBytes(minor >= AgentProtocol.Newest ? LongKey : ShortKey);
        while (true)
        {
            var processId = RandomNumberGenerator.GetInt32(1, int.MaxValue);
            if (_sessions.TryAdd(processId, new Entry(key, session)))
            {
                return new CancelKey(processId, key);
            }
        }
    }

    public void Withdraw(CancelKey key) => _sessions.TryRemove(key.ProcessId, out _);

    /// <summary>The session that a CancelRequest names; nothing for a wrong key or an address that guesses.</summary>
    public TSession? Find(int processId, ReadOnlySpan<byte> key, IPAddress from)
    {
        if (Guesses(from, added: 0) >= MostGuesses)
        {
            return null;
        }

        if (_sessions.TryGetValue(processId, out var entry) && CryptographicOperations.FixedTimeEquals(key, entry.Key))
        {
            return entry.Session;
        }

        Guesses(from, added: 1);
        return null;
    }

    private int Guesses(IPAddress from, int added)
    {
        lock (_guesses)
        {
            var now = time.GetUtcNow();
            if (now >= _windowEnds)
            {
                _guesses.Clear();
                _windowEnds = now + s_window;
            }

            var address = _guesses.Count < MostAddresses || _guesses.ContainsKey(from) ? from : IPAddress.None;
            var guesses = _guesses.GetValueOrDefault(address);
            if (added > 0)
            {
                _guesses[address] = guesses + added;
            }

            return guesses;
        }
    }

    private sealed record Entry(byte[] Key, TSession Session);
}

/// <summary>What BackendKeyData tells and CancelRequest repeats.</summary>
internal sealed record CancelKey(int ProcessId, byte[] Key);
