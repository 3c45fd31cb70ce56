using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Policies;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;
using Countersign.Tests.Support;

namespace Countersign.Tests.Core;

/// <summary>When a preview is made, and what it becomes part of.</summary>
public sealed class PreviewTests
{
    private readonly OfficeBench _bench = new();
    private int _made;
    private int _ran;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task One_preview_serves_the_verdict_the_card_and_the_record(bool isNeededByARule)
    {
        Preview? judged = null;
        _bench.Charter = _bench.Charter with
        {
            NeedsPreview = _ => isNeededByARule,
            Judge = (_, preview) =>
            {
                judged = preview;
                return OfficeBench.Held;
            },
        };

        var held = Assert.IsType<Admission.Held>(await AdmitAsync(Look)).Record;

        Assert.Equal(isNeededByARule, judged is not null);
        Assert.Equal("seen 1 times", held.Preview!.Summary);
        Assert.Equal("seen 1 times", (await _bench.OnlyActionAsync()).Preview!.Summary);
    }

    [Fact]
    public async Task What_is_refused_without_a_preview_gets_none()
    {
        _bench.Charter = _bench.Charter with { Judge = (_, _) => OfficeBench.Refused };

        var refused = Assert.IsType<Admission.Refused>(await AdmitAsync(Look)).Record;

        Assert.Equal((0, null), (_made, refused.Preview));
    }

    [Fact]
    public async Task What_was_refused_because_of_a_preview_keeps_it()
    {
        _bench.Charter = _bench.Charter with { NeedsPreview = _ => true, Judge = (_, _) => OfficeBench.Refused };

        await AdmitAsync(Look);

        Assert.Equal("seen 1 times", (await _bench.OnlyActionAsync()).Preview!.Summary);
    }

    [Fact]
    public async Task Nothing_is_looked_at_for_an_agent_that_was_stopped()
    {
        _bench.Charter = _bench.Charter with { NeedsPreview = _ => true, Reviewers = [Party.Parse("group:dba")] };
        await _bench.Office.Agents.StopAsync(OfficeBench.Bot, OfficeBench.Carol, comment: null, Cancel);

        Assert.IsType<Admission.Stopped>(await AdmitAsync(Look));
        Assert.Equal(0, _made);
    }

    [Fact]
    public async Task A_repeated_request_attaches_without_looking_again_unless_a_rule_reads_it()
    {
        var first = Assert.IsType<Admission.Held>(await AdmitAsync(Look)).Record;
        var second = Assert.IsType<Admission.Held>(await AdmitAsync(Look)).Record;

        Assert.Equal((first.Id, 1), (second.Id, _made));
    }

    [Fact]
    public async Task A_review_whose_preview_got_worse_is_superseded()
    {
        _bench.Charter = _bench.Charter with
        {
            NeedsPreview = _ => true,
            Judge = (_, preview) => preview?.Rows > 1 ? OfficeBench.Refused : OfficeBench.Held,
        };
        var held = Assert.IsType<Admission.Held>(await AdmitAsync(Look)).Record;

        Assert.IsType<Admission.Refused>(await AdmitAsync(Look));
        Assert.Equal(ActionState.Superseded, (await _bench.EndOfAsync(held.Id)).State);
    }

    [Fact]
    public async Task A_claim_is_judged_with_the_preview_that_the_reviewers_saw()
    {
        _bench.Charter = _bench.Charter with
        {
            NeedsPreview = _ => true,
            Judge = (_, preview) => preview?.Rows == 1 ? OfficeBench.Held : OfficeBench.Refused,
        };
        var held = Assert.IsType<Admission.Held>(await AdmitAsync(Look)).Record;

        await _bench.ApproveAsync(held, OfficeBench.Bob);

        Assert.Equal(ActionState.Succeeded, (await _bench.EndOfAsync(held.Id)).State);
        Assert.Equal((1, 1), (_made, _bench.Sent));
    }

    [Fact]
    public async Task A_stop_that_comes_while_a_preview_is_made_keeps_a_read_from_running()
    {
        _bench.Charter = _bench.Charter with
        {
            NeedsPreview = _ => true,
            Judge = (_, _) => OfficeBench.Allowed,
            Reviewers = [Party.Parse("group:dba")],
        };

        using var handled = await CallAsync(() => _bench.Office.Agents.StopAsync(
            OfficeBench.Bot, OfficeBench.Carol, comment: null, Cancel));

        Assert.IsType<Answer.Stopped>(handled.Answer);
        Assert.Equal(0, _ran);
    }

    [Fact]
    public async Task A_policy_that_changes_while_a_preview_is_made_judges_the_read()
    {
        _bench.Charter = _bench.Charter with { NeedsPreview = _ => true, Judge = (_, _) => OfficeBench.Allowed };

        using var handled = await CallAsync(() =>
        {
            _bench.Charter = _bench.Charter with
            {
                Policy = PolicyHash.Of("another"u8),
                Judge = (_, _) => OfficeBench.Refused,
            };
            return Task.CompletedTask;
        });

        Assert.Equal(ActionState.Refused, Assert.IsType<Answer.Ended>(handled.Answer).Record.State);
        Assert.Equal((1, 0), (_made, _ran));
    }

    [Fact]
    public async Task A_previewer_that_throws_leaves_a_preview_that_says_so()
    {
        var held = Assert.IsType<Admission.Held>(await AdmitAsync(
            (_, _) => throw new InvalidOperationException("out of paper"))).Record;

        Assert.Equal("The gate could not find out (out of paper).", held.Preview!.Error);
        Assert.Null(held.Preview.Cascades);
    }

    [Fact]
    public async Task Without_the_store_there_is_no_preview_and_no_request()
    {
        await Assert.ThrowsAsync<StoreUnavailableException>(
            () => AdmitAsync((_, _) => throw new StoreUnavailableException("gone")));

        Assert.Empty(_bench.Memory.Actions);
    }

    [Fact]
    public async Task A_caller_that_leaves_while_it_is_made_leaves_nothing_behind()
    {
        using var leave = new CancellationTokenSource();

        var asking = AdmitAsync(
            async (_, cancellationToken) =>
            {
                await leave.CancelAsync();
                cancellationToken.ThrowIfCancellationRequested();
                return new Preview("never");
            },
            leave.Token);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
        Assert.Empty(_bench.Memory.Actions);
    }

    private Task<Preview> Look(Asking asking, CancellationToken cancellationToken) =>
        Task.FromResult(new Preview($"seen {++_made} times") { Rows = _made });

    // A read that would run first and be recorded with its outcome.
    private Task<Handled> CallAsync(Func<Task> meanwhile)
    {
        var asking = OfficeBench.Ask(GateKind.Mcp) with
        {
            Target = OfficeBench.Ops with { Record = RecordMode.With },
            Previewer = async (asked, cancellationToken) =>
            {
                await meanwhile();
                return await Look(asked, cancellationToken);
            },
        };
        var call = new Call(
            (_, _) =>
            {
                _ran++;
                return Task.FromResult(
                    new Outcome(OutcomeState.Succeeded, "{}"u8.ToArray(), Error: null, TimeSpan.Zero));
            },
            TimeSpan.Zero,
            _ => { });
        return _bench.Office.Gatekeeper.HandleAsync(asking, call, Cancel);
    }

    private Task<Admission> AdmitAsync(ActionPreviewer previewer, CancellationToken? cancellationToken = null) =>
        _bench.Office.Gatekeeper.AdmitAsync(
            OfficeBench.Ask(GateKind.Api) with { Previewer = previewer }, cancellationToken ?? Cancel);
}
