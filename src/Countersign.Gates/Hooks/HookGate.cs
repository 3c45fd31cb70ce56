using Countersign.Core.Actions;
using Countersign.Gates.Access;
using Microsoft.Extensions.Logging;

namespace Countersign.Gates.Hooks;

/// <summary>
/// What coding agents' hooks ask over the API. A session that begins says so: of an agent that works without ever
/// saying that, nobody knows what it does.
/// </summary>
internal sealed class HookGate(HookSessions sessions, ILogger<HookGate> log)
{
    /// <summary>The operation with which a hook only says that a session begins.</summary>
    public const string SessionStart = "SessionStart";

    public Task<(Asking? Asking, Problem? Problem)> CompleteAsync(Asking asked, CancellationToken cancellationToken)
    {
        var completed = HookActionReader.Complete(asked);
        if (completed.Asking is null)
        {
            return Task.FromResult(completed);
        }

        var session = asked.Claimed.Session is { } id
            ? new HookSession(asked.Asker.Agent, asked.Target.Name, id)
            : null;
        if (asked.Action.Operation == SessionStart)
        {
            log.SessionBegun(asked.Target.Name, asked.Asker.Agent);
            if (session is not null)
            {
                sessions.Begin(session);
            }
        }
        else if (session is not null)
        {
            sessions.Hear(session);
        }

        return Task.FromResult(completed);
    }
}
