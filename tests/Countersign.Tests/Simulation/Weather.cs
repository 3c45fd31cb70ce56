using System.Collections.Immutable;
using Countersign.Core.Ledger;
using Countersign.Core.Storage;

namespace Countersign.Tests.Simulation;

/// <summary>
/// What happens to everybody: nodes die and come back, the store goes away, clocks jump, policies change.
/// </summary>
internal sealed class Weather(
    Schedule schedule, FaultPlan plan, Cluster cluster, SimulatedStore store, SimulatedTarget target)
{
    private static readonly TimeSpan Stretch = TimeSpan.FromMinutes(2);

    public IEnumerable<Func<Task<object>>> Events() =>
    [
        .. Enumerable.Repeat<Func<Task<object>>>(CrashAsync, plan.Crashes),
        .. Enumerable.Repeat<Func<Task<object>>>(GoAwayAsync, plan.Outages),
        .. Enumerable.Repeat<Func<Task<object>>>(JumpAsync, plan.Jumps),
        ChangePoliciesAsync,
    ];

    private async Task<object> CrashAsync()
    {
        await schedule.DelayUpTo(Stretch);
        if (cluster.Any() is { } node)
        {
            cluster.Kill(node);
            await schedule.DelayUpTo(TimeSpan.FromSeconds(20));
            cluster.Start(store, target);
        }

        return this;
    }

    private async Task<object> GoAwayAsync()
    {
        await schedule.DelayUpTo(Stretch);
        store.IsAway = true;
        await schedule.DelayUpTo(TimeSpan.FromSeconds(20));
        store.IsAway = false;
        return this;
    }

    private async Task<object> JumpAsync()
    {
        await schedule.DelayUpTo(Stretch);
        schedule.Jump(schedule.UpTo(TimeSpan.FromMinutes(20)));
        return this;
    }

    /// <summary>The store knows first; each node learns of it a little later.</summary>
    private async Task<object> ChangePoliciesAsync()
    {
        for (var changes = schedule.Random.Next(4); changes > 0; changes--)
        {
            await schedule.DelayUpTo(Stretch);
            var policy = ++cluster.Policy;
            await store.Durable.CommitAsync(
                new Change
                {
                    NewPolicy = Cast.HashOf(policy),
                    Entries = [new EntryDraft(EntryType.PolicyChanged, Action: null, Revision: 0, "{}"u8.ToArray())],
                },
                CancellationToken.None);
            foreach (var node in cluster.Nodes.ToImmutableArray())
            {
                await schedule.DelayUpTo(TimeSpan.FromSeconds(3));
                node.Charter = Cast.CharterUnder(policy);
            }
        }

        return this;
    }
}
