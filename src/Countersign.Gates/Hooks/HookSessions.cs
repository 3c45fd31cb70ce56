using Countersign.Core.Actions;
using Countersign.Core.Identity;

namespace Countersign.Gates.Hooks;

/// <summary>
/// Sessions of coding agents that said they begin and have asked for nothing since. An agent whose hooks are switched
/// off after its session began, or that has tools which call none, looks like that (THR-081).
/// </summary>
internal sealed class HookSessions(TimeProvider time)
{
    /// <summary>How long a session may go without a call before somebody is told.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(15);

    /// <summary>More are forgotten, oldest first.</summary>
    public const int MaxSessions = 10_000;

    // Guards the one below.
    private readonly Lock _lock = new();

    /// <summary>Since when each is silent, in that order.</summary>
    private readonly OrderedDictionary<HookSession, DateTimeOffset> _silent = [];

    public void Begin(HookSession session)
    {
        lock (_lock)
        {
            if (_silent.TryAdd(session, time.GetUtcNow()) && _silent.Count > MaxSessions)
            {
                _silent.RemoveAt(0);
            }
        }
    }

    /// <summary>It asked for a tool.</summary>
    public void Hear(HookSession session)
    {
        lock (_lock)
        {
            _silent.Remove(session);
        }
    }

    /// <summary>One whose time is over, with when it began; it stays until <see cref="Hear"/>.</summary>
    public bool TryFindSilent(out HookSession session, out DateTimeOffset since)
    {
        lock (_lock)
        {
            var oldest = _silent.Count > 0 ? _silent.GetAt(0) : default;
            (session, since) = (oldest.Key, oldest.Value);
            return _silent.Count > 0 && since <= time.GetUtcNow() - Patience;
        }
    }
}

/// <summary>One session of an agent, by the name that its agent gives it.</summary>
internal sealed record HookSession(AgentId Agent, TargetName Target, string Id);
