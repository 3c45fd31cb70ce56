using System.Collections.Immutable;
using Countersign.Core.Actions;
using Countersign.Core.Reads;
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

    private readonly ReaperRooms _rooms;
    private readonly NodeId _self;

    internal Reaper(ReaperRooms rooms, NodeId self) => (_rooms, _self) = (rooms, self);

    /// <exception cref="StoreUnavailableException">Something could not be done; everything else was.</exception>
    public async Task SweepAsync(CancellationToken cancellationToken)
    {
        var (store, registrar, executions, orphanage, reads, stops) = _rooms;
        await executions.SettleAsync(cancellationToken);
        var stopped = await EachAsync(
            await stops.FindLeftAsync(cancellationToken), id => stops.WithdrawAsync(id, cancellationToken));
        var due = await EachAsync(
            await store.FindDueAsync(BatchSize, cancellationToken),
            id => registrar.ApplyAsync(id, Unasked.TimePassed(store.Now), cancellationToken));
        var silent = new HashSet<TargetName>();
        var orphans = await EachAsync(
            await store.FindOrphansAsync(_self, BatchSize, cancellationToken),
            id => orphanage.EndAsync(id, silent, cancellationToken));
        var untaken = await EachAsync(
            await store.FindUntakenAsync(BatchSize, cancellationToken),
            id => executions.TakeAsync(id, Executions.NeverRun, cancellationToken));
        var unread = await OnceAsync(() => reads.SweepAsync(cancellationToken));
        if ((stopped ?? due ?? orphans ?? untaken ?? unread) is { } failure)
        {
            throw failure;
        }
    }

    /// <summary>
    /// Ends the windows of this node, so that a planned stop leaves no gap, and waits for its executions, so that it
    /// leaves no unknown outcome.
    /// </summary>
    public async Task DrainAsync(CancellationToken cancellationToken)
    {
        await _rooms.Reads.DrainAsync(cancellationToken);
        foreach (var work in _rooms.Executions.Running)
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
            var failure = await OnceAsync(() => handle(id));
            first ??= failure;
        }

        return first;
    }

    private static async Task<StoreUnavailableException?> OnceAsync(Func<Task> handle)
    {
        try
        {
            await handle();
            return null;
        }
        catch (StoreUnavailableException failure)
        {
            return failure;
        }
    }
}

/// <summary>Whom the sweep visits.</summary>
internal sealed record ReaperRooms(
    IStore Store,
    Registrar Registrar,
    Executions Executions,
    Orphans Orphans,
    ReadDesk Reads,
    StopRegister Stops);
