using System.Collections.Concurrent;
using Countersign.Core.Identity;

namespace Countersign.Gates.Access;

/// <summary>Counts what each agent has under way on this node, and lets no more than a limit through.</summary>
internal sealed class Turnstile(int limit)
{
    private readonly ConcurrentDictionary<AgentId, int> _inside = new();

    public bool TryEnter(AgentId agent)
    {
        if (_inside.AddOrUpdate(agent, 1, static (_, count) => count + 1) <= limit)
        {
            return true;
        }

        Leave(agent);
        return false;
    }

    public void Leave(AgentId agent)
    {
        if (_inside.AddOrUpdate(agent, 0, static (_, count) => count - 1) <= 0)
        {
            _inside.TryRemove(KeyValuePair.Create(agent, 0));
        }
    }
}
