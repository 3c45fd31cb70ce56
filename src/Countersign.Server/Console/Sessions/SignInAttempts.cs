using Countersign.Core;
using Countersign.Server.SignIn;

namespace Countersign.Server.Console.Sessions;

/// <summary>
/// Browsers that were sent to the identity provider and are not back yet, in memory. Each comes back once, soon, and as
/// the browser that was sent: its cookie has to fit the state in the address (RFC 9700 section 4.7).
/// </summary>
internal sealed class SignInAttempts(TimeProvider time, FillRandom random)
{
    public const int MaxPending = 10_000;

    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);

    // The lock guards both: what is pending, and in which order it began.
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Pending> _pending = [];
    private readonly Queue<string> _order = new();

    /// <summary>Begins one; the cookie is for the browser alone.</summary>
    public (SignInQuestion Question, string Cookie) Begin(string? after)
    {
        var question = new SignInQuestion(
            SecretText.Create(random), SecretText.Create(random), SecretText.Create(random));
        var cookie = SecretText.Create(random);
        lock (_lock)
        {
            // Whoever begins too often loses the oldest, which nobody is likely to finish any more.
            while (_order.Count >= MaxPending)
            {
                _pending.Remove(_order.Dequeue());
            }

            var key = SecretText.HashOf(question.State);
            _order.Enqueue(key);
            _pending[key] = new Pending(question, SecretText.HashOf(cookie), after, time.GetUtcNow() + Lifetime);
        }

        return (question, cookie);
    }

    /// <summary>
    /// Uses an attempt up, whether or not it was this browser's: a state that somebody else presents is known to too
    /// many.
    /// </summary>
    public (SignInQuestion Question, string? After)? TryTake(string state, string? cookie)
    {
        lock (_lock)
        {
            return _pending.Remove(SecretText.HashOf(state), out var pending)
                && cookie is not null
                && SecretText.AreEqual(pending.CookieHash, SecretText.HashOf(cookie))
                && time.GetUtcNow() < pending.ExpiresAt
                    ? (pending.Question, pending.After)
                    : null;
        }
    }

    private sealed record Pending(
        SignInQuestion Question, string CookieHash, string? After, DateTimeOffset ExpiresAt);
}
