using System.Globalization;
using Countersign.Core.Ledger;
using Countersign.Core.Storage;

namespace Countersign.Tests.Simulation;

/// <summary>What one seed led to.</summary>
internal sealed record RunReport(
    int Seed, int Requests, int Effects, int Votes, long Steps, string Journal, IReadOnlyList<string> Breaches);

/// <summary>
/// The product's core on two nodes over one store, with agents, people and faults, under one seed. Everything but the
/// store, the target and the people is the code that runs in production.
/// </summary>
internal sealed class SimulatedRun
{
    private static readonly TimeSpan Busy = TimeSpan.FromHours(2);

    /// <summary>Longer than any review, escalation and grant together.</summary>
    private static readonly TimeSpan Quiet = TimeSpan.FromHours(2);

    private readonly int _seed;
    private readonly SimulatedBug _bug;
    private readonly Schedule _schedule;
    private readonly Oracle _oracle = new();
    private readonly Cluster _cluster;
    private readonly SimulatedStore _store;
    private readonly SimulatedTarget _target;
    private readonly Weather _weather;
    private readonly List<Task<object>> _work = [];
    private TimeSpan _sweepEvery = TimeSpan.FromSeconds(2);

    private SimulatedRun(int seed, SimulatedBug bug)
    {
        (_seed, _schedule, _bug) = (seed, new Schedule(seed), bug);
        var plan = FaultPlan.Draw(_schedule.Random);
        _cluster = new Cluster(_schedule, size: 2);
        _store = new SimulatedStore(_schedule, plan, bug, _cluster.IsAlive)
        {
            OnClaimed = id => _oracle.OnClaim(id, _cluster.Policy),
        };
        _oracle.Durable = _store.Durable;
        _target = new SimulatedTarget(_schedule, plan, _oracle);
        _weather = new Weather(_schedule, plan, _cluster, _store, _target);
    }

    public static RunReport Of(int seed, int requests, SimulatedBug bug = SimulatedBug.None) =>
        new SimulatedRun(seed, bug).Run(requests);

    private RunReport Run(int requests)
    {
        var outside = _schedule.NewPlace();
        _cluster.Start(_store, _target);
        PutFirstPolicyInForce();
        var clients = Cast.Agents
            .Select(agent => new Client(_schedule, _cluster, _target, _oracle, agent))
            .ToList();
        var voters = Cast.Voters
            .Select(person => new SimulatedVoter(_schedule, _cluster, _oracle, person))
            .ToList();
        foreach (var client in clients)
        {
            _work.Add(outside.Begin(() => client.RunAsync(requests / clients.Count)));
        }

        _work.AddRange(_weather.Events().Select(outside.Begin));
        if (_bug != SimulatedBug.NoSweep)
        {
            _ = outside.Begin(SweepAsync);
        }

        var voting = voters.Select(voter => outside.Begin(voter.RunAsync)).ToList();

        var isDone = _schedule.RunUntil(() => _work.All(task => task.IsCompleted), Busy);
        Heal(voters);
        _schedule.RunUntil(() => false, Quiet);

        _oracle.OnQuiet();
        return new RunReport(
            _seed,
            clients.Sum(client => client.Asked),
            _oracle.Effects,
            _oracle.Votes,
            _schedule.Steps,
            _oracle.Journal,
            [.. _oracle.Breaches, .. Failures(voting), .. isDone ? [] : (string[])["L4: a client waits for ever"]]);
    }

    private void PutFirstPolicyInForce()
    {
        var first = new EntryDraft(EntryType.PolicyChanged, Action: null, Revision: 0, "{}"u8.ToArray());
        var change = new Change { NewPolicy = Cast.HashOf(0), Entries = [first] };
        Assert.IsType<CommitResult.Committed>(_store.Durable.CommitAsync(change, CancellationToken.None).Result);
    }

    private void Heal(List<SimulatedVoter> voters)
    {
        voters.ForEach(voter => voter.HasStopped = true);
        (_store.IsHealed, _store.IsAway, _target.IsHealed) = (true, false, true);
        _cluster.Start(_store, _target);
        _sweepEvery = TimeSpan.FromMinutes(1);
    }

    /// <summary>Each node's timer; one that dies in a sweep is not waited for.</summary>
    private async Task<object> SweepAsync()
    {
        while (true)
        {
            await Task.Delay(_sweepEvery, _schedule.Time);
            foreach (var node in _cluster.Nodes.ToList())
            {
                try
                {
                    await node.DoAsync(async office =>
                    {
                        await office.Reaper.SweepAsync(CancellationToken.None);
                        return this;
                    });
                }
                catch (StoreUnavailableException)
                {
                    // The next sweep goes on.
                }
            }
        }
    }

    private IEnumerable<string> Failures(IEnumerable<Task<object>> voting) => _work.Concat(voting)
        .Where(task => task.IsFaulted)
        .Select(task => string.Create(CultureInfo.InvariantCulture, $"an unexpected failure: {task.Exception}"));
}
