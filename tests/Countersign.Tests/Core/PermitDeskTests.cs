using System.Text;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Ledger;
using Countersign.Core.Records;
using Countersign.Core.Redaction;
using Countersign.Core.Redaction.Structured;
using Countersign.Core.Reviews;

namespace Countersign.Tests.Core;

/// <summary>Permits over a real store: taken once by whoever asked, reported once, and never executed here.</summary>
public sealed class PermitDeskTests : CoreTests
{
    private static readonly ActionDigest s_other = ActionDigest.Of("another action"u8);

    [Fact]
    public async Task An_allowed_permit_waits_for_its_asker_and_no_node_executes_it()
    {
        var asked = await GrantedAsync("read");

        await Host.SweepAsync();

        var after = await Host.ReadAsync(asked);
        Assert.Equal((ActionState.Approved, false), (after.State, after.Detached));
        Assert.Empty(Host.Target.Sent);
    }

    [Fact]
    public async Task A_claim_is_one_write_with_its_intent_and_a_report_ends_it()
    {
        var held = await ApprovedAsync();

        var claimed = Done(await ClaimAsync(held));
        Assert.Equal(ActionState.Executing, claimed.State);
        Assert.Equal(1, claimed.Life.Fence);
        Host.Time.Advance(TimeSpan.FromSeconds(7));
        var ended = Done(await ReportAsync(held, OutcomeState.Succeeded, """{"invoices":3}"""));

        Assert.Equal(ActionState.Succeeded, ended.State);
        Assert.True(ended.Outcome!.IsSelfReported);
        var read = await Host.ReadAsync(held);
        Assert.True(read.Outcome!.IsSelfReported);
        Assert.Equal(TimeSpan.FromSeconds(7), read.Outcome.Duration);
        Assert.Equal("""{"invoices":3}""", Encoding.UTF8.GetString(read.Outcome.Result!.Value.Span));
        Assert.True(read.Life.Delivered);
        await AssertEntriesAsync(
            held,
            EntryType.ActionRequested,
            EntryType.ReviewOpened,
            EntryType.ReviewVote,
            EntryType.ReviewDecided,
            EntryType.ExecutionIntent,
            EntryType.ExecutionOutcome);
        var (_, payload) = Assert.Single(await Host.PayloadsOfAsync(EntryType.ExecutionOutcome));
        Assert.True(payload.GetProperty("self_reported").GetBoolean());
        Assert.Empty(Host.Target.Sent);
    }

    [Fact]
    public async Task A_permit_is_taken_once()
    {
        var held = await ApprovedAsync();
        Done(await ClaimAsync(held));

        Assert.Equal(PermitRefusal.AlreadyClaimed, WhyNot(await ClaimAsync(held)));
        Done(await ReportAsync(held, OutcomeState.Failed));
        Assert.Equal(PermitRefusal.AlreadyClaimed, WhyNot(await ClaimAsync(held)));
    }

    [Fact]
    public async Task Of_many_claims_at_once_one_is_given()
    {
        var held = await ApprovedAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => ClaimAsync(held)));

        Assert.Single(answers.OfType<PermitAnswer.Done>());
        Assert.Equal(
            Enumerable.Repeat(PermitRefusal.AlreadyClaimed, 15),
            answers.OfType<PermitAnswer.Refused>().Select(refused => refused.Why));
    }

    [Fact]
    public async Task A_claim_whose_answer_was_lost_is_known_again_by_its_key_and_by_no_other()
    {
        var held = await ApprovedAsync();
        Done(await ClaimAsync(held, key: "run-1"));

        Assert.Equal(1, Done(await ClaimAsync(held, key: "run-1")).Life.Fence);
        Assert.Equal(PermitRefusal.AlreadyClaimed, WhyNot(await ClaimAsync(held, key: "run-2")));
        Assert.Equal(PermitRefusal.AlreadyClaimed, WhyNot(await ClaimAsync(held)));
        Done(await ReportAsync(held, OutcomeState.Succeeded));
        Assert.Equal(PermitRefusal.AlreadyClaimed, WhyNot(await ClaimAsync(held, key: "run-1")));
    }

    [Fact]
    public async Task What_nobody_approved_cannot_be_claimed()
    {
        var held = await Host.HoldAsync(CoreHost.AskPermit());
        Assert.Equal(PermitRefusal.NotApproved, WhyNot(await ClaimAsync(held)));

        await Host.VoteAsync(held, CoreHost.Alice, Decision.Deny);
        Assert.Equal(PermitRefusal.NotApproved, WhyNot(await ClaimAsync(held)));
        Assert.Equal(PermitRefusal.NotClaimed, WhyNot(await ReportAsync(held, OutcomeState.Succeeded)));
    }

    [Fact]
    public async Task Another_digest_than_the_approved_one_takes_nothing()
    {
        var held = await ApprovedAsync();

        var answer = await Host.Permits.ClaimAsync(held, s_other, key: null, Host.Cancel);

        Assert.Equal(PermitRefusal.StaleDigest, WhyNot(answer));
        Assert.Equal(ActionState.Approved, (await Host.ReadAsync(held)).State);
        Done(await ClaimAsync(held));
        var report = new PermitReport(s_other, Claim: null, OutcomeState.Succeeded);
        Assert.Equal(PermitRefusal.StaleDigest, WhyNot(await Host.Permits.ReportAsync(held, report, Host.Cancel)));
    }

    [Fact]
    public async Task An_approval_that_was_not_used_in_time_gives_no_permit()
    {
        var held = await ApprovedAsync();
        Host.Time.Advance(GrantTerms.Default.TimeToLive);

        var refused = Assert.IsType<PermitAnswer.Refused>(await ClaimAsync(held));

        Assert.Equal(PermitRefusal.Expired, refused.Why);
        Host.Time.Advance(TimeSpan.FromMinutes(1));
        await Host.SweepAsync();
        Assert.Equal(PermitRefusal.Expired, WhyNot(await ClaimAsync(held)));
    }

    [Fact]
    public async Task A_policy_that_became_stricter_supersedes_the_permit_at_its_claim()
    {
        var held = await ApprovedAsync();
        await Host.PutInForceAsync(Demand.TwoDbas);

        var refused = Assert.IsType<PermitAnswer.Refused>(await ClaimAsync(held));

        Assert.Equal((PermitRefusal.NotApproved, ActionState.Superseded), (refused.Why, refused.Record.State));
    }

    [Fact]
    public async Task A_target_that_is_gone_or_executes_now_gives_no_permits()
    {
        var (gone, executing) = (await ApprovedAsync("""{"n":1}"""), await ApprovedAsync("""{"n":2}"""));

        Host.SetSdk(change: null);
        Assert.Equal(PermitRefusal.NotApproved, WhyNot(await ClaimAsync(gone)));
        Host.SetSdk(sdk => sdk with { Gate = GateKind.Mcp });
        Assert.Equal(PermitRefusal.NotApproved, WhyNot(await ClaimAsync(executing)));
        Assert.Empty(Host.Target.Sent);
    }

    [Fact]
    public async Task A_stopped_agent_takes_nothing_and_may_still_say_what_became_of_what_it_took()
    {
        var (taken, open) = (await ApprovedAsync("""{"n":1}"""), await ApprovedAsync("""{"n":2}"""));
        Done(await ClaimAsync(taken));
        await Host.Agents.StopAsync(CoreHost.BotId, CoreHost.Alice, comment: null, Host.Cancel);

        Assert.Equal(PermitRefusal.NotApproved, WhyNot(await ClaimAsync(open)));
        Assert.Equal(ActionState.Failed, Done(await ReportAsync(taken, OutcomeState.Failed)).State);
    }

    [Fact]
    public async Task A_claim_that_nobody_reports_becomes_unknown_and_a_late_report_changes_nothing()
    {
        var held = await ApprovedAsync();
        Done(await ClaimAsync(held));
        Host.LoseNode();
        await Host.SweepAsync();
        Assert.Equal(ActionState.Executing, (await Host.ReadAsync(held)).State);

        Host.Time.Advance(TimeSpan.FromHours(6));
        Assert.Equal(PermitRefusal.Expired, WhyNot(await ReportAsync(held, OutcomeState.Succeeded)));
        await Host.SweepAsync();

        var ended = await Host.ReadAsync(held);
        Assert.Equal(ActionState.Unknown, ended.State);
        Assert.False(ended.Outcome!.IsSelfReported);
        Assert.Contains("did not say in time", ended.Outcome.Error, StringComparison.Ordinal);
        Assert.Equal(PermitRefusal.Expired, WhyNot(await ReportAsync(held, OutcomeState.Succeeded)));
        Assert.Single(await Host.PayloadsOfAsync(EntryType.ExecutionOutcome));
    }

    [Fact]
    public async Task A_report_is_taken_once_and_only_about_what_was_claimed()
    {
        var held = await ApprovedAsync();
        Assert.Equal(PermitRefusal.NotClaimed, WhyNot(await ReportAsync(held, OutcomeState.Succeeded)));
        Done(await ClaimAsync(held));
        Done(await ReportAsync(held, OutcomeState.Unknown));

        Assert.Equal(PermitRefusal.AlreadyReported, WhyNot(await ReportAsync(held, OutcomeState.Succeeded)));
        Assert.Equal(ActionState.Unknown, (await Host.ReadAsync(held)).State);
    }

    [Fact]
    public async Task A_repeated_report_about_the_first_use_says_nothing_about_the_second()
    {
        await Host.PutInForceAsync(Demand.OneDbaForTwoUses);
        var held = await ApprovedAsync();
        Done(await ClaimAsync(held));
        Assert.Equal(ActionState.Approved, Done(await ReportAsync(held, OutcomeState.Succeeded, claim: 1)).State);
        Assert.Equal(2, Done(await ClaimAsync(held)).Life.Fence);

        Assert.Equal(PermitRefusal.AlreadyReported, WhyNot(await ReportAsync(held, OutcomeState.Failed, claim: 1)));
        Assert.Equal(ActionState.Succeeded, Done(await ReportAsync(held, OutcomeState.Succeeded, claim: 2)).State);
    }

    [Fact]
    public async Task What_is_reported_goes_through_the_masks_of_the_target()
    {
        Host.SetSdk(sdk => sdk with
        {
            Redaction = new TargetRedaction(
                RedactionPlan.Create(new RedactionOptions { Kinds = DataKinds.Named("email") }), FieldRules.None),
        });
        var held = await ApprovedAsync();
        Done(await ClaimAsync(held));
        var report = ReportOf(held, OutcomeState.Failed, """{"to":"carol@example.com"}""") with
        {
            Error = "no such mailbox: carol@example.com",
        };
        await Host.Permits.ReportAsync(held, report, Host.Cancel);

        var outcome = (await Host.ReadAsync(held)).Outcome!;
        Assert.DoesNotContain("carol", Encoding.UTF8.GetString(outcome.Result!.Value.Span), StringComparison.Ordinal);
        Assert.DoesNotContain("carol", outcome.Error, StringComparison.Ordinal);
        Assert.Equal(2, outcome.Masked.Total);
    }

    [Fact]
    public async Task Of_a_target_that_is_gone_the_state_is_kept_and_nothing_that_nobody_could_mask()
    {
        var held = await ApprovedAsync();
        Done(await ClaimAsync(held));
        Host.SetSdk(change: null);

        var ended = Done(await ReportAsync(held, OutcomeState.Succeeded, """{"ssn":"123-45-6789"}"""));

        Assert.Equal(ActionState.Succeeded, ended.State);
        Assert.Null(ended.Outcome!.Result);
    }

    [Fact]
    public async Task The_same_request_finds_the_permit_that_is_in_use_and_after_its_report_asks_anew()
    {
        var held = await ApprovedAsync();
        Done(await ClaimAsync(held));
        var underWay = Assert.IsType<Admission.UnderWay>(await Host.AdmitAsync(CoreHost.AskPermit()));
        Assert.Equal(held.Id, underWay.Record.Id);

        Done(await ReportAsync(held, OutcomeState.Succeeded));
        var anew = Assert.IsType<Admission.Held>(await Host.AdmitAsync(CoreHost.AskPermit()));
        Assert.NotEqual(held.Id, anew.Record.Id);
    }

    [Fact]
    public async Task What_the_gateway_executes_is_nothing_to_claim_or_to_report()
    {
        var held = await Host.HoldAsync(CoreHost.AskDetached());

        Assert.Equal(PermitRefusal.NoPermit, WhyNot(await ClaimAsync(held)));
        Assert.Equal(PermitRefusal.NoPermit, WhyNot(await ReportAsync(held, OutcomeState.Succeeded)));
    }

    private static PermitReport ReportOf(ActionRecord permit, OutcomeState state, string? result, long? claim = null) =>
        new(permit.Action.Digest, claim, state)
        {
            Result = result is null ? null : (ReadOnlyMemory<byte>?)Encoding.UTF8.GetBytes(result),
        };

    private static ActionRecord Done(PermitAnswer answer) => Assert.IsType<PermitAnswer.Done>(answer).Record;

    private static PermitRefusal WhyNot(PermitAnswer answer) => Assert.IsType<PermitAnswer.Refused>(answer).Why;

    private Task<PermitAnswer> ClaimAsync(ActionRecord permit, string? key = null) =>
        Host.Permits.ClaimAsync(permit, permit.Action.Digest, key, Host.Cancel);

    private Task<PermitAnswer> ReportAsync(
        ActionRecord permit, OutcomeState state, string? result = null, long? claim = null) =>
        Host.Permits.ReportAsync(permit, ReportOf(permit, state, result, claim), Host.Cancel);

    private async Task<ActionRecord> GrantedAsync(string operation) =>
        Assert.IsType<Admission.Granted>(await Host.AdmitAsync(CoreHost.AskPermit(operation))).Record;

    private async Task<ActionRecord> ApprovedAsync(string arguments = """{"n":1}""")
    {
        var held = await Host.HoldAsync(CoreHost.AskPermit(arguments: arguments));
        await Host.VoteAsync(held, CoreHost.Alice);
        return await Host.ReadAsync(held);
    }
}
