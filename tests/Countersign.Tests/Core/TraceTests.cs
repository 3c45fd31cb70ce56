using System.Diagnostics;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Core.Tracing;
using Countersign.Tests.Support;

namespace Countersign.Tests.Core;

/// <summary>The spans of an action: one tree in the trace of whoever asked, however long it takes.</summary>
public sealed class TraceTests : CoreTests
{
    private readonly SpanRecorder _spans = new();

    [Fact]
    public async Task An_allowed_call_is_an_intake_and_an_execution_below_its_request()
    {
        var caller = _spans.NewCaller();
        using (Enter(caller))
        {
            await Host.RecordOfAsync(CoreHost.Ask("read"));
        }

        AssertTree(caller, "request", "countersign.intake", "countersign.execute");
        var execution = _spans.Single("countersign.execute");
        Assert.Equal("succeeded", execution.GetTagItem("countersign.outcome"));
        Assert.Equal("allow", execution.GetTagItem("countersign.verdict"));
        Assert.Equal(ActivityStatusCode.Unset, execution.Status);
    }

    [Fact]
    public async Task A_read_that_is_recorded_with_its_outcome_has_the_same_spans()
    {
        var caller = _spans.NewCaller();
        using (Enter(caller))
        {
            await Host.RecordOfAsync(CoreHost.Ask("peek"));
        }

        AssertTree(caller, "request", "countersign.intake", "countersign.execute");
    }

    [Fact]
    public async Task A_refused_call_is_an_intake_that_names_the_rule()
    {
        var caller = _spans.NewCaller();
        using (Enter(caller))
        {
            await Host.RecordOfAsync(CoreHost.Ask("drop"));
        }

        AssertTree(caller, "request", "countersign.intake");
        var intake = _spans.Single("countersign.intake");
        Assert.Equal("deny", intake.GetTagItem("countersign.verdict"));
        Assert.Equal("refused", intake.GetTagItem("countersign.action.state"));
        Assert.Equal(["writes"], Assert.IsType<string[]>(intake.GetTagItem("countersign.rule.ids")));
        Assert.Equal("bot", intake.GetTagItem("countersign.agent.id"));
        Assert.Equal("ops", intake.GetTagItem("countersign.target.name"));
    }

    [Fact]
    public async Task A_held_call_has_vote_and_review_and_execution_below_its_request()
    {
        var (caller, voter) = (_spans.NewCaller(), _spans.NewCaller());
        using (Enter(caller))
        {
            await using var call = Host.Call(CoreHost.Ask());
            await VoteAsync(voter, await call.HeldAsync(), Decision.Approve);
            await call.EndedAsync();
        }

        AssertTree(
            caller, "request", "countersign.intake", "countersign.vote", "countersign.review", "countersign.execute");
        AssertTree(voter, "request");
        var (vote, review) = (_spans.Single("countersign.vote"), _spans.Single("countersign.review"));
        Assert.Equal("approve", vote.GetTagItem("countersign.vote.decision"));
        Assert.Equal("session", vote.GetTagItem("countersign.vote.assurance"));
        Assert.Equal(SpanRecorder.TraceOf(voter), Assert.Single(vote.Links).Context.TraceId.ToHexString());
        Assert.Equal("approved", review.GetTagItem("countersign.action.state"));
        Assert.Equal(1, review.GetTagItem("countersign.review.votes"));
    }

    [Fact]
    public async Task A_review_lasts_from_the_request_to_its_decision()
    {
        using (Enter(_spans.NewCaller()))
        {
            await Host.HoldAsync(CoreHost.AskDetached());
        }

        Host.Time.Advance(TimeSpan.FromHours(1));
        await Host.SweepAsync();

        var review = _spans.Single("countersign.review");
        Assert.Equal("expired", review.GetTagItem("countersign.action.state"));
        Assert.Equal(TimeSpan.FromHours(1), review.Duration);
    }

    [Fact]
    public async Task A_denied_call_ends_with_its_review()
    {
        var caller = _spans.NewCaller();
        using (Enter(caller))
        {
            await using var call = Host.Call(CoreHost.Ask());
            await VoteAsync(_spans.NewCaller(), await call.HeldAsync(), Decision.Deny);
            await call.EndedAsync();
        }

        Assert.Equal("denied", _spans.Single("countersign.review").GetTagItem("countersign.action.state"));
        Assert.DoesNotContain("countersign.execute", _spans.Names);
    }

    [Fact]
    public async Task A_vote_that_is_refused_says_why_and_ends_no_review()
    {
        using (Enter(_spans.NewCaller()))
        {
            await Host.VoteAsync(await Host.HoldAsync(CoreHost.AskDetached()), CoreHost.Lead);
        }

        Assert.Equal("not-eligible", _spans.Single("countersign.vote").GetTagItem("countersign.vote.refused"));
        Assert.DoesNotContain("countersign.review", _spans.Names);
    }

    [Fact]
    public async Task After_a_restart_vote_and_execution_still_join_the_trace_of_the_request()
    {
        var caller = _spans.NewCaller(state: "vendor=value");
        ActionId id;
        using (Enter(caller))
        {
            id = (await Host.HoldAsync(CoreHost.AskDetached())).Id;
        }

        Host.LoseNode();
        var kept = (await Host.Gatekeeper.FindAsync(id, Host.Cancel))!;
        await Host.VoteAsync(kept, CoreHost.Alice);
        await Host.UntilEndedAsync(kept);
        await Host.DrainAsync();

        AssertTree(
            caller, "request", "countersign.intake", "countersign.vote", "countersign.review", "countersign.execute");
        Assert.Equal("vendor=value", kept.Trace!.State);
        Assert.Equal(_spans.Single("countersign.vote").SpanId, _spans.Single("countersign.execute").ParentSpanId);
    }

    [Fact]
    public async Task An_execution_whose_node_is_gone_is_told_by_the_node_that_notices()
    {
        var caller = _spans.NewCaller();
        var held = Host.Target.Hold();
        LiveCall call;
        using (Enter(caller))
        {
            call = Host.Call(CoreHost.Ask("read"));
            await held.Asked;
        }

        Host.LoseNode();
        await Host.SweepAsync();

        var lost = _spans.Single("countersign.execute");
        Assert.Equal(SpanRecorder.TraceOf(caller), lost.TraceId.ToHexString());
        Assert.Equal("unknown", lost.GetTagItem("countersign.outcome"));
        Assert.Equal("unknown", lost.GetTagItem("error.type"));
        held.Give();
        await call.DisposeAsync();
    }

    [Fact]
    public async Task A_call_that_attaches_points_to_the_trace_of_the_first()
    {
        var (first, second) = (_spans.NewCaller(), _spans.NewCaller());
        using (Enter(first))
        {
            await Host.CallBrieflyAsync(CoreHost.Ask());
        }

        using (Enter(second))
        {
            await using var call = Host.Call(CoreHost.Ask());
            await Host.VoteAsync(await call.HeldAsync(), CoreHost.Alice);
            await call.EndedAsync();
        }

        var again = _spans.Ended.Last(span => span.DisplayName == "countersign.intake");
        Assert.Equal(SpanRecorder.TraceOf(second), again.TraceId.ToHexString());
        Assert.Equal(SpanRecorder.TraceOf(first), Assert.Single(again.Links).Context.TraceId.ToHexString());
        var execution = _spans.Single("countersign.execute");
        Assert.Equal(SpanRecorder.TraceOf(first), execution.TraceId.ToHexString());
        Assert.Equal(SpanRecorder.TraceOf(second), Assert.Single(execution.Links).Context.TraceId.ToHexString());
    }

    [Fact]
    public async Task Stopping_an_agent_ends_the_reviews_that_it_withdraws()
    {
        using (Enter(_spans.NewCaller()))
        {
            await Host.HoldAsync(CoreHost.AskDetached());
        }

        await Host.Agents.StopAsync(CoreHost.BotId, CoreHost.Alice, comment: null, Host.Cancel);

        Assert.Equal("withdrawn", _spans.Single("countersign.review").GetTagItem("countersign.action.state"));
    }

    [Fact]
    public async Task A_trace_that_is_not_sampled_leaves_no_span_on_any_node()
    {
        var caller = _spans.NewCaller(isSampled: false);
        ActionId id;
        using (Enter(caller))
        {
            id = (await Host.HoldAsync(CoreHost.AskDetached())).Id;
        }

        Host.LoseNode();
        var kept = (await Host.Gatekeeper.FindAsync(id, Host.Cancel))!;
        await Host.VoteAsync(kept, CoreHost.Alice);
        await Host.UntilEndedAsync(kept);

        Assert.Equal(SpanRecorder.TraceOf(caller), SpanRecorder.TraceOf(kept.Trace!));
        Assert.EndsWith("-00", kept.Trace!.Parent, StringComparison.Ordinal);
        Assert.Empty(_spans.Ended);
    }

    [Fact]
    public async Task Without_a_trace_nothing_is_kept_of_one()
    {
        var record = await Host.RecordOfAsync(CoreHost.Ask("read"));

        Assert.Null((await Host.ReadAsync(record)).Trace);
    }

    [Fact]
    public async Task A_trace_counts_neither_towards_the_digest_nor_towards_the_same_request()
    {
        using (Enter(_spans.NewCaller()))
        {
            await Host.CallBrieflyAsync(CoreHost.Ask());
        }

        var attached = Assert.IsType<Answer.StillPending>(await Host.CallBrieflyAsync(CoreHost.Ask()));
        Assert.Equal(1, attached.Record.Version);
    }

    public override async ValueTask DisposeAsync()
    {
        _spans.Dispose();
        await base.DisposeAsync();
    }

    private static Activity? Enter(TraceContext caller) => Spans.Enter("request", caller, carrier: null);

    /// <summary>A person's own request is a trace of its own.</summary>
    private async Task VoteAsync(TraceContext voter, ActionRecord record, Decision decision)
    {
        using var request = Enter(voter);
        await Host.VoteAsync(record, CoreHost.Alice, decision);
    }

    /// <summary>Exactly these spans are in the caller's trace, all of them below its request.</summary>
    private void AssertTree(TraceContext caller, params string[] names)
    {
        var own = _spans.Ended.Where(span => span.TraceId.ToHexString() == SpanRecorder.TraceOf(caller)).ToList();
        Assert.Equal(
            names.Order(StringComparer.Ordinal), own.Select(span => span.DisplayName).Order(StringComparer.Ordinal));
        var ids = own.Select(span => span.SpanId).ToHashSet();
        var request = own.Single(span => span.DisplayName == "request");
        Assert.Equal(SpanRecorder.SpanOf(caller), request.ParentSpanId.ToHexString());
        Assert.All(own.Where(span => span != request), span => Assert.Contains(span.ParentSpanId, ids));
    }
}
