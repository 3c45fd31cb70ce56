using System.Diagnostics.CodeAnalysis;
using Countersign.Core;
using Countersign.Core.Identity;
using Countersign.Core.Reviews;

namespace Countersign.Server.Console.Sessions;

/// <summary>
/// The signed-in browsers of this node, in memory: a restart signs everybody out, and no copy of a cookie survives it.
/// </summary>
internal sealed class SessionStore(TimeProvider time, FillRandom random, ConsoleOptions options)
{
    public const int MaxSessions = 10_000;

    public static readonly TimeSpan AbsoluteLifetime = TimeSpan.FromHours(8);
    public static readonly TimeSpan IdleLifetime = TimeSpan.FromMinutes(15);

    // The lock guards the dictionary and the LastSeen of every session in it.
    private readonly Lock _lock = new();
    private readonly Dictionary<string, ConsoleSession> _sessions = [];

    /// <summary>
    /// Starts a session and returns the cookie's value, which is known to nobody before: sign-in rotates.
    /// </summary>
    public string Start(Voter voter, Subject? proxied)
    {
        var cookie = SecretText.Create(random);
        var session = new ConsoleSession(voter, SecretText.Create(random), time.GetUtcNow()) { Proxied = proxied };
        lock (_lock)
        {
            MakeRoom_NeedsLock();
            _sessions.Add(SecretText.HashOf(cookie), session);
        }

        return cookie;
    }

    /// <summary>
    /// Finds a session that still counts; <paramref name="touches"/> is false for what a page does by itself.
    /// </summary>
    public bool TryFind(string? cookie, bool touches, [NotNullWhen(true)] out ConsoleSession? session)
    {
        session = null;
        if (cookie is null)
        {
            return false;
        }

        var now = time.GetUtcNow();
        lock (_lock)
        {
            var key = SecretText.HashOf(cookie);
            if (_sessions.TryGetValue(key, out session) && IsOver(session, now))
            {
                _sessions.Remove(key);
                session = null;
            }

            if (session is not null && touches)
            {
                session.LastSeen = now;
            }
        }

        return session is not null;
    }

    public void End(string? cookie)
    {
        if (cookie is not null)
        {
            lock (_lock)
            {
                _sessions.Remove(SecretText.HashOf(cookie));
            }
        }
    }

    /// <summary>Ends every session of a person but the one with this cookie.</summary>
    public void EndOthers(PersonId person, string? cookie)
    {
        var spared = cookie is null ? null : SecretText.HashOf(cookie);
        lock (_lock)
        {
            foreach (var key in _sessions
                .Where(pair => pair.Value.Voter.Person == person && pair.Key != spared)
                .Select(pair => pair.Key)
                .ToList())
            {
                _sessions.Remove(key);
            }
        }
    }

    private bool IsOver(ConsoleSession session, DateTimeOffset now) =>
        now - session.CreatedAt >= options.Limits.Absolute || now - session.LastSeen >= options.Limits.Idle;

    /// <summary>Forgets what is over, and when that is not enough, whoever was away longest.</summary>
    private void MakeRoom_NeedsLock()
    {
        if (_sessions.Count < MaxSessions)
        {
            return;
        }

        var now = time.GetUtcNow();
        foreach (var key in _sessions.Where(pair => IsOver(pair.Value, now)).Select(pair => pair.Key).ToList())
        {
            _sessions.Remove(key);
        }

        if (_sessions.Count >= MaxSessions)
        {
            _sessions.Remove(_sessions.MinBy(pair => pair.Value.LastSeen).Key);
        }
    }
}
