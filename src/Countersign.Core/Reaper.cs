using System.Collections.Immutable;
using Countersign.Core.Actions;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;

namespace Countersign.Core;

/// <summary>
/// Step 10 of an action's life, and the timers: one sweep lets deadlines pass, takes detached approvals nobody took,
/// ends executions whose node is gone, withdraws what a stopped agent has left, and reports outcomes the store could
/// not take before. It may run on every node at once, because each transition is a conditional write.
/// </summary>
public sealed class Reaper
{
    /// <summary>How many actions of a kind one sweep handles; the next one goes on.</summary>
    private const int BatchSize = 200;

    private readonly IStore _store;
    private readonly Registrar _registrar;
    private readonly Executions _executions;
    private readonly StopRegister _stops;
    private readonly NodeId _self;

    internal Reaper(IStore store, Registrar registrar, Executions executions, StopRegister stops, NodeId self)
    {
        _stops = stops;
        _store = store;
        _registrar = registrar;
        _executions = executions;
        _self = self;
    }

    /// <exception cref="StoreUnavailableException">Something could not be done; everything else was.</exception>
    public async Task SweepAsync(CancellationToken cancellationToken)
    {
        await _executions.SettleAsync(cancellationToken);
        var stopped = await EachAsync(
            await _stops.FindLeftAsync(cancellationToken), id => _stops.WithdrawAsync(id, cancellationToken));
        var due = await EachAsync(
            await _store.FindDueAsync(BatchSize, cancellationToken),
            id => _registrar.ApplyAsync(id, Unasked.TimePassed(_store.Now), cancellationToken));
        var orphans = await EachAsync(
            await _store.FindOrphansAsync(_self, BatchSize, cancellationToken),
            id => _executions.AbandonAsync(id, cancellationToken));
        var untaken = await EachAsync(
            await _store.FindUntakenAsync(BatchSize, cancellationToken),
            id => _executions.TakeAsync(id, Executions.NeverRun, cancellationToken));
        if ((stopped ?? due ?? orphans ?? untaken) is { } failure)
        {
            throw failure;
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

    /// <summary>
    /// Handles each action, whatever becomes of the others: one that was tampered with must not keep all from ending.
    /// Returns the first failure.
    /// </summary>
    private static async Task<StoreUnavailableException?> EachAsync(
        ImmutableArray<ActionId> ids, Func<ActionId, Task> handle)
    {
        StoreUnavailableException? first = null;
        foreach (var id in ids)
        {
            try
            {
                await handle(id);
            }
            catch (StoreUnavailableException failure)
            {
                first ??= failure;
            }
        }

        return first;
    }
}
