using Countersign.Core.Actions;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;

namespace Countersign.Core;

/// <summary>
/// Step 10 of an action's life, and the timers: one sweep lets deadlines pass, takes detached approvals nobody took,
/// ends executions whose node is gone, and reports outcomes the store could not take before. It may run on every node
/// at once, because each transition is a conditional write.
/// </summary>
public sealed class Reaper
{
    /// <summary>How many actions of a kind one sweep handles; the next one goes on.</summary>
    private const int BatchSize = 200;

    private readonly IStore _store;
    private readonly Registrar _registrar;
    private readonly Executions _executions;
    private readonly NodeId _self;

    internal Reaper(IStore store, Registrar registrar, Executions executions, NodeId self)
    {
        _store = store;
        _registrar = registrar;
        _executions = executions;
        _self = self;
    }

    public async Task SweepAsync(CancellationToken cancellationToken)
    {
        await _executions.SettleAsync(cancellationToken);
        foreach (var id in await _store.FindDueAsync(BatchSize, cancellationToken))
        {
            await _registrar.ApplyAsync(id, Unasked.TimePassed(_store.Now), cancellationToken);
        }

        foreach (var id in await _store.FindOrphansAsync(_self, BatchSize, cancellationToken))
        {
            await _executions.AbandonAsync(id, cancellationToken);
        }

        foreach (var id in await _store.FindUntakenAsync(BatchSize, cancellationToken))
        {
            await _executions.TakeAsync(id, cancellationToken);
        }
    }

    /// <summary>Waits for the executions of this node, so that a planned stop leaves no unknown outcome.</summary>
    public async Task DrainAsync(CancellationToken cancellationToken)
    {
        foreach (var work in _executions.Running)
        {
            await work.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
