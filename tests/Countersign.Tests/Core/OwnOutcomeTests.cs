using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Ledger;
using Countersign.Core.Records;
using Countersign.Core.Reviews;

namespace Countersign.Tests.Core;

/// <summary>
/// Calls whose effect belongs to a transaction of their own (DESIGN section 6.5): they share reviews and grants with
/// identical calls, and never an outcome.
/// </summary>
public sealed class OwnOutcomeTests : CoreTests
{
    private static Asking Own { get; } = CoreHost.Ask() with { TakesOwnOutcomeOnly = true };

    [Fact]
    public async Task They_attach_to_an_open_review_and_take_its_grant()
    {
        var held = await Host.RecordOfAsync(Own);
        Assert.Equal(held.Id, (await Host.RecordOfAsync(Own)).Id);
        await Host.VoteAsync(held, CoreHost.Alice);

        var ended = await Host.RecordOfAsync(Own);

        Assert.Equal((held.Id, ActionState.Succeeded), (ended.Id, ended.State));
        Assert.Equal([held.Id], Host.Target.Sent);
    }

    [Fact]
    public async Task A_remembered_denial_is_their_answer_too()
    {
        var held = await Host.RecordOfAsync(Own);
        await Host.VoteAsync(held, CoreHost.Alice, Decision.Deny);

        var told = await Host.RecordOfAsync(Own);

        Assert.Equal((held.Id, ActionState.Denied), (told.Id, told.State));
    }

    [Fact]
    public async Task An_outcome_that_nobody_got_is_not_theirs()
    {
        var held = await Host.RecordOfAsync(Own);
        await Host.VoteAsync(held, CoreHost.Alice);
        Assert.Equal(ActionState.Succeeded, (await Host.RecordOfAsync(Own)).State);

        var again = await Host.RecordOfAsync(Own);

        Assert.NotEqual(held.Id, again.Id);
        Assert.Equal(ActionState.Pending, again.State);
    }

    [Fact]
    public async Task While_another_call_executes_the_only_use_they_open_a_review_of_their_own()
    {
        var held = await Host.RecordOfAsync(Own);
        await Host.VoteAsync(held, CoreHost.Alice);
        var answer = Host.Target.Hold();
        await using var first = Host.Call(Own);
        await answer.Asked.WaitAsync(Host.Cancel);

        var second = await Host.RecordOfAsync(Own);
        answer.Give();

        Assert.Equal(held.Id, (await first.EndedAsync()).Id);
        Assert.NotEqual(held.Id, second.Id);
        Assert.Equal(ActionState.Pending, second.State);
        Assert.Equal([held.Id], Host.Target.Sent);
    }

    [Fact]
    public async Task Of_two_that_wait_for_one_review_the_loser_waits_for_another()
    {
        await using var first = Host.Call(Own);
        var held = await first.HeldAsync();
        await using var second = Host.Call(Own);
        await second.HeldAsync();

        await Host.VoteAsync(held, CoreHost.Alice);
        using var winner = await await Task.WhenAny(first.HandledAsync(), second.HandledAsync());
        var loser = first.HandledAsync().IsCompleted ? second : first;
        var again = await loser.HeldAsync();

        Assert.Equal(held.Id, Assert.IsType<Answer.Ended>(winner.Answer).Record.Id);
        Assert.NotEqual(held.Id, again.Id);
        Assert.Equal([held.Id], Host.Target.Sent);
    }

    [Fact]
    public async Task They_wait_for_their_turn_when_the_grant_will_have_uses_left()
    {
        await Host.PutInForceAsync(Demand.OneDbaForTwoUses);
        var held = await Host.RecordOfAsync(Own);
        await Host.VoteAsync(held, CoreHost.Alice);
        var answer = Host.Target.Hold();
        await using var first = Host.Call(Own);
        await answer.Asked.WaitAsync(Host.Cancel);

        var impatient = Assert.IsType<Answer.StillPending>(await Host.CallBrieflyAsync(Own)).Record;
        await using var second = Host.Call(Own);
        answer.Give();

        Assert.Equal((held.Id, ActionState.Executing), (impatient.Id, impatient.State));
        Assert.Equal(held.Id, (await second.EndedAsync()).Id);
        Assert.Equal([held.Id, held.Id], Host.Target.Sent);
    }

    [Fact]
    public async Task A_grant_that_ended_with_a_use_left_leaves_them_no_outcome()
    {
        await Host.PutInForceAsync(Demand.OneDbaForTwoUses);
        var held = await Host.RecordOfAsync(Own);
        await Host.VoteAsync(held, CoreHost.Alice);
        Assert.Equal(ActionState.Approved, (await Host.RecordOfAsync(Own)).State);

        Host.Time.Advance(GrantTerms.Default.TimeToLive);
        var again = await Host.RecordOfAsync(Own);

        Assert.Equal(ActionState.Succeeded, (await Host.ReadAsync(held)).State);
        Assert.NotEqual(held.Id, again.Id);
        Assert.Equal(ActionState.Pending, again.State);
    }

    [Fact]
    public async Task What_a_node_executed_for_the_API_is_not_theirs()
    {
        var held = await Host.HoldAsync(CoreHost.AskDetached());
        await using var call = Host.Call(Own);
        Assert.Equal(held.Id, (await call.HeldAsync()).Id);

        await Host.VoteAsync(held, CoreHost.Alice);
        var again = await call.HeldAsync();

        Assert.Equal(ActionState.Succeeded, (await Host.UntilEndedAsync(held)).State);
        Assert.NotEqual(held.Id, again.Id);
        Assert.Equal([held.Id], Host.Target.Sent);
    }

    [Fact]
    public async Task What_may_have_effects_is_recorded_before_it_is_sent_whatever_the_rule_says()
    {
        ActionRecord ended = await Host.RecordOfAsync(CoreHost.Ask("peek") with { NeedsIntent = true });

        await AssertEntriesAsync(
            ended, EntryType.ActionRequested, EntryType.ExecutionIntent, EntryType.ExecutionOutcome);
    }
}
