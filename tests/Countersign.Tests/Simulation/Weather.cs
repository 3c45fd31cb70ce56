using System.Collections.Immutable;
using Countersign.Core;
using Countersign.Core.Identity;
using Countersign.Core.Ledger;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;

namespace Countersign.Tests.Simulation;

/// <summary>
/// What happens to everybody: nodes die and come back, the store goes away, clocks jump, policies change,
/// people stop agents and let them go on.
/// </summary>
internal sealed class Weather(
    Schedule schedule, FaultPlan plan, Cluster cluster, SimulatedStore store, SimulatedTarget target)
{
    private const int MaxAttempts = 10;

    private static readonly TimeSpan Stretch = TimeSpan.FromMinutes(2);

    public IEnumerable<Func<Task<object>>> Events() =>
    [
        .. Enumerable.Repeat<Func<Task<object>>>(CrashAsync, plan.Crashes),
        .. Enumerable.Repeat<Func<Task<object>>>(GoAwayAsync, plan.Outages),
        .. Enumerable.Repeat<Func<Task<object>>>(JumpAsync, plan.Jumps),
        .. Enumerable.Repeat<Func<Task<object>>>(StopAgentAsync, plan.Stops),
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

    /// <summary>Somebody stops an agent, and repeats it until it is certain; later others may let it go on.</summary>
    private async Task<object> StopAgentAsync()
    {
        await schedule.DelayUpTo(Stretch);
        var agent = Cast.Agents[schedule.Random.Next(Cast.Agents.Length)];
        if (schedule.Chance(50))
        {
            store.StopsAtClaim = agent;
            await schedule.DelayUpTo(TimeSpan.FromSeconds(30));
        }

        await InsistAsync(isStopped: true, agent, office => office.Agents.StopAsync(
            agent, AnyPerson(), comment: null, CancellationToken.None));
        await schedule.DelayUpTo(TimeSpan.FromSeconds(40));
        if (schedule.Chance(80))
        {
            await InsistAsync(isStopped: false, agent, office => office.Agents.ResumeAsync(
                agent, new Voter(AnyPerson(), Assurance.Session), comment: null, shown: null, CancellationToken.None));
        }

        return this;
    }

    private async Task InsistAsync<T>(bool isStopped, AgentId agent, Func<Office, Task<T>> work)
        where T : class
    {
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            if (await store.Durable.FindStopAsync(agent, CancellationToken.None) is not null == isStopped)
            {
                return;
            }

            try
            {
                await (cluster.Any()?.DoAsync(work) ?? Task.FromResult<T?>(null));
            }
            catch (StoreUnavailableException)
            {
                // Told to try again.
            }

            await schedule.DelayUpTo(TimeSpan.FromSeconds(5));
        }
    }

    private PersonId AnyPerson() => Cast.Voters[schedule.Random.Next(Cast.Voters.Length)];

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
