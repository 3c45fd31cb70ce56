using Countersign.Core.Actions;
using Countersign.Core.Ledger;
using Countersign.Core.Reviews;
using static Countersign.Tests.Reviews.LifecycleSample;

namespace Countersign.Tests.Reviews;

/// <summary>What evidence and a lost owner make of a life.</summary>
public sealed class OrphanLifeTests
{
    [Theory]
    [InlineData(OutcomeState.Succeeded, ActionState.Succeeded)]
    [InlineData(OutcomeState.Failed, ActionState.Failed)]
    public void A_lost_owner_leaves_the_outcome_that_the_target_proves(OutcomeState proven, ActionState state)
    {
        var lost = To(Executing(), new LifeEvent.OwnerLost(1, proven, Start));
        Assert.Equal((state, proven, null), (lost.Life.State, lost.Life.LastOutcome, lost.Life.Execution));
        Assert.Equal([EntryType.ExecutionOutcome], lost.Entries);
        Assert.False(lost.Life.Delivered);
    }

    [Fact]
    public void Evidence_is_a_further_intent_that_moves_nothing()
    {
        var executing = Executing();
        var noted = To(executing, new LifeEvent.EvidenceLeft(1));

        Assert.Same(executing, noted.Life);
        Assert.Equal([EntryType.ExecutionIntent], noted.Entries);
        IsRefused(StepRefusal.StaleFence, Executing(), new LifeEvent.EvidenceLeft(0));
        IsRefused(StepRefusal.StaleFence, Approved(), new LifeEvent.EvidenceLeft(0));
    }

    [Theory]
    [InlineData(OutcomeState.Succeeded, ActionState.Approved)]
    [InlineData(OutcomeState.Unknown, ActionState.Unknown)]
    public void Uses_that_are_left_stay_only_when_the_outcome_is_proven(OutcomeState outcome, ActionState state)
    {
        var terms = Requires(Stage(1)) with { Grant = new GrantTerms(2, TimeSpan.FromMinutes(10)) };
        var executing = To(To(Pending(terms), Approval(Alice)).Life, Claim()).Life;

        Assert.Equal(state, To(executing, new LifeEvent.OwnerLost(1, outcome, Start)).Life.State);
    }
}
