using System.Security.Cryptography;
using Countersign.Core;

namespace Countersign.Server.Console.Sessions;

/// <summary>
/// What authenticators were asked with and have not answered yet, in memory: each is for one purpose, answered once,
/// and soon forgotten.
/// </summary>
internal sealed class Challenges(TimeProvider time, FillRandom random)
{
    public const string ForSignIn = "sign-in";

    private const int Bytes = 32;
    private const int MaxPending = 10_000;

    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);

    // The lock guards both: what is pending, and in which order it was issued.
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Pending> _pending = [];
    private readonly Queue<string> _order = new();

    public byte[] Issue(string purpose)
    {
        var challenge = new byte[Bytes];
        random(challenge);
        lock (_lock)
        {
            // Whoever asks too often loses the oldest, which nobody is likely to answer any more.
            while (_order.Count >= MaxPending)
            {
                _pending.Remove(_order.Dequeue());
            }

            var key = KeyOf(challenge);
            _order.Enqueue(key);
            _pending[key] = new Pending(purpose, time.GetUtcNow() + Lifetime);
        }

        return challenge;
    }

    /// <summary>Uses a challenge up; false when it was not issued for this, was used before, or is too old.</summary>
    public bool TryTake(string purpose, ReadOnlySpan<byte> challenge)
    {
        lock (_lock)
        {
            return _pending.Remove(KeyOf(challenge), out var pending)
                && pending.Purpose == purpose
                && time.GetUtcNow() < pending.ExpiresAt;
        }
    }

    private static string KeyOf(ReadOnlySpan<byte> challenge) => Convert.ToHexString(SHA256.HashData(challenge));

    private sealed record Pending(string Purpose, DateTimeOffset ExpiresAt);
}
