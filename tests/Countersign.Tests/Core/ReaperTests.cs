using Countersign.Core.Actions;
using Countersign.Core.Ledger;
using Countersign.Core.Reviews;

namespace Countersign.Tests.Core;

/// <summary>What the sweep finds and ends.</summary>
public sealed class ReaperTests : CoreTests
{
    [Fact]
    public async Task A_deadline_escalates_and_the_next_one_expires_the_review()
    {
        var held = await Host.HoldAsync(CoreHost.AskDetached());

        Host.Time.Advance(Demand.Within);
        await Host.SweepAsync();
        Assert.True((await Host.ReadAsync(held)).Life.Tracks.Single().Escalated);

        Host.Time.Advance(Demand.Within);
        await Host.SweepAsync();
        Assert.Equal(ActionState.Expired, (await Host.ReadAsync(held)).State);
        await AssertEntriesAsync(
            held, EntryType.ActionRequested, EntryType.ReviewOpened, EntryType.ReviewExpired);
    }

    [Fact]
    public async Task A_waiting_call_is_told_that_its_review_expired()
    {
        await using var call = Host.Call(CoreHost.Ask());
        await call.HeldAsync();

        Host.Time.Advance(Demand.Within + Demand.Within);
        await Host.SweepAsync();

        Assert.Equal(ActionState.Expired, (await call.EndedAsync()).State);
        Assert.Empty(Host.Target.Sent);
    }

    [Fact]
    [Trait("Threat", "THR-026"), Trait("CWE", "613")]
    public async Task A_grant_nobody_took_expires()
    {
        var held = await Host.RecordOfAsync(CoreHost.Ask());
        await Host.VoteAsync(held, CoreHost.Alice);

        Host.Time.Advance(GrantTerms.Default.TimeToLive);
        await Host.SweepAsync();

        Assert.Equal(ActionState.Expired, (await Host.ReadAsync(held)).State);
        Assert.Empty(Host.Target.Sent);
    }

    [Fact]
    public async Task An_execution_whose_node_is_gone_becomes_unknown_and_is_never_sent_again()
    {
        var answer = Host.Target.Hold();
        var held = await Host.HoldAsync(CoreHost.AskDetached());
        await Host.VoteAsync(held, CoreHost.Alice);
        await answer.Asked.WaitAsync(Host.Cancel);

        Host.LoseNode();
        await Host.SweepAsync();
        await Host.SweepAsync();

        Assert.Equal(ActionState.Unknown, (await Host.ReadAsync(held)).State);
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
    public async Task A_sweep_leaves_alone_what_this_node_is_executing()
    {
        var answer = Host.Target.Hold();
        await using var call = Host.Call(CoreHost.Ask("read"));
        await answer.Asked.WaitAsync(Host.Cancel);

        await Host.SweepAsync();
        answer.Give();

        Assert.Equal(ActionState.Succeeded, (await call.EndedAsync()).State);
    }

    [Fact]
    public async Task A_sweep_with_nothing_to_do_writes_nothing()
    {
        await Host.RecordOfAsync(CoreHost.Ask());
        var entries = await Host.CountEntriesAsync();

        await Host.SweepAsync();

        Assert.Equal(entries, await Host.CountEntriesAsync());
    }
}
