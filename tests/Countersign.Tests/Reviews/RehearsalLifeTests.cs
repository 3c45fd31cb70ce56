using Countersign.Core.Actions;
using Countersign.Core.Ledger;
using Countersign.Core.Reviews;
using static Countersign.Tests.Reviews.LifecycleSample;

namespace Countersign.Tests.Reviews;

/// <summary>What a reviewer's dry run makes of a life: nothing but an entry.</summary>
public sealed class RehearsalLifeTests
{
    private static readonly LifeEvent.Rehearsed s_byAlice = new(Alice, Digest, Everybody());

    [Fact]
    public void It_is_a_further_card_that_moves_nothing()
    {
        var pending = Pending(Requires(Stage(1)));
        var rehearsed = To(pending, s_byAlice);

        Assert.Same(pending, rehearsed.Life);
        Assert.Equal([EntryType.ReviewOpened], rehearsed.Entries);
    }

    [Fact]
    public void Who_voted_may_still_ask_for_it()
    {
        var voted = To(Pending(Requires(Stage(2))), Approval(Alice)).Life;

        Assert.Same(voted, To(voted, s_byAlice).Life);
    }

    [Fact]
    public void Whoever_stands_behind_the_request_or_reviews_nothing_may_not_ask_for_it()
    {
        var pending = Pending(Requires(Stage(1)));

        IsRefused(StepRefusal.NotEligible, pending, s_byAlice with { By = Owner });
        IsRefused(StepRefusal.NotEligible, pending, s_byAlice with { By = new("stranger") });
    }

    [Fact]
    public void It_is_about_the_present_revision_of_an_open_review()
    {
        IsRefused(
            StepRefusal.StaleDigest,
            Pending(Requires(Stage(1))),
            s_byAlice with { Digest = ActionDigest.Of("other"u8) });
        IsRefused(StepRefusal.AlreadyDecided, Approved(), s_byAlice);
        IsRefused(StepRefusal.AlreadyDecided, Executing(), s_byAlice);
        var expired = To(Pending(Requires(Stage(1))), new LifeEvent.TimePassed(Start.AddHours(1))).Life;
        IsRefused(StepRefusal.Expired, expired, s_byAlice);
    }
}
