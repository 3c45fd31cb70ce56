using Countersign.Core;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;

namespace Countersign.Tests.Simulation;

/// <summary>One run of one server process: when it dies, everything it was doing stops where it is.</summary>
internal sealed class SimulatedNode
{
    private readonly TaskCompletionSource _gone = new();
    private readonly Schedule.Place _place;

    public SimulatedNode(NodeId id, Schedule schedule, IStore store, SimulatedTarget target, int policy)
    {
        (Id, Charter, _place) = (id, Cast.CharterUnder(policy), schedule.NewPlace());
        Office = new Office(new OfficeOptions(store, () => Charter, new ExecutionOptions(_ => target.ExecuteAsync))
        {
            Self = id,
            Random = schedule.Random.NextBytes,
            Time = schedule.Time,
        });
    }

    public NodeId Id { get; }

    public Office Office { get; }

    public Charter Charter { get; set; }

    public bool IsAlive => !_place.IsGone;

    public void Die()
    {
        _place.IsGone = true;
        _gone.SetResult();
    }

    /// <summary>Has the node do something for somebody; <c>default</c> when it dies before it is done.</summary>
    public async Task<T?> DoAsync<T>(Func<Office, Task<T>> work)
        where T : class
    {
        var done = _place.Begin(() => work(Office));
        await Task.WhenAny(done, _gone.Task);
        return done.IsCompleted ? await done : null;
    }
}

/// <summary>The nodes that are up, over one store.</summary>
internal sealed class Cluster(Schedule schedule, int size)
{
    private readonly List<SimulatedNode> _nodes = [];
    private int _started;

    public int Policy { get; set; }

    public IReadOnlyList<SimulatedNode> Nodes => _nodes;

    public bool IsAlive(NodeId id) => _nodes.Any(node => node.Id == id);

    public void Start(IStore store, SimulatedTarget target)
    {
        while (_nodes.Count < size)
        {
            _nodes.Add(new SimulatedNode(new NodeId($"node-{++_started}"), schedule, store, target, Policy));
        }
    }

    public void Kill(SimulatedNode node)
    {
        node.Die();
        _nodes.Remove(node);
    }

    /// <summary>Any node; <c>null</c> while none is up.</summary>
    public SimulatedNode? Any() => _nodes.Count == 0 ? null : _nodes[schedule.Random.Next(_nodes.Count)];
}
