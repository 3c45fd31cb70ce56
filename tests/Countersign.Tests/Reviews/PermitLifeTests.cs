using Countersign.Core.Actions;
using Countersign.Core.Ledger;
using Countersign.Core.Reviews;
using static Countersign.Tests.Reviews.LifecycleSample;

namespace Countersign.Tests.Reviews;

/// <summary>What a claimed permit can become: what its taker says, or unknown. No node has a say in it.</summary>
public sealed class PermitLifeTests
{
    private static readonly DateTimeOffset s_reportBy = Start + TimeSpan.FromHours(1);

    [Theory]
    [InlineData(OutcomeState.Succeeded, ActionState.Succeeded)]
    [InlineData(OutcomeState.Failed, ActionState.Failed)]
    [InlineData(OutcomeState.Unknown, ActionState.Unknown)]
    public void A_report_in_time_is_the_outcome_and_reached_its_caller(OutcomeState said, ActionState state)
    {
        var ended = To(Claimed(), Report(said));

        Assert.Equal((state, said, true), (ended.Life.State, ended.Life.LastOutcome, ended.Life.Delivered));
        Assert.Equal((null, null), (ended.Life.Execution, ended.Life.ReportBy));
        Assert.Equal([EntryType.ExecutionOutcome], ended.Entries);
        IsRefused(StepRefusal.OutOfOrder, ended.Life, Report(said));
    }

    [Fact]
    public void A_report_counts_before_its_time_is_over_and_about_the_claim_it_means()
    {
        To(Claimed(), Report(OutcomeState.Succeeded, at: s_reportBy.AddTicks(-1)));
        To(Claimed(), Report(OutcomeState.Succeeded) with { Fence = 1 });
        IsRefused(StepRefusal.Expired, Claimed(), Report(OutcomeState.Succeeded, at: s_reportBy));
        IsRefused(StepRefusal.StaleFence, Claimed(), Report(OutcomeState.Succeeded) with { Fence = 0 });
        IsRefused(
            StepRefusal.StaleDigest,
            Claimed(),
            Report(OutcomeState.Succeeded) with { Shown = ActionDigest.Of("another"u8) });
        IsRefused(StepRefusal.OutOfOrder, Approved(), Report(OutcomeState.Succeeded));
        IsRefused(StepRefusal.OutOfOrder, Executing(), Report(OutcomeState.Succeeded));
    }

    [Fact]
    public void Silence_is_unknown_when_its_time_is_over_and_not_before()
    {
        Assert.Equal(s_reportBy, Claimed().NextDeadline);
        IsRefused(StepRefusal.OutOfOrder, Claimed(), new LifeEvent.TimePassed(s_reportBy.AddTicks(-1)));
        var silent = To(Claimed(), new LifeEvent.TimePassed(s_reportBy));

        Assert.Equal((ActionState.Unknown, false), (silent.Life.State, silent.Life.Delivered));
        Assert.Equal([EntryType.ExecutionOutcome], silent.Entries);
        IsRefused(StepRefusal.OutOfOrder, Executing(), new LifeEvent.TimePassed(s_reportBy));
    }

    [Fact]
    public void No_node_ends_or_adds_to_what_an_asker_claimed()
    {
        IsRefused(
            StepRefusal.OutOfOrder, Claimed(), new LifeEvent.Completed(1, OutcomeState.Succeeded, Start));
        IsRefused(StepRefusal.StaleFence, Claimed(), new LifeEvent.OwnerLost(1, OutcomeState.Unknown, Start));
        IsRefused(StepRefusal.StaleFence, Claimed(), new LifeEvent.EvidenceLeft(1));
    }

    [Fact]
    public void Who_claims_another_digest_than_the_approved_one_takes_nothing()
    {
        IsRefused(StepRefusal.StaleDigest, Approved(), Claim() with { Shown = ActionDigest.Of("another"u8) });
        To(Approved(), Claim() with { Shown = Digest });
    }

    private static Life Claimed() => To(Approved(), Claim() with { ReportBy = s_reportBy }).Life;

    private static LifeEvent.Reported Report(OutcomeState outcome, DateTimeOffset? at = null) =>
        new(Digest, Fence: null, outcome, at ?? Start);
}
