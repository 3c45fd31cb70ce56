using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Ledger;
using Countersign.Core.Records;

namespace Countersign.Tests.Core;

/// <summary>Callers who go as soon as people have to decide, and leave the approval to a node.</summary>
public sealed class LeavingTests : CoreTests
{
    [Fact]
    public async Task Their_approval_is_taken_by_the_node_and_the_ledger_sees_no_difference()
    {
        var held = await LeaveAsync(CoreHost.Ask());

        await Host.VoteAsync(held, CoreHost.Alice);

        Assert.Equal(ActionState.Succeeded, (await Host.UntilEndedAsync(held)).State);
        Assert.Equal([held.Id], Host.Target.Sent);
        await AssertEntriesAsync(
            held,
            EntryType.ActionRequested,
            EntryType.ReviewOpened,
            EntryType.ReviewVote,
            EntryType.ReviewDecided,
            EntryType.ExecutionIntent,
            EntryType.ExecutionOutcome);
    }

    [Fact]
    public async Task A_node_that_dies_between_decision_and_claim_loses_no_approval_of_theirs()
    {
        var held = await LeaveAsync(CoreHost.Ask());
        Host.Store.FailOn(EntryType.ExecutionIntent);
        await Host.VoteAsync(held, CoreHost.Alice);
        Host.Store.Heal();
        Host.LoseNode();

        await Host.SweepAsync();

        Assert.Equal(ActionState.Succeeded, (await Host.UntilEndedAsync(held)).State);
        Assert.Equal([held.Id], Host.Target.Sent);
    }

    [Fact]
    public async Task They_may_leave_a_review_that_a_live_call_opened_and_it_runs_once_for_both()
    {
        await using var live = Host.Call(CoreHost.Ask());
        await live.HeldAsync();

        var left = await LeaveAsync(CoreHost.Ask());
        await Host.VoteAsync(left, CoreHost.Alice);
        var ended = await live.EndedAsync();

        Assert.Equal(left.Id, ended.Id);
        Assert.Equal(ActionState.Succeeded, ended.State);
        Assert.Equal([left.Id], Host.Target.Sent);
    }

    [Fact]
    public async Task A_request_over_the_API_leaves_a_review_of_a_live_call_to_the_node_and_both_get_the_outcome()
    {
        await using var live = Host.Call(CoreHost.Ask());
        var held = await live.HeldAsync();

        var left = Assert.IsType<Admission.Held>(await Host.AdmitAsync(CoreHost.AskDetached())).Record;
        Assert.Equal((held.Id, true), (left.Id, left.Detached));
        await Host.VoteAsync(left, CoreHost.Alice);
        var ended = await live.EndedAsync();

        Assert.Equal((left.Id, ActionState.Succeeded), (ended.Id, ended.State));
        Assert.Equal([left.Id], Host.Target.Sent);
    }

    [Fact]
    public async Task An_approval_that_a_live_call_did_not_wait_for_is_taken_when_the_API_asks_for_it()
    {
        var held = await Host.RecordOfAsync(CoreHost.Ask());
        await Host.VoteAsync(held, CoreHost.Alice);
        Assert.Empty(Host.Target.Sent);

        await Host.AdmitAsync(CoreHost.AskDetached());
        var ended = await Host.UntilEndedAsync(held);

        Assert.Equal((ActionState.Succeeded, true), (ended.State, ended.Detached));
        Assert.Equal([held.Id], Host.Target.Sent);
    }

    [Fact]
    public async Task An_approval_that_is_already_there_is_taken_by_the_call_itself()
    {
        var held = await Host.RecordOfAsync(CoreHost.Ask());
        await Host.VoteAsync(held, CoreHost.Alice);

        using var handled = await HandleAsync(CoreHost.Ask());

        Assert.Equal(ActionState.Succeeded, Assert.IsType<Answer.Ended>(handled.Answer).Record.State);
        Assert.Equal([held.Id], Host.Target.Sent);
    }

    [Fact]
    public async Task What_is_left_of_a_grant_after_its_first_use_is_taken_by_nobody_but_who_asks_again()
    {
        await Host.PutInForceAsync(Demand.OneDbaForTwoUses);
        var held = await LeaveAsync(CoreHost.Ask());
        await Host.VoteAsync(held, CoreHost.Alice);
        await Host.DrainAsync();

        await Host.SweepAsync();
        await Host.DrainAsync();
        Assert.Equal([held.Id], Host.Target.Sent);

        var second = await Host.RecordOfAsync(CoreHost.Ask());
        Assert.Equal(ActionState.Succeeded, second.State);
        Assert.Equal([held.Id, held.Id], Host.Target.Sent);
    }

    [Fact]
    public async Task An_approval_that_comes_before_they_could_leave_is_taken_by_the_call_itself()
    {
        ActionRecord? held = null;
        Host.Store.OnceCommitted(EntryType.ReviewOpened, async () =>
        {
            held = Assert.IsType<Admission.Held>(await Host.AdmitAsync(CoreHost.Ask())).Record;
            await Host.VoteAsync(held, CoreHost.Alice);
        });

        using var handled = await HandleAsync(CoreHost.Ask());

        Assert.Equal(ActionState.Succeeded, Assert.IsType<Answer.Ended>(handled.Answer).Record.State);
        Assert.Equal([held!.Id], Host.Target.Sent);
    }

    private async Task<ActionRecord> LeaveAsync(Asking asking)
    {
        using var handled = await HandleAsync(asking);
        return Assert.IsType<Answer.StillPending>(handled.Answer).Record;
    }

    private Task<Handled> HandleAsync(Asking asking)
    {
        var call = new Call(
            Host.Target.ExecuteAsync,
            TimeSpan.FromHours(1),
            _ => Assert.Fail("Nobody who leaves is kept informed."))
        {
            LeavesWhenHeld = true,
        };
        return Host.Gatekeeper.HandleAsync(asking, call, Host.Cancel);
    }
}
