using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Ledger;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;

namespace Countersign.Tests.Core;

/// <summary>What an identical request attaches to, and what becomes of one that may not be recorded.</summary>
public sealed class IntakeTests : CoreTests
{
    [Fact]
    public async Task A_call_that_left_attaches_when_it_comes_back()
    {
        var first = await Host.RecordOfAsync(CoreHost.Ask());
        var second = await Host.RecordOfAsync(CoreHost.Ask());

        Assert.Equal(first.Id, second.Id);
        await AssertEntriesAsync(first, EntryType.ActionRequested, EntryType.ReviewOpened);
    }

    [Fact]
    public async Task Other_arguments_open_another_review()
    {
        var first = await Host.RecordOfAsync(CoreHost.Ask());
        var second = await Host.RecordOfAsync(CoreHost.Ask(arguments: """{"n":2}"""));

        Assert.NotEqual(first.Id, second.Id);
    }

    [Fact]
    public async Task An_outcome_nobody_got_goes_to_the_next_identical_call_once()
    {
        var asking = CoreHost.Ask();
        var held = await Host.RecordOfAsync(asking);
        await Host.VoteAsync(held, CoreHost.Alice);
        await Host.RecordOfAsync(asking);

        var replayed = await Host.RecordOfAsync(asking);
        await Host.DeliverAsync(replayed);
        var next = await Host.RecordOfAsync(asking);

        Assert.Equal((held.Id, ActionState.Succeeded), (replayed.Id, replayed.State));
        Assert.Equal(ActionState.Pending, next.State);
        Assert.Equal([held.Id], Host.Target.Sent);
    }

    [Fact]
    public async Task An_outcome_on_its_way_to_one_caller_is_not_given_to_another()
    {
        await using var call = Host.Call(CoreHost.Ask("read"));
        using var onItsWay = await call.HandledAsync();
        var first = Assert.IsType<Answer.Ended>(onItsWay.Answer).Record;

        var second = await Host.RecordOfAsync(CoreHost.Ask("read"));

        Assert.NotEqual(first.Id, second.Id);
        Assert.Equal([first.Id, second.Id], Host.Target.Sent);
    }

    [Fact]
    public async Task An_outcome_without_a_review_is_replayed_only_as_long_as_its_grant_would_have_held()
    {
        var first = await Host.RecordOfAsync(CoreHost.Ask("read"));
        var replayed = await Host.RecordOfAsync(CoreHost.Ask("read"));
        Host.Time.Advance(GrantTerms.Default.TimeToLive);
        var fresh = await Host.RecordOfAsync(CoreHost.Ask("read"));

        Assert.Equal(first.Id, replayed.Id);
        Assert.NotEqual(first.Id, fresh.Id);
        Assert.Equal([first.Id, fresh.Id], Host.Target.Sent);
    }

    [Fact]
    public async Task Another_idempotency_key_never_attaches()
    {
        var plain = await Host.RecordOfAsync(CoreHost.Ask());
        var one = await Host.RecordOfAsync(CoreHost.Ask() with { IdempotencyKey = "one" });
        var two = await Host.RecordOfAsync(CoreHost.Ask() with { IdempotencyKey = "two" });
        var oneAgain = await Host.RecordOfAsync(CoreHost.Ask() with { IdempotencyKey = "one" });

        Assert.Distinct([plain.Id, one.Id, two.Id]);
        Assert.Equal(one.Id, oneAgain.Id);
    }

    [Fact]
    [Trait("Threat", "THR-029"), Trait("CWE", "362")]
    public async Task An_idempotency_key_with_another_request_is_a_conflict()
    {
        var earlier = await Host.RecordOfAsync(CoreHost.Ask() with { IdempotencyKey = "one" });

        var answer = await Host.CallBrieflyAsync(CoreHost.Ask("read") with { IdempotencyKey = "one" });

        Assert.Equal(earlier.Id, Assert.IsType<Answer.IdempotencyConflict>(answer).Earlier.Id);
        Assert.Empty(Host.Target.Sent);
    }

    [Fact]
    public async Task An_idempotency_key_gets_its_outcome_as_often_as_it_asks()
    {
        var asking = CoreHost.Ask("read") with { IdempotencyKey = "one" };
        var first = await Host.RecordOfAsync(asking);
        await Host.DeliverAsync(first);

        Assert.Equal(first.Id, (await Host.RecordOfAsync(asking)).Id);
        Assert.Equal([first.Id], Host.Target.Sent);
    }

    [Fact]
    public async Task A_denial_is_remembered_and_then_forgotten()
    {
        var held = await Host.RecordOfAsync(CoreHost.Ask());
        await Host.VoteAsync(held, CoreHost.Alice, Decision.Deny);

        var told = await Host.RecordOfAsync(CoreHost.Ask());
        await Host.DeliverAsync(told);
        var toldAgain = await Host.RecordOfAsync(CoreHost.Ask());
        Host.Time.Advance(Target.DefaultDenyFor);
        var anew = await Host.RecordOfAsync(CoreHost.Ask());

        Assert.Equal([held.Id, held.Id], [told.Id, toldAgain.Id]);
        Assert.Equal(ActionState.Denied, toldAgain.State);
        Assert.Equal(ActionState.Pending, anew.State);
        await AssertEntriesAsync(
            held,
            EntryType.ActionRequested,
            EntryType.ReviewOpened,
            EntryType.ReviewVote,
            EntryType.ReviewDecided);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("key")]
    public async Task A_stricter_policy_supersedes_the_open_review(string? idempotencyKey)
    {
        var asking = CoreHost.Ask() with { IdempotencyKey = idempotencyKey };
        var held = await Host.RecordOfAsync(asking);
        await Host.PutInForceAsync(Demand.TwoDbas);

        var again = await Host.RecordOfAsync(asking);

        Assert.NotEqual(held.Id, again.Id);
        Assert.Equal(ActionState.Pending, again.State);
        Assert.Equal(ActionState.Superseded, (await Host.ReadAsync(held)).State);
        await AssertEntriesAsync(
            held, EntryType.ActionRequested, EntryType.ReviewOpened, EntryType.ActionWithdrawn);
    }

    [Fact]
    public async Task A_policy_that_forbids_today_supersedes_an_approval()
    {
        var held = await Host.RecordOfAsync(CoreHost.Ask());
        await Host.VoteAsync(held, CoreHost.Alice);
        await Host.PutInForceAsync(Demand.Never);

        var refused = await Host.RecordOfAsync(CoreHost.Ask());

        Assert.Equal(ActionState.Refused, refused.State);
        Assert.Equal(ActionState.Superseded, (await Host.ReadAsync(held)).State);
        Assert.Empty(Host.Target.Sent);
    }

    [Fact]
    public async Task A_looser_policy_leaves_the_open_review_alone()
    {
        var held = await Host.RecordOfAsync(CoreHost.Ask());
        await Host.PutInForceAsync(Demand.Nothing);

        Assert.Equal(held.Id, (await Host.RecordOfAsync(CoreHost.Ask())).Id);
        Assert.Empty(Host.Target.Sent);
    }

    [Theory]
    [InlineData(1, 100)]
    [InlineData(100, 1)]
    public async Task An_agent_that_asks_too_much_is_paused_and_nothing_is_recorded(int pending, int perMinute)
    {
        Host.Reopen(options => options with
        {
            Limits = new Limits { PendingPerAgent = pending, ReviewsPerAgentPerMinute = perMinute },
        });
        var open = await Host.RecordOfAsync(CoreHost.Ask());
        var entries = await Host.CountEntriesAsync();

        var answer = await Host.CallBrieflyAsync(CoreHost.Ask("another"));

        Assert.Contains("limit is 1", Assert.IsType<Answer.Paused>(answer).Reason, StringComparison.Ordinal);
        Assert.Equal(entries, await Host.CountEntriesAsync());
        Assert.Equal(open.Id, (await Host.RecordOfAsync(CoreHost.Ask())).Id);
        Assert.Equal(ActionState.Succeeded, (await Host.RecordOfAsync(CoreHost.Ask("read"))).State);
    }

    [Fact]
    public async Task A_minute_later_a_fast_agent_may_open_reviews_again()
    {
        Host.Reopen(options => options with { Limits = new Limits { ReviewsPerAgentPerMinute = 1 } });
        await Host.RecordOfAsync(CoreHost.Ask());
        Host.Time.Advance(TimeSpan.FromSeconds(61));

        Assert.Equal(ActionState.Pending, (await Host.RecordOfAsync(CoreHost.Ask("another"))).State);
    }

    [Theory]
    [InlineData("read", EntryType.ActionRequested)]
    [InlineData("write", EntryType.ReviewOpened)]
    [InlineData("drop", EntryType.ActionRefused)]
    public async Task Without_the_store_no_request_gets_anywhere(string operation, EntryType unwritten)
    {
        Host.Store.FailOn(unwritten);

        await Assert.ThrowsAsync<StoreUnavailableException>(() => Host.CallBrieflyAsync(CoreHost.Ask(operation)));

        Assert.Empty(Host.Target.Sent);
        Host.Store.Heal();
        Assert.Equal(1, await Host.CountEntriesAsync());
    }
}
