using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Ledger;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;
using Countersign.Tests.Support;

namespace Countersign.Tests.Core;

/// <summary>The stop button, from the first call that is cut to the two persons who lift it.</summary>
public sealed class AgentDeskTests : CoreTests
{
    [Fact]
    public async Task A_stop_withdraws_reviews_and_grants_in_one_entry_and_wakes_who_waits()
    {
        await using var call = Host.Call(CoreHost.Ask());
        var held = await call.HeldAsync();
        var granted = await Host.RecordOfAsync(CoreHost.Ask(arguments: """{"n":2}"""));
        await Host.VoteAsync(granted, CoreHost.Alice);
        var size = await Host.CountEntriesAsync();

        var done = await StopAsync(CoreHost.Alice, "It exports too much.");

        var woken = await call.EndedAsync();
        Assert.Equal((held.Id, ActionState.Withdrawn), (woken.Id, woken.State));
        Assert.Equal("Agent bot was stopped by alice: It exports too much.", woken.Ending);
        Assert.Equal(ActionState.Withdrawn, (await Host.ReadAsync(granted)).State);
        Assert.Equal((true, 2, 0), (done.IsNew, done.Withdrawn, done.Executing));
        Assert.Equal(size + 1, await Host.CountEntriesAsync());
        Assert.Empty(Host.Target.Sent);
    }

    [Fact]
    public async Task A_stopped_agent_gets_nothing_through_and_others_do()
    {
        await StopAsync(CoreHost.Bob);
        var size = await Host.CountEntriesAsync();

        foreach (var operation in new[] { "read", "write", "drop" })
        {
            var answer = Assert.IsType<Answer.Stopped>(await Host.CallBrieflyAsync(CoreHost.Ask(operation)));
            Assert.Contains("stopped by bob", answer.Reason, StringComparison.Ordinal);
            Assert.IsType<Admission.Stopped>(await Host.AdmitAsync(CoreHost.AskDetached(operation)));
        }

        Assert.Equal(size, await Host.CountEntriesAsync());
        var other = CoreHost.Ask("read") with { Asker = new Asker(new AgentId("other"), OnBehalfOf: null) };
        Assert.Equal(ActionState.Succeeded, (await Host.RecordOfAsync(other)).State);
    }

    [Fact]
    public async Task A_stop_holds_on_every_node_and_after_a_restart()
    {
        await StopAsync(CoreHost.Alice);
        Host.LoseNode();
        List<AgentId> cut = [];
        Host.Agents.Stopped.Stopped += cut.Add;

        Assert.IsType<Answer.Stopped>(await Host.CallBrieflyAsync(CoreHost.Ask("read")));
        await Host.SweepAsync();
        await Host.SweepAsync();

        Assert.Equal([CoreHost.BotId], cut);
        Assert.True(Host.Agents.Stopped.Contains(CoreHost.BotId));
    }

    [Fact]
    public async Task A_stop_between_the_verdict_and_the_claim_sends_nothing()
    {
        var held = await Host.HoldAsync(CoreHost.AskDetached());
        Host.Store.OnceCommitted(EntryType.ReviewVote, () => StopAsync(CoreHost.Bob));

        await Host.VoteAsync(held, CoreHost.Alice);

        Assert.Equal(ActionState.Withdrawn, (await Host.ReadAsync(held)).State);
        Assert.Empty(Host.Target.Sent);
    }

    [Fact]
    public async Task What_was_sent_is_finished_and_its_other_uses_are_gone()
    {
        await Host.PutInForceAsync(Demand.OneDbaForTwoUses);
        var answer = new HeldAnswer();
        Host.Target.Answer = (_, _) => answer.AnswerAsync();
        var held = await Host.HoldAsync(CoreHost.AskDetached());
        await Host.VoteAsync(held, CoreHost.Alice);
        await answer.Asked;

        var done = await StopAsync(CoreHost.Bob);
        answer.Give();
        await Host.Gatekeeper.WaitAsync(
            held.Id, record => record.State != ActionState.Executing, TimeSpan.FromSeconds(20), Host.Cancel);
        await Host.SweepAsync();

        var ended = await Host.ReadAsync(held);
        Assert.Equal((0, 1), (done.Withdrawn, done.Executing));
        Assert.Equal((ActionState.Succeeded, OutcomeState.Succeeded), (ended.State, ended.Life.LastOutcome));
        Assert.Single(Host.Target.Sent);
    }

    [Fact]
    public async Task Several_stops_are_one()
    {
        var first = await StopAsync(CoreHost.Alice, "first");
        var second = await StopAsync(CoreHost.Bob, "second");

        Assert.Equal((true, false), (first.IsNew, second.IsNew));
        Assert.Equal(first.Stop.Entry, second.Stop.Entry);
        Assert.Equal(("alice", "first"), (second.By, second.Comment));
    }

    [Fact]
    public async Task A_stop_whose_acknowledgement_is_lost_is_a_stop()
    {
        Host.Store.FailOn(EntryType.AgentStopped, StoreFault.AcknowledgementLost);
        await Assert.ThrowsAsync<StoreUnavailableException>(() => StopAsync(CoreHost.Alice));
        Host.Store.Heal();

        Assert.IsType<Answer.Stopped>(await Host.CallBrieflyAsync(CoreHost.Ask("read")));
        Assert.False((await StopAsync(CoreHost.Alice)).IsNew);
    }

    [Fact]
    public async Task Reviewers_and_whoever_stands_behind_the_agent_may_stop_it_and_nobody_else()
    {
        var lead = await Host.Agents.StopAsync(CoreHost.BotId, CoreHost.Lead, comment: null, Host.Cancel);
        var nobody = await Host.Agents.StopAsync(new AgentId("nobody"), CoreHost.Alice, comment: null, Host.Cancel);

        Assert.IsType<StopAnswer.NotEligible>(lead);
        Assert.IsType<StopAnswer.UnknownAgent>(nobody);
        Host.SetOwner(CoreHost.Lead);
        Assert.IsType<StopAnswer.Stopped>(
            await Host.Agents.StopAsync(CoreHost.BotId, CoreHost.Lead, comment: null, Host.Cancel));
    }

    [Fact]
    public async Task It_takes_two_persons_to_lift_a_stop()
    {
        await StopAsync(CoreHost.Alice);

        Assert.IsType<ResumeAnswer.Waiting>(await ResumeAsync(CoreHost.Alice));
        Assert.Equal(new ResumeAnswer.Refused(StepRefusal.AlreadyVoted), await ResumeAsync(CoreHost.Alice));
        Assert.Equal(new ResumeAnswer.Refused(StepRefusal.NotEligible), await ResumeAsync(CoreHost.Lead));
        Assert.IsType<Answer.Stopped>(await Host.CallBrieflyAsync(CoreHost.Ask("read")));

        Assert.IsType<ResumeAnswer.Active>(await ResumeAsync(CoreHost.Bob));
        Assert.Equal(ActionState.Succeeded, (await Host.RecordOfAsync(CoreHost.Ask("read"))).State);
        Assert.False(Host.Agents.Stopped.Contains(CoreHost.BotId));
        Assert.IsType<ResumeAnswer.Active>(await ResumeAsync(CoreHost.Bob));
    }

    [Fact]
    public async Task One_of_the_two_does_not_stand_behind_the_agent()
    {
        Host.SetDbas(CoreHost.Alice, CoreHost.Bob, new PersonId("erin"));
        Host.SetOwner(new GroupName("dba"), except: CoreHost.Bob);
        await StopAsync(CoreHost.Alice);

        Assert.IsType<ResumeAnswer.Waiting>(await ResumeAsync(CoreHost.Alice));
        Assert.IsType<ResumeAnswer.Waiting>(await ResumeAsync(new PersonId("erin")));
        Assert.IsType<Answer.Stopped>(await Host.CallBrieflyAsync(CoreHost.Ask("read")));
        Assert.IsType<ResumeAnswer.Active>(await ResumeAsync(CoreHost.Bob));
    }

    [Fact]
    public async Task A_stop_that_nobody_else_could_lift_says_so()
    {
        await StopAsync(CoreHost.Alice);
        Host.SetDbas(CoreHost.Alice);

        Assert.IsType<ResumeAnswer.NobodyElse>(await ResumeAsync(CoreHost.Alice));
    }

    [Fact]
    public async Task A_denial_keeps_it_stopped_and_people_may_ask_again()
    {
        await StopAsync(CoreHost.Alice);
        var asked = Assert.IsType<ResumeAnswer.Waiting>(await ResumeAsync(CoreHost.Alice)).Record;
        await Host.VoteAsync(asked, CoreHost.Bob, Decision.Deny);

        Assert.IsType<Answer.Stopped>(await Host.CallBrieflyAsync(CoreHost.Ask("read")));
        var again = Assert.IsType<ResumeAnswer.Waiting>(await ResumeAsync(CoreHost.Alice)).Record;
        Assert.NotEqual(asked.Id, again.Id);
    }

    [Fact]
    public async Task An_agreement_to_lift_one_stop_lifts_no_later_one()
    {
        await StopAsync(CoreHost.Alice);
        await ResumeAsync(CoreHost.Alice);
        await ResumeAsync(CoreHost.Bob);
        await StopAsync(CoreHost.Bob);

        Assert.IsType<ResumeAnswer.Waiting>(await ResumeAsync(CoreHost.Alice));
    }

    [Fact]
    public async Task An_agreement_to_lift_the_stop_that_was_shown_is_none_to_lift_another()
    {
        var shown = (await StopAsync(CoreHost.Alice)).Stop.Entry;
        await ResumeAsync(CoreHost.Alice, shown);
        await ResumeAsync(CoreHost.Bob, shown);
        var size = await Host.CountEntriesAsync();

        var active = await ResumeAsync(CoreHost.Bob, shown);
        var renewed = (await StopAsync(CoreHost.Bob)).Stop.Entry;
        var late = await ResumeAsync(CoreHost.Alice, shown);

        Assert.IsType<ResumeAnswer.Active>(active);
        Assert.IsType<ResumeAnswer.StoppedAgain>(late);
        Assert.Equal(size + 1, await Host.CountEntriesAsync());
        Assert.IsType<ResumeAnswer.Waiting>(await ResumeAsync(CoreHost.Bob, renewed));
    }

    private async Task<StopDone> StopAsync(PersonId person, string? comment = null)
    {
        var answer = await Host.Agents.StopAsync(CoreHost.BotId, person, comment, Host.Cancel);
        return Assert.IsType<StopAnswer.Stopped>(answer).Done;
    }

    private Task<ResumeAnswer> ResumeAsync(PersonId person, long? shown = null) => Host.Agents.ResumeAsync(
        CoreHost.BotId, new Voter(person, Assurance.Token), comment: null, shown, Host.Cancel);
}
