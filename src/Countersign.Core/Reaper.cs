using Countersign.Core.Actions;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;

namespace Countersign.Core;

/// <summary>
/// Step 10 of an action's life, and the timers: one sweep lets deadlines pass, takes detached approvals nobody took, ends
/// executions whose node is gone, and reports outcomes the store could not take before. It may run on every node at once,
/// because each transition is a conditional write.
/// </summary>
public sealed class Reaper
{
    /// <summary>How many actions of a kind one sweep handles; the next one goes on.</summary>
    private const int BatchSize = 200;

    private readonly IStore store;
    private readonly Registrar registrar;
    private readonly Executions executions;
    private readonly NodeId self;

    internal Reaper(IStore store, Registrar registrar, Executions executions, NodeId self)
    {
        this.store = store;
        this.registrar = registrar;
        this.executions = executions;
        this.self = self;
    }

    public async Task SweepAsync(CancellationToken cancellationToken)
    {
        await executions.SettleAsync(cancellationToken);
        foreach (var id in await store.FindDueAsync(BatchSize, cancellationToken))
        {
            await registrar.ApplyAsync(id, TimeHappening.At(store.Now), cancellationToken);
        }

        foreach (var id in await store.FindOrphansAsync(self, BatchSize, cancellationToken))
        {
            await executions.AbandonAsync(id, cancellationToken);
        }

        foreach (var id in await store.FindUntakenAsync(BatchSize, cancellationToken))
        {
            await executions.TakeAsync(id, cancellationToken);
        }
    }

    /// <summary>Waits for the executions of this node, so that a planned stop leaves no unknown outcome.</summary>
    public async Task DrainAsync(CancellationToken cancellationToken)
    {
        foreach (var work in executions.Running)
        {
            await work.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
