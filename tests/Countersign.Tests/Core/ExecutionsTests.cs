using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Ledger;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;
using Countersign.Tests.Support;

namespace Countersign.Tests.Core;

/// <summary>Claim, execution and outcome, and what is said when one of them goes wrong.</summary>
public sealed class ExecutionsTests : CoreTests
{
    [Fact]
    public async Task A_detached_action_is_executed_by_the_node_that_records_the_decision()
    {
        var held = await Host.HoldAsync(CoreHost.AskDetached());

        await Host.VoteAsync(held, CoreHost.Alice);

        Assert.Equal(ActionState.Succeeded, (await Host.UntilEndedAsync(held)).State);
        Assert.Equal([held.Id], Host.Target.Sent);
    }

    [Fact]
    public async Task A_detached_action_that_is_allowed_is_executed_at_once()
    {
        var admission = await Host.AdmitAsync(CoreHost.AskDetached("read"));

        var granted = Assert.IsType<Admission.Granted>(admission).Record;
        Assert.Equal(ActionState.Succeeded, (await Host.UntilEndedAsync(granted)).State);
        await AssertEntriesAsync(
            granted, EntryType.ActionRequested, EntryType.ExecutionIntent, EntryType.ExecutionOutcome);
    }

    [Fact]
    public async Task A_detached_approval_is_judged_again_at_its_claim()
    {
        var held = await Host.HoldAsync(CoreHost.AskDetached());
        await Host.PutInForceAsync(Demand.TwoDbas);

        await Host.VoteAsync(held, CoreHost.Alice);

        Assert.Equal(ActionState.Superseded, (await Host.ReadAsync(held)).State);
        Assert.Empty(Host.Target.Sent);
    }

    [Fact]
    [Trait("Threat", "THR-011"), Trait("CWE", "367")]
    public async Task A_detached_approval_whose_approver_left_the_group_is_superseded_by_the_sweep()
    {
        var held = await ApproveAndCrashAsync();
        Host.SetDbas(CoreHost.Bob);

        await Host.SweepAsync();

        Assert.Equal(ActionState.Superseded, (await Host.ReadAsync(held)).State);
        Assert.Empty(Host.Target.Sent);
    }

    [Fact]
    public async Task A_detached_request_whose_approval_lapsed_starts_again()
    {
        var held = await ApproveAndCrashAsync();
        Host.SetDbas(CoreHost.Bob);

        var again = await Host.HoldAsync(CoreHost.AskDetached());

        Assert.NotEqual(held.Id, again.Id);
        Assert.Equal(ActionState.Superseded, (await Host.ReadAsync(held)).State);
    }

    [Fact]
    public async Task A_crash_between_decision_and_claim_loses_no_approval()
    {
        var held = await ApproveAndCrashAsync();

        await Host.SweepAsync();

        Assert.Equal(ActionState.Succeeded, (await Host.UntilEndedAsync(held)).State);
        Assert.Equal([held.Id], Host.Target.Sent);
    }

    [Fact]
    public async Task Without_the_store_a_grant_is_not_taken()
    {
        var asking = CoreHost.Ask();
        var held = await Host.RecordOfAsync(asking);
        await Host.VoteAsync(held, CoreHost.Alice);
        Host.Store.FailOn(EntryType.ExecutionIntent);

        await Assert.ThrowsAsync<StoreUnavailableException>(() => Host.CallBrieflyAsync(asking));

        Assert.Empty(Host.Target.Sent);
        Host.Store.Heal();
        Assert.Equal(held.Id, (await Host.RecordOfAsync(asking)).Id);
        Assert.Equal([held.Id], Host.Target.Sent);
    }

    [Fact]
    public async Task A_claim_nobody_heard_of_ends_as_not_sent()
    {
        var asking = CoreHost.Ask();
        var held = await Host.RecordOfAsync(asking);
        await Host.VoteAsync(held, CoreHost.Alice);
        Host.Store.FailOn(EntryType.ExecutionIntent, StoreFault.AcknowledgementLost);
        await Assert.ThrowsAsync<StoreUnavailableException>(() => Host.CallBrieflyAsync(asking));

        Host.Store.Heal();
        await Host.SweepAsync();

        await AssertNothingSentAsync(held);
    }

    [Fact]
    public async Task An_allowed_call_whose_record_nobody_heard_of_ends_as_not_sent()
    {
        var asking = CoreHost.Ask("read");
        Host.Store.FailOn(EntryType.ExecutionIntent, StoreFault.AcknowledgementLost);
        await Assert.ThrowsAsync<StoreUnavailableException>(() => Host.CallBrieflyAsync(asking));

        Host.Store.Heal();
        await Host.SweepAsync();

        await AssertNothingSentAsync(await Host.RecordOfAsync(asking));
    }

    [Fact]
    public async Task An_outcome_the_store_refused_is_settled_by_a_later_sweep()
    {
        var asking = CoreHost.Ask("read");
        Host.Store.FailOn(EntryType.ExecutionOutcome);
        await Assert.ThrowsAsync<StoreUnavailableException>(() => Host.CallBrieflyAsync(asking));
        await Assert.ThrowsAsync<StoreUnavailableException>(Host.SweepAsync);

        Host.Store.Heal();
        await Host.SweepAsync();
        var ended = await Host.RecordOfAsync(asking);

        Assert.Equal(ActionState.Succeeded, ended.State);
        Assert.Equal([ended.Id], Host.Target.Sent);
    }

    [Fact]
    public async Task A_gate_that_throws_leaves_an_unknown_outcome()
    {
        Host.Target.Answer = (_, _) => throw new IOException("The line went dead.");

        var record = await Host.RecordOfAsync(CoreHost.Ask("read"));

        Assert.Equal(ActionState.Unknown, record.State);
        Assert.Contains("The line went dead.", record.Outcome!.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_execution_beyond_the_limit_leaves_an_unknown_outcome()
    {
        Host.Reopen(options => options with
        {
            Execution = options.Execution with { Limit = TimeSpan.FromMilliseconds(1) },
        });
        Host.Target.Answer = NeverAsync;

        var record = await Host.RecordOfAsync(CoreHost.Ask("read"));

        Assert.Equal(ActionState.Unknown, record.State);
        Assert.Contains("did not answer within", record.Outcome!.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_execution_beyond_the_bounds_of_its_rule_leaves_an_unknown_outcome()
    {
        await Host.PutInForceAsync(Demand.OneDbaWithin(TimeSpan.FromMilliseconds(1)));
        Host.Target.Answer = NeverAsync;
        var held = await Host.RecordOfAsync(CoreHost.Ask());
        await Host.VoteAsync(held, CoreHost.Alice);

        Assert.Equal(ActionState.Unknown, (await Host.RecordOfAsync(CoreHost.Ask())).State);
    }

    [Fact]
    public async Task An_unknown_outcome_ends_a_grant_with_uses_left()
    {
        await Host.PutInForceAsync(Demand.OneDbaForTwoUses);
        Host.Target.Answer = (_, _) => throw new IOException("The line went dead.");
        var held = await Host.RecordOfAsync(CoreHost.Ask());
        await Host.VoteAsync(held, CoreHost.Alice);

        var used = await Host.RecordOfAsync(CoreHost.Ask());
        await Host.DeliverAsync(used);

        Assert.Equal(ActionState.Unknown, used.State);
        Assert.Equal(ActionState.Pending, (await Host.RecordOfAsync(CoreHost.Ask())).State);
        Assert.Single(Host.Target.Sent);
    }

    [Fact]
    public async Task A_failure_that_the_target_reports_is_a_failure()
    {
        Host.Target.Answer = (_, _) => Task.FromResult(
            PlayedTarget.Done with { State = OutcomeState.Failed, Error = "No such table." });

        Assert.Equal(ActionState.Failed, (await Host.RecordOfAsync(CoreHost.Ask("read"))).State);
    }

    private static async Task<Outcome> NeverAsync(ActionRecord action, CancellationToken cancellationToken)
    {
        await Task.Delay(Timeout.Infinite, cancellationToken);
        return PlayedTarget.Done;
    }

    /// <summary>The vote is durable, and the node goes away before it takes the approval.</summary>
    private async Task<ActionRecord> ApproveAndCrashAsync()
    {
        var held = await Host.HoldAsync(CoreHost.AskDetached());
        Host.Store.FailOn(EntryType.ExecutionIntent);
        await Host.VoteAsync(held, CoreHost.Alice);
        Host.Store.Heal();
        Host.LoseNode();
        Assert.Equal(ActionState.Approved, (await Host.ReadAsync(held)).State);
        return held;
    }

    private async Task AssertNothingSentAsync(ActionRecord record)
    {
        var ended = await Host.ReadAsync(record);
        Assert.Equal(ActionState.Failed, ended.State);
        Assert.StartsWith("Nothing was sent", ended.Outcome!.Error, StringComparison.Ordinal);
        Assert.Empty(Host.Target.Sent);
    }
}
