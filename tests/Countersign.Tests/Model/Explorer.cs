using Countersign.Core.Actions;

namespace Countersign.Tests.Model;

/// <summary>What a walk through all worlds found.</summary>
/// <param name="States">Different worlds.</param>
/// <param name="Transitions">Moves between them.</param>
/// <param name="Breach">The invariant that does not hold; <c>null</c> when all do.</param>
/// <param name="Trace">A shortest way to the breach, move by move.</param>
internal sealed record Finding(int States, int Transitions, string? Breach, IReadOnlyList<string> Trace);

/// <summary>
/// Walks breadth first through every world that can be reached, so that the first breach it meets is a nearest one. At
/// the end it asks of every world whether the action can still end there.
/// </summary>
internal sealed class Explorer(DesignBug bug, Scene scene)
{
    private readonly Protocol _protocol = new(bug, scene);
    private readonly Dictionary<string, int> _known = [];
    private readonly List<World> _worlds = [];
    private readonly List<(int From, string Move)> _origins = [];
    private readonly List<List<int>> _sources = [];
    private int _transitions;

    public Finding Explore()
    {
        Add(Setting.Begin(), from: -1, move: "");
        for (var at = 0; at < _worlds.Count; at++)
        {
            foreach (var move in _protocol.MovesFrom(_worlds[at]))
            {
                _transitions++;
                var to = Add(move.To, at, move.Name);
                _sources[to].Add(at);
                if (move.Breach is not null)
                {
                    return Found(move.Breach, [.. TraceTo(at), move.Name]);
                }
            }
        }

        return FirstWithoutEnd() is { } stuck
            ? Found("L1: the action can never end", TraceTo(stuck))
            : Found(breach: null, trace: []);
    }

    private int Add(World world, int from, string move)
    {
        var key = world.Key(storeTakesStale: bug == DesignBug.NoCompareAndSet);
        if (_known.TryGetValue(key, out var known))
        {
            return known;
        }

        _known.Add(key, _worlds.Count);
        _worlds.Add(world);
        _origins.Add((from, move));
        _sources.Add([]);
        return _worlds.Count - 1;
    }

    /// <summary>Goes backwards from every end; whoever is not met has no way there.</summary>
    private int? FirstWithoutEnd()
    {
        var ends = new bool[_worlds.Count];
        var queue = new Queue<int>(Enumerable.Range(0, _worlds.Count).Where(i => _worlds[i].Row.State.HasEnded()));
        foreach (var end in queue)
        {
            ends[end] = true;
        }

        while (queue.TryDequeue(out var at))
        {
            foreach (var source in _sources[at].Where(source => !ends[source]))
            {
                ends[source] = true;
                queue.Enqueue(source);
            }
        }

        var first = Array.IndexOf(ends, false);
        return first < 0 ? null : first;
    }

    private List<string> TraceTo(int world)
    {
        var trace = new List<string>();
        for (var at = world; _origins[at].From >= 0; at = _origins[at].From)
        {
            trace.Add(_origins[at].Move);
        }

        trace.Reverse();
        return trace;
    }

    private Finding Found(string? breach, IReadOnlyList<string> trace) =>
        new(_worlds.Count, _transitions, breach, trace);
}
