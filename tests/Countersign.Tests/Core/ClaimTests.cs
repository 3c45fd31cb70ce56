using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Ledger;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;
using Countersign.Tests.Support;

namespace Countersign.Tests.Core;

/// <summary>Claims and outcomes when something goes wrong exactly between the store and whoever waits for it.</summary>
public sealed class ClaimTests
{
    private readonly OfficeBench _bench = new();

    [Fact]
    public async Task An_allowed_call_whose_claim_was_not_acknowledged_ends_as_not_sent()
    {
        _bench.Charter = _bench.Charter with { Judge = (_, _) => OfficeBench.Allowed };
        LoseNextAcknowledgement(EntryType.ExecutionIntent);
        await Assert.ThrowsAsync<StoreUnavailableException>(
            () => _bench.CallAsync(TestContext.Current.CancellationToken));
        Assert.Equal(ActionState.Executing, (await _bench.OnlyActionAsync()).State);

        await _bench.SweepAsync();
        var settled = await _bench.OnlyActionAsync();
        Assert.Equal(ActionState.Failed, settled.State);
        Assert.StartsWith("Nothing was sent", settled.Outcome!.Error, StringComparison.Ordinal);
        Assert.Equal(0, _bench.Sent);
    }

    [Fact]
    public async Task A_voter_who_leaves_during_the_claim_leaves_no_action_that_nobody_runs()
    {
        var held = await _bench.AskHeldAsync(GateKind.Api);
        using var leaving = new CancellationTokenSource();
        _bench.Store.AfterCommit = change => Has(change, EntryType.ExecutionIntent)
            ? leaving.CancelAsync()
            : Task.CompletedTask;
        var vote = _bench.Office.ReviewDesk.VoteAsync(
            held.Id,
            new Voter(OfficeBench.Bob, Assurance.Session),
            new Ballot(Decision.Approve, held.Action.Digest, Comment: null),
            leaving.Token);
        await Task.WhenAny(vote);

        Assert.Equal(ActionState.Succeeded, (await _bench.EndOfAsync(held.Id)).State);
        Assert.Equal(1, _bench.Sent);
    }

    [Fact]
    public async Task A_caller_who_leaves_during_the_claim_of_an_allowed_call_leaves_no_action_that_nobody_runs()
    {
        _bench.Charter = _bench.Charter with { Judge = (_, _) => OfficeBench.Allowed };
        using var leaving = new CancellationTokenSource();
        _bench.Store.AfterCommit = change => Has(change, EntryType.ExecutionIntent)
            ? leaving.CancelAsync()
            : Task.CompletedTask;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _bench.CallAsync(leaving.Token));

        var claimed = await _bench.OnlyActionAsync();
        Assert.Equal(ActionState.Succeeded, (await _bench.EndOfAsync(claimed.Id)).State);
    }

    [Fact]
    public async Task A_sweep_never_reports_as_not_sent_what_another_claim_of_this_node_is_executing()
    {
        var held = await _bench.AskHeldAsync(GateKind.Api);
        // The approval is durable, but its claim fails before it reaches the store.
        _bench.Store.AfterCommit = change =>
        {
            _bench.Store.IsUnreadable = Has(change, EntryType.ReviewDecided);
            return Task.CompletedTask;
        };
        await _bench.ApproveAsync(held, OfficeBench.Bob);
        _bench.Store.IsUnreadable = false;
        Assert.Equal((ActionState.Approved, 0), ((await _bench.OnlyActionAsync()).State, _bench.Sent));

        // The next claim comes through and is slow, and the sweep that remembers the first one looks meanwhile.
        var answer = new TaskCompletionSource();
        _bench.Answering = answer.Task;
        await _bench.Office.Gatekeeper.AdmitAsync(
            OfficeBench.Ask(GateKind.Api), TestContext.Current.CancellationToken);
        await _bench.SweepAsync();
        Assert.Equal(ActionState.Executing, (await _bench.OnlyActionAsync()).State);

        answer.SetResult();
        Assert.Equal(ActionState.Succeeded, (await _bench.EndOfAsync(held.Id)).State);
        Assert.Equal(1, _bench.Sent);
    }

    private static bool Has(Change change, EntryType type) => change.Entries.Any(entry => entry.Type == type);

    private void LoseNextAcknowledgement(EntryType type) => _bench.Store.AfterCommit = change =>
    {
        if (!Has(change, type))
        {
            return Task.CompletedTask;
        }

        _bench.Store.AfterCommit = _ => Task.CompletedTask;
        throw new StoreUnavailableException("The acknowledgement was lost.");
    };
}
