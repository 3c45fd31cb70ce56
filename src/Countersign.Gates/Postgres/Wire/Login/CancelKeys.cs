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

    /// <summary>Wrong keys of one address within a minute; a client that reconnects late needs a few.</summary>
    public const int MostGuesses = 20;

    private readonly ConcurrentDictionary<int, Entry> _sessions = new();
    private readonly GuessLimit _guesses = new(MostGuesses, time);

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
        if (_guesses.IsReached(from))
        {
            return null;
        }

        if (_sessions.TryGetValue(processId, out var entry) && CryptographicOperations.FixedTimeEquals(key, entry.Key))
        {
            return entry.Session;
        }

        _guesses.Add(from);
        return null;
    }

    private sealed record Entry(byte[] Key, TSession Session);
}

/// <summary>What BackendKeyData tells and CancelRequest repeats.</summary>
internal sealed record CancelKey(int ProcessId, byte[] Key);
