using System.Collections.Immutable;
using Countersign.Core.Identity;

namespace Countersign.Core;

/// <summary>
/// Which agents are stopped, as this node knows it: a sweep old at most. It closes doors early and cuts what is open;
/// whether anything may run is asked of the store (<see cref="Storage.Change.OnlyIfActive"/>).
/// </summary>
public sealed class StoppedAgents
{
    private ImmutableHashSet<AgentId> _agents = [];

    /// <summary>Raised when this node learns of a stop; what an agent still has open is cut then.</summary>
    public event Action<AgentId>? Stopped;

    public bool Contains(AgentId agent) => _agents.Contains(agent);

    internal void Add(AgentId agent)
    {
        if (ImmutableInterlocked.Update(ref _agents, static (all, added) => all.Add(added), agent))
        {
            Stopped?.Invoke(agent);
        }
    }

    internal void Remove(AgentId agent) =>
        ImmutableInterlocked.Update(ref _agents, static (all, removed) => all.Remove(removed), agent);

    /// <summary>Takes over what the store says, whichever node it came from.</summary>
    internal void Put(IEnumerable<AgentId> stopped)
    {
        var known = stopped.ToImmutableHashSet();
        foreach (var agent in _agents.Except(known))
        {
            Remove(agent);
        }

        foreach (var agent in known)
        {
            Add(agent);
        }
    }
}
