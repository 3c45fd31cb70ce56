using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Ledger;
using Countersign.Core.Records;
using Countersign.Core.Reviews;

namespace Countersign.Tests.Core;

/// <summary>Votes and withdrawals as they reach the record.</summary>
public sealed class ReviewDeskTests : CoreTests
{
    [Fact]
    public async Task Two_of_a_group_are_two_persons()
    {
        await Host.PutInForceAsync(Demand.TwoDbas);
        var held = await Host.HoldAsync(CoreHost.AskDetached());

        await Host.VoteAsync(held, CoreHost.Alice);
        await AssertRefusedAsync(StepRefusal.AlreadyVoted, Host.VoteAsync(held, CoreHost.Alice));
        Assert.Empty(Host.Target.Sent);
        await Host.VoteAsync(held, CoreHost.Bob);

        Assert.Equal(ActionState.Succeeded, (await Host.UntilEndedAsync(held)).State);
        await AssertEntriesAsync(
            held,
            EntryType.ActionRequested,
            EntryType.ReviewOpened,
            EntryType.ReviewVote,
            EntryType.ReviewVote,
            EntryType.ReviewDecided,
            EntryType.ExecutionIntent,
            EntryType.ExecutionOutcome);
    }

    [Fact]
    public async Task A_vote_that_is_durable_is_answered_as_such_although_the_claim_has_to_wait()
    {
        var held = await Host.HoldAsync(CoreHost.AskDetached());
        Host.Store.FailOn(EntryType.ExecutionIntent);

        await Host.VoteAsync(held, CoreHost.Alice);

        Assert.Empty(Host.Target.Sent);
        Host.Store.Heal();
        await Host.SweepAsync();
        Assert.Equal(ActionState.Succeeded, (await Host.UntilEndedAsync(held)).State);
        Assert.Single(Host.Target.Sent);
    }

    [Fact]
    public async Task A_vote_on_another_digest_counts_for_nothing()
    {
        var held = await Host.HoldAsync(CoreHost.AskDetached());

        var answer = await Host.Desk.VoteAsync(
            held.Id,
            new Voter(CoreHost.Alice, Assurance.Session),
            new Ballot(Decision.Approve, CoreHost.Ask("read").Action.Digest, Comment: null),
            Host.Cancel);

        Assert.Equal(StepRefusal.StaleDigest, Assert.IsType<DeskAnswer.Refused>(answer).Why);
        await AssertEntriesAsync(held, EntryType.ActionRequested, EntryType.ReviewOpened);
    }

    [Fact]
    public async Task A_vote_by_whom_nobody_asked_is_refused() =>
        await AssertRefusedAsync(
            StepRefusal.NotEligible,
            Host.VoteAsync(await Host.HoldAsync(CoreHost.AskDetached()), CoreHost.Lead));

    [Fact]
    public async Task A_vote_after_a_decision_is_refused()
    {
        var held = await Host.HoldAsync(CoreHost.AskDetached());
        await Host.VoteAsync(held, CoreHost.Alice, Decision.Deny);

        await AssertRefusedAsync(StepRefusal.AlreadyDecided, Host.VoteAsync(held, CoreHost.Bob));
        Assert.Empty(Host.Target.Sent);
    }

    [Fact]
    public async Task A_vote_after_the_deadline_is_refused_even_before_any_sweep()
    {
        var held = await Host.HoldAsync(CoreHost.AskDetached());
        Host.Time.Advance(Demand.Within + Demand.Within);

        await AssertRefusedAsync(StepRefusal.Expired, Host.VoteAsync(held, CoreHost.Alice));

        Assert.Equal(ActionState.Expired, (await Host.ReadAsync(held)).State);
        await AssertEntriesAsync(
            held, EntryType.ActionRequested, EntryType.ReviewOpened, EntryType.ReviewExpired);
    }

    [Fact]
    public async Task The_escalation_may_vote_once_the_deadline_passed_even_before_any_sweep()
    {
        var held = await Host.HoldAsync(CoreHost.AskDetached());
        Host.Time.Advance(Demand.Within);

        Assert.IsType<DeskAnswer.Recorded>(await Host.VoteAsync(held, CoreHost.Lead));
        Assert.Equal(ActionState.Succeeded, (await Host.UntilEndedAsync(held)).State);
    }

    [Fact]
    public async Task A_withdrawn_review_answers_its_call_and_takes_no_vote()
    {
        await using var call = Host.Call(CoreHost.Ask());
        var held = await call.HeldAsync();

        await WithdrawAsync(held);

        Assert.Equal(ActionState.Withdrawn, (await call.EndedAsync()).State);
        await AssertRefusedAsync(StepRefusal.AlreadyDecided, Host.VoteAsync(held, CoreHost.Alice));
        await AssertEntriesAsync(
            held, EntryType.ActionRequested, EntryType.ReviewOpened, EntryType.ActionWithdrawn);
    }

    [Fact]
    public async Task A_withdrawn_approval_is_not_taken()
    {
        var held = await Host.RecordOfAsync(CoreHost.Ask());
        await Host.VoteAsync(held, CoreHost.Alice);

        await WithdrawAsync(held);

        Assert.NotEqual(held.Id, (await Host.RecordOfAsync(CoreHost.Ask())).Id);
        Assert.Empty(Host.Target.Sent);
    }

    [Fact]
    public async Task What_has_ended_cannot_be_withdrawn()
    {
        var ended = await Host.RecordOfAsync(CoreHost.Ask("read"));

        await AssertRefusedAsync(
            StepRefusal.AlreadyDecided, Host.Desk.WithdrawAsync(ended.Id, "bot", comment: null, Host.Cancel));
    }

    [Fact]
    public async Task An_action_that_does_not_exist_takes_no_vote()
    {
        var held = await Host.HoldAsync(CoreHost.AskDetached());
        var nowhere = held with { Id = ActionId.Parse("act_0123456789abcdefghjkmnpqrs") };

        Assert.IsType<DeskAnswer.Missing>(await Host.VoteAsync(nowhere, CoreHost.Alice));
    }

    private static async Task AssertRefusedAsync(StepRefusal why, Task<DeskAnswer> answer) =>
        Assert.Equal(why, Assert.IsType<DeskAnswer.Refused>(await answer).Why);

    private async Task WithdrawAsync(ActionRecord record) => Assert.IsType<DeskAnswer.Recorded>(
        await Host.Desk.WithdrawAsync(record.Id, "bot", "Not needed any more.", Host.Cancel));
}
