using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Ledger;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;
using Countersign.Tests.Support;

namespace Countersign.Tests.Core;

/// <summary>Reads recorded together with their outcome: one entry, and no answer before it is durable.</summary>
public sealed class RecordingsTests : CoreTests
{
    [Fact]
    public async Task Request_and_outcome_are_one_entry_and_nobody_gets_the_outcome_again()
    {
        var first = await Host.RecordOfAsync(CoreHost.Ask("peek"));
        var second = await Host.RecordOfAsync(CoreHost.Ask("peek"));

        Assert.Equal([first.Id, second.Id], Host.Target.Sent);
        await AssertEntriesAsync(first, EntryType.ActionExecuted);
        var stored = await Host.ReadAsync(first);
        Assert.Equal((ActionState.Succeeded, true), (stored.State, stored.Life.Delivered));
        Assert.Equal(PlayedTarget.Done.Result!.Value.ToArray(), stored.Outcome!.Result!.Value.ToArray());
        Assert.Equal(first.Action.Digest, stored.Action.Digest);
    }

    [Fact]
    public async Task A_read_that_failed_is_recorded_as_failed()
    {
        Host.Target.Answer = static (_, _) => throw new IOException("The line broke.");

        var ended = await Host.RecordOfAsync(CoreHost.Ask("peek"));

        Assert.Equal(ActionState.Unknown, (await Host.ReadAsync(ended)).State);
    }

    [Fact]
    public async Task An_answer_is_withheld_until_it_is_recorded_and_the_sweep_records_it()
    {
        Host.Store.FailOn(EntryType.ActionExecuted);

        var failure = await Assert.ThrowsAsync<StoreUnavailableException>(
            () => Host.RecordOfAsync(CoreHost.Ask("peek")));
        Host.Store.Heal();
        await Host.SweepAsync();
        await Host.SweepAsync();

        Assert.Contains("its answer is withheld", failure.Message, StringComparison.Ordinal);
        Assert.Equal([EntryType.ActionExecuted], await Host.EntriesOfAsync(Assert.Single(Host.Target.Sent)));
    }

    [Fact]
    public async Task A_lost_acknowledgement_records_it_once()
    {
        Host.Store.FailOn(EntryType.ActionExecuted, StoreFault.AcknowledgementLost);

        await Assert.ThrowsAsync<StoreUnavailableException>(() => Host.RecordOfAsync(CoreHost.Ask("peek")));
        Host.Store.Heal();
        await Host.SweepAsync();

        Assert.Equal([EntryType.ActionExecuted], await Host.EntriesOfAsync(Assert.Single(Host.Target.Sent)));
    }

    [Fact]
    public async Task A_caller_that_hangs_up_leaves_a_record()
    {
        var answer = Host.Target.Hold();
        await using (var call = Host.Call(CoreHost.Ask("peek")))
        {
            await answer.Asked.WaitAsync(Host.Cancel);
        }

        answer.Give();
        await Host.DrainAsync();

        Assert.Equal([EntryType.ActionExecuted], await Host.EntriesOfAsync(Assert.Single(Host.Target.Sent)));
    }

    [Fact]
    public async Task A_request_with_a_key_is_recorded_before_it_is_sent()
    {
        var asking = CoreHost.Ask("peek") with { IdempotencyKey = "once" };

        var first = await Host.RecordOfAsync(asking);
        var second = await Host.RecordOfAsync(asking);

        Assert.Equal(first.Id, second.Id);
        Assert.Equal([first.Id], Host.Target.Sent);
        await AssertEntriesAsync(
            first, EntryType.ActionRequested, EntryType.ExecutionIntent, EntryType.ExecutionOutcome);
    }

    [Fact]
    public async Task A_detached_request_is_recorded_before_it_is_sent()
    {
        var admission = await Host.AdmitAsync(CoreHost.AskDetached("peek"));

        var granted = Assert.IsType<Admission.Granted>(admission).Record;
        await Host.UntilEndedAsync(granted);
        await AssertEntriesAsync(
            granted, EntryType.ActionRequested, EntryType.ExecutionIntent, EntryType.ExecutionOutcome);
    }

    [Fact]
    public async Task A_wish_to_record_behind_leaves_no_trace_out_where_the_target_did_not_opt_in()
    {
        await Host.PutInForceAsync(policy => Demand.Nothing(policy) with { Record = RecordMode.Behind });

        var ended = await Host.RecordOfAsync(CoreHost.Ask());

        await AssertEntriesAsync(
            ended, EntryType.ActionRequested, EntryType.ExecutionIntent, EntryType.ExecutionOutcome);
    }

    [Fact]
    public async Task The_target_decides_where_no_rule_does()
    {
        var asking = CoreHost.Ask("read");

        var ended = await Host.RecordOfAsync(asking with { Target = asking.Target with { Record = RecordMode.With } });

        await AssertEntriesAsync(ended, EntryType.ActionExecuted);
    }
}
