using System.Net;

namespace Countersign.Server.Console.Sessions;

/// <summary>
/// Bounds how often one address may try to sign in, so that tokens cannot be guessed through the form.
/// </summary>
internal sealed class SignInThrottle(TimeProvider time)
{
    public const int AttemptsPerMinute = 20;

    private const int MaxAddresses = 10_000;

    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    // The lock guards the dictionary; its values are immutable.
    private readonly Lock _lock = new();
    private readonly Dictionary<IPAddress, Attempts> _attempts = [];

    /// <summary>Counts one attempt; false when this address has to wait.</summary>
    public bool TryEnter(IPAddress? remote)
    {
        var address = remote ?? IPAddress.None;
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
