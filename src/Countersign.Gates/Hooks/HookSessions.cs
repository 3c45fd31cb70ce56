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

    // Guards the two below.
    private readonly Lock _lock = new();
    private readonly Dictionary<HookSession, DateTimeOffset> _begun = [];
    private readonly Queue<HookSession> _order = [];

    public void Begin(HookSession session)
    {
        lock (_lock)
        {
            if (_begun.TryAdd(session, time.GetUtcNow()))
            {
                _order.Enqueue(session);
            }

            while (_order.Count > MaxSessions)
            {
                _begun.Remove(_order.Dequeue());
            }
        }
    }

    /// <summary>It asked for a tool.</summary>
    public void Hear(HookSession session)
    {
        lock (_lock)
        {
            _begun.Remove(session);
        }
    }

    /// <summary>Those whose time is over, each once.</summary>
    public IReadOnlyList<HookSession> TakeSilent()
    {
        var silent = new List<HookSession>();
        var limit = time.GetUtcNow() - Patience;
        lock (_lock)
        {
            while (_order.TryPeek(out var oldest)
                && (!_begun.TryGetValue(oldest, out var since) || since <= limit))
            {
                _order.Dequeue();
                if (_begun.Remove(oldest))
                {
                    silent.Add(oldest);
                }
            }
        }

        return silent;
    }
}

/// <summary>One session of an agent, by the name that its agent gives it.</summary>
internal sealed record HookSession(AgentId Agent, TargetName Target, string Id);
