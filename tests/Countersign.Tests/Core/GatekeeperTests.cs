using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Ledger;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Tests.Support;

namespace Countersign.Tests.Core;

/// <summary>Calls that wait: from request to answer, by way of people.</summary>
public sealed class GatekeeperTests : CoreTests
{
    [Fact]
    public async Task An_allowed_call_is_sent_only_after_its_intent_is_durable()
    {
        IReadOnlyList<EntryType> seen = [];
        Host.Target.Answer = async (action, _) =>
        {
            seen = await Host.EntriesOfAsync(action.Id);
            return PlayedTarget.Done;
        };

        var record = await Host.RecordOfAsync(CoreHost.Ask("read"));

        Assert.Equal([EntryType.ActionRequested, EntryType.ExecutionIntent], seen);
        Assert.Equal(ActionState.Succeeded, record.State);
        Assert.Equal("""{"done":true}"""u8, record.Outcome!.Result!.Value.Span);
        await AssertEntriesAsync(
            record, EntryType.ActionRequested, EntryType.ExecutionIntent, EntryType.ExecutionOutcome);
    }

    [Fact]
    public async Task A_denied_call_is_recorded_and_never_sent()
    {
        var record = await Host.RecordOfAsync(CoreHost.Ask("drop"));

        Assert.Equal(ActionState.Refused, record.State);
        Assert.Contains("Writes need a look.", record.Ending, StringComparison.Ordinal);
        Assert.Empty(Host.Target.Sent);
        await AssertEntriesAsync(record, EntryType.ActionRefused);
    }

    [Fact]
    public async Task A_held_call_is_sent_once_after_its_approval()
    {
        await using var call = Host.Call(CoreHost.Ask());
        var held = await call.HeldAsync();
        Assert.Empty(Host.Target.Sent);

        await Host.VoteAsync(held, CoreHost.Alice);
        var ended = await call.EndedAsync();

        Assert.Equal((held.Id, ActionState.Succeeded), (ended.Id, ended.State));
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
    public async Task Two_identical_calls_share_one_review_and_not_its_approval()
    {
        await using var first = Host.Call(CoreHost.Ask());
        await using var second = Host.Call(CoreHost.Ask());
        var held = await first.HeldAsync();
        Assert.Equal(held.Id, (await second.HeldAsync()).Id);
        ActionRecord? again = null;
        Host.Store.OnceCommitted(EntryType.ExecutionIntent, async () =>
            again = await await Task.WhenAny(first.HeldAsync(), second.HeldAsync()));

        await Host.VoteAsync(held, CoreHost.Alice);
        using var handled = await await Task.WhenAny(first.HandledAsync(), second.HandledAsync());

        Assert.Equal(held.Id, Assert.IsType<Answer.Ended>(handled.Answer).Record.Id);
        Assert.NotEqual(held.Id, again!.Id);
        Assert.Equal([held.Id], Host.Target.Sent);
    }

    [Fact]
    public async Task The_newest_of_identical_calls_takes_the_approval()
    {
        await using var gaveUp = Host.Call(CoreHost.Ask());
        var held = await gaveUp.HeldAsync();
        await using var retry = Host.Call(CoreHost.Ask());
        await retry.HeldAsync();

        await Host.VoteAsync(held, CoreHost.Alice);

        Assert.Equal(held.Id, (await retry.EndedAsync()).Id);
        Assert.Equal([held.Id], Host.Target.Sent);
    }

    [Fact]
    public async Task An_older_call_takes_the_approval_when_the_newer_one_has_left()
    {
        await using var first = Host.Call(CoreHost.Ask());
        var held = await first.HeldAsync();
        var second = Host.Call(CoreHost.Ask());
        await second.HeldAsync();
        await second.DisposeAsync();

        await Host.VoteAsync(held, CoreHost.Alice);

        Assert.Equal(held.Id, (await first.EndedAsync()).Id);
    }

    [Fact]
    public async Task Two_identical_allowed_calls_are_two_actions()
    {
        ActionRecord? second = null;
        Host.Store.OnceCommitted(EntryType.ExecutionIntent, async () =>
            second = await Host.RecordOfAsync(CoreHost.Ask("read")));

        var first = await Host.RecordOfAsync(CoreHost.Ask("read"));

        Assert.Equal(ActionState.Succeeded, second!.State);
        Assert.Equal([second.Id, first.Id], Host.Target.Sent);
    }

    [Theory]
    [InlineData("read")]
    [InlineData("write")]
    public async Task A_retry_that_comes_before_the_end_of_the_first_call_is_noticed_gets_its_outcome(string operation)
    {
        var time = new StoppedTime();
        Host.Reopen(options => options with { Time = time });
        var answer = Host.Target.Hold();
        var gaveUp = Host.Call(CoreHost.Ask(operation));
        if (operation == "write")
        {
            await Host.VoteAsync(await gaveUp.HeldAsync(), CoreHost.Alice);
        }

        await answer.Asked.WaitAsync(Host.Cancel);
        Host.Time.Advance(TimeSpan.FromSeconds(60));
        var waits = time.NextTimerAsync(Host.Cancel);
        await using var retry = Host.Call(CoreHost.Ask(operation));
        await waits;
        await gaveUp.DisposeAsync();
        answer.Give();

        Assert.Equal(Assert.Single(Host.Target.Sent), (await retry.EndedAsync()).Id);
    }

    [Fact]
    public async Task A_call_beside_a_slow_one_whose_caller_stays_runs_for_itself()
    {
        var answer = Host.Target.Hold();
        await using var slow = Host.Call(CoreHost.Ask("read"));
        await answer.Asked.WaitAsync(Host.Cancel);
        Host.Time.Advance(TimeSpan.FromSeconds(60));
        Host.Target.Answer = static (_, _) => Task.FromResult(PlayedTarget.Done);

        var beside = await Host.RecordOfAsync(CoreHost.Ask("read"));
        answer.Give();

        Assert.Equal([(await slow.EndedAsync()).Id, beside.Id], Host.Target.Sent);
    }

    [Fact]
    public async Task A_denied_review_answers_the_call_and_sends_nothing()
    {
        await using var call = Host.Call(CoreHost.Ask());
        var held = await call.HeldAsync();

        await Host.VoteAsync(held, CoreHost.Bob, Decision.Deny);
        var ended = await call.EndedAsync();

        Assert.Equal(ActionState.Denied, ended.State);
        Assert.Empty(Host.Target.Sent);
        await AssertEntriesAsync(
            held,
            EntryType.ActionRequested,
            EntryType.ReviewOpened,
            EntryType.ReviewVote,
            EntryType.ReviewDecided);
    }

    [Fact]
    public async Task A_call_out_of_patience_is_told_that_nothing_happened_yet()
    {
        var answer = await Host.CallBrieflyAsync(CoreHost.Ask());

        Assert.Equal(ActionState.Pending, Assert.IsType<Answer.StillPending>(answer).Record.State);
        Assert.Empty(Host.Target.Sent);
    }

    [Fact]
    public async Task A_call_that_hangs_up_does_not_stop_what_was_sent()
    {
        var answer = Host.Target.Hold();
        var asking = CoreHost.Ask("read");
        await using (var call = Host.Call(asking))
        {
            await answer.Asked.WaitAsync(Host.Cancel);
        }

        await using var repeated = Host.Call(asking);
        answer.Give();

        Assert.Equal(ActionState.Succeeded, (await repeated.EndedAsync()).State);
        Assert.Single(Host.Target.Sent);
    }

    [Fact]
    public async Task An_approval_is_taken_by_the_next_identical_call()
    {
        var asking = CoreHost.Ask();
        var held = await Host.RecordOfAsync(asking);
        await Host.VoteAsync(held, CoreHost.Alice);
        Assert.Equal(ActionState.Approved, (await Host.ReadAsync(held)).State);

        var ended = await Host.RecordOfAsync(asking);

        Assert.Equal((held.Id, ActionState.Succeeded), (ended.Id, ended.State));
        Assert.Equal([held.Id], Host.Target.Sent);
    }

    [Fact]
    public async Task A_stricter_policy_at_the_claim_starts_the_call_again()
    {
        await using var call = Host.Call(CoreHost.Ask());
        var held = await call.HeldAsync();
        await Host.PutInForceAsync(Demand.TwoDbas);

        await Host.VoteAsync(held, CoreHost.Alice);
        var again = await call.HeldAsync();

        Assert.NotEqual(held.Id, again.Id);
        Assert.Equal(ActionState.Superseded, (await Host.ReadAsync(held)).State);
        Assert.Empty(Host.Target.Sent);
    }

    [Fact]
    public async Task A_looser_policy_at_the_claim_keeps_the_approval()
    {
        await Host.PutInForceAsync(Demand.TwoDbas);
        await using var call = Host.Call(CoreHost.Ask());
        var held = await call.HeldAsync();
        await Host.PutInForceAsync(Demand.OneDba);
        await Host.VoteAsync(held, CoreHost.Alice);
        await Host.VoteAsync(held, CoreHost.Bob);

        Assert.Equal(held.Id, (await call.EndedAsync()).Id);
    }

    [Fact]
    [Trait("Threat", "THR-011"), Trait("CWE", "367")]
    public async Task An_approver_who_left_the_group_before_the_claim_does_not_count()
    {
        var asking = CoreHost.Ask();
        var held = await Host.RecordOfAsync(asking);
        await Host.VoteAsync(held, CoreHost.Alice);
        Host.SetDbas(CoreHost.Bob);

        var again = await Host.RecordOfAsync(asking);

        Assert.Equal(ActionState.Superseded, (await Host.ReadAsync(held)).State);
        Assert.Equal(ActionState.Pending, again.State);
        Assert.NotEqual(held.Id, again.Id);
        Assert.Empty(Host.Target.Sent);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("key")]
    public async Task An_approval_that_ran_out_is_not_taken(string? idempotencyKey)
    {
        var asking = CoreHost.Ask() with { IdempotencyKey = idempotencyKey };
        var held = await Host.RecordOfAsync(asking);
        await Host.VoteAsync(held, CoreHost.Alice);
        Host.Time.Advance(GrantTerms.Default.TimeToLive);

        var next = await Host.RecordOfAsync(asking);

        Assert.Equal(ActionState.Expired, (await Host.ReadAsync(held)).State);
        Assert.Empty(Host.Target.Sent);
        Assert.Equal(held.Id, next.Id);
        await AssertEntriesAsync(
            held,
            EntryType.ActionRequested,
            EntryType.ReviewOpened,
            EntryType.ReviewVote,
            EntryType.ReviewDecided,
            EntryType.ReviewExpired);
    }

    [Fact]
    public async Task An_approval_for_two_uses_serves_two_calls_and_no_third()
    {
        await Host.PutInForceAsync(Demand.OneDbaForTwoUses);
        var asking = CoreHost.Ask();
        var held = await Host.RecordOfAsync(asking);
        await Host.VoteAsync(held, CoreHost.Alice);

        for (var use = 0; use < 2; use++)
        {
            var used = await Host.RecordOfAsync(asking);
            Assert.Equal(held.Id, used.Id);
            await Host.DeliverAsync(used);
        }

        var third = await Host.RecordOfAsync(asking);
        Assert.Equal(ActionState.Pending, third.State);
        Assert.Equal([held.Id, held.Id], Host.Target.Sent);
    }
}
