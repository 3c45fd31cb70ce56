using Countersign.Core.Actions;
using Countersign.Core.Records;
using Countersign.Core.Storage;
using Countersign.Tests.Support;

namespace Countersign.Tests.Core;

/// <summary>Rows that somebody changed outside Countersign.</summary>
public sealed class TamperedRowTests
{
    private readonly OfficeBench _bench = new();

    [Fact]
    public async Task One_unreadable_action_keeps_the_sweep_from_no_other()
    {
        var broken = await AskUntakenAsync("first");
        var sound = await AskUntakenAsync("second");
        _bench.Store.Unreadable = broken;
        await Assert.ThrowsAsync<StoreUnavailableException>(_bench.SweepAsync);

        Assert.Equal(ActionState.Succeeded, (await _bench.EndOfAsync(sound)).State);
        Assert.Equal(1, _bench.Sent);
    }

    [Fact]
    public async Task A_stored_action_that_lost_a_track_of_its_review_cannot_be_used()
    {
        var held = await _bench.AskHeldAsync(GateKind.Api);
        var stored = (await _bench.Store.FindAsync(held.Id, TestContext.Current.CancellationToken))!;
        Assert.Throws<StoreUnavailableException>(
            () => ActionRecord.Of(stored with { Row = stored.Row with { Tracks = [] } }));
    }

    /// <summary>An allowed action of the API whose node stopped before it took it.</summary>
    private async Task<ActionId> AskUntakenAsync(string key)
    {
        _bench.Charter = _bench.Charter with { Judge = (_, _) => OfficeBench.Allowed };
        using var stopped = new CancellationTokenSource();
        _bench.Store.AfterCommit = _ =>
        {
            _bench.Store.AfterCommit = _ => Task.CompletedTask;
            return stopped.CancelAsync();
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _bench.Office.Gatekeeper.AdmitAsync(
            OfficeBench.Ask(GateKind.Api, idempotencyKey: key), stopped.Token));
        return Assert.Single(_bench.Memory.Actions, row => row.State == ActionState.Approved
            && row.Key == OfficeBench.Ask(GateKind.Api, idempotencyKey: key).Key).Id;
    }
}
