using System.Collections.Immutable;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Ledger;
using Countersign.Core.Policies;
using Countersign.Core.Reviews;
using static Countersign.Tests.Reviews.LifecycleSample;

namespace Countersign.Tests.Reviews;

public sealed class LifecycleTests
{
    [Fact]
    public void A_denied_verdict_ends_the_action_as_refused()
    {
        var verdict = new Verdict(VerdictOutcome.Deny, [], [], PolicyDigest);

        var begun = Lifecycle.Begin(Digest, verdict, Start);

        Assert.Equal(ActionState.Refused, begun.Life.State);
        Assert.Equal([EntryType.ActionRefused], begun.Entries);
    }

    [Fact]
    public void An_allowed_verdict_grants_one_use()
    {
        var begun = Lifecycle.Begin(Digest, new Verdict(VerdictOutcome.Allow, [], [], PolicyDigest), Start);

        Assert.Equal(ActionState.Approved, begun.Life.State);
        Assert.Equal(1, begun.Life.Grant!.UsesLeft);
        Assert.Equal([EntryType.ActionRequested], begun.Entries);
    }

    [Fact]
    public void One_approval_of_one_approves()
    {
        var step = To(Pending(Requires(Stage(1))), Approval(Alice));

        Assert.Equal(ActionState.Approved, step.Life.State);
        Assert.Equal([EntryType.ReviewVote, EntryType.ReviewDecided], step.Entries);
    }

    [Fact]
    public void Two_of_a_group_are_two_persons()
    {
        var life = To(Pending(Requires(Stage(2))), Approval(Alice)).Life;

        Assert.Equal(ActionState.Pending, life.State);
        IsRefused(StepRefusal.AlreadyVoted, life, Approval(Alice));
        Assert.Equal(ActionState.Approved, To(life, Approval(Bob)).Life.State);
    }

    [Fact]
    public void A_stronger_proof_of_the_same_person_is_taken_and_still_counts_once()
    {
        var life = To(Pending(Requires(Stage(2))), Approval(Alice)).Life;

        var stronger = To(life, Approval(Alice, assurance: Assurance.Passkey)).Life;

        Assert.Equal(ActionState.Pending, stronger.State);
    }

    [Fact]
    public void Nobody_approves_their_own_action()
    {
        IsRefused(StepRefusal.SelfApproval, Pending(Requires(Stage(1))), Approval(Owner));
    }

    [Fact]
    public void Whoever_stands_behind_the_request_may_deny_it()
    {
        Assert.Equal(ActionState.Denied, To(Pending(Requires(Stage(1))), Denial(Owner)).Life.State);
    }

    [Fact]
    public void A_stranger_may_neither_approve_nor_deny()
    {
        var stranger = new PersonId("stranger");
        IsRefused(StepRefusal.NotEligible, Pending(Requires(Stage(1))), Approval(stranger));
        IsRefused(StepRefusal.NotEligible, Pending(Requires(Stage(1))), Denial(stranger));
    }

    [Fact]
    public void A_weaker_surface_than_the_rule_asks_for_is_refused()
    {
        IsRefused(
            StepRefusal.AssuranceTooLow, Pending(Requires(Stage(1))), Approval(Alice, assurance: Assurance.Chat));
    }

    [Fact]
    public void A_vote_about_another_digest_is_refused()
    {
        var vote = Approval(Alice) with { Digest = ActionDigest.Of("other"u8) };
        IsRefused(StepRefusal.StaleDigest, Pending(Requires(Stage(1))), vote);
    }

    [Fact]
    public void Refusals_come_in_the_order_of_the_api()
    {
        var decided = To(Pending(Requires(Stage(1))), Denial(Alice)).Life;
        var stale = Approval(Owner) with { Digest = ActionDigest.Of("other"u8) };

        IsRefused(StepRefusal.SelfApproval, decided, stale);
        IsRefused(StepRefusal.AssuranceTooLow, decided, Approval(Bob, assurance: Assurance.Token));
        IsRefused(StepRefusal.StaleDigest, decided, Approval(Bob) with { Digest = ActionDigest.Of("other"u8) });
        IsRefused(StepRefusal.AlreadyDecided, decided, Approval(Bob));
    }

    [Fact]
    public void A_denial_is_final_and_remembered()
    {
        var denied = To(Pending(Requires(Stage(1))), Denial(Alice)).Life;

        Assert.Equal(Start + TimeSpan.FromMinutes(10), denied.DeniedUntil);
        IsRefused(StepRefusal.AlreadyDecided, denied, Approval(Bob));
        IsRefused(StepRefusal.OutOfOrder, denied, Claim());
    }

    [Fact]
    public void Every_track_has_to_be_met_and_one_vote_counts_in_each_it_fits()
    {
        var everywhere = Everybody(tracks: 2);
        var life = Pending(Requires(Stage(1)), Requires(Stage(2)));

        var once = To(life, Approval(Alice, everywhere)).Life;
        var twice = To(once, Approval(Bob, everywhere)).Life;

        Assert.Equal(ActionState.Pending, once.State);
        Assert.Equal([1, 0], once.Tracks.Select(track => track.Stage));
        Assert.Equal(ActionState.Approved, twice.State);
    }

    [Fact]
    public void Stages_run_in_order()
    {
        var electorate = new Electorate(
            [Owner], [[ImmutableHashSet.Create(Alice), ImmutableHashSet.Create(Bob)]]);
        var life = Pending(Requires(Stage(1), Stage(1)));

        IsRefused(StepRefusal.NotEligible, life, Approval(Bob, electorate));
        var second = To(life, Approval(Alice, electorate)).Life;
        Assert.Equal(1, second.Tracks[0].Stage);
        Assert.Equal(ActionState.Approved, To(second, Approval(Bob, electorate)).Life.State);
    }

    [Fact]
    public void A_stage_begins_its_own_clock()
    {
        var later = Start + TimeSpan.FromMinutes(10);
        var life = To(Pending(Requires(Stage(1), Stage(1))), Approval(Alice, Everybody(stages: 2), later)).Life;

        Assert.Equal(later + TimeSpan.FromMinutes(15), life.Tracks[0].Deadline);
    }

    [Fact]
    public void A_deadline_escalates_once_and_then_expires()
    {
        var life = Pending(Requires(Stage(1, escalate: "group:oncall")));
        Assert.Equal(Start + TimeSpan.FromMinutes(30), life.ExpiresAt);

        var escalated = To(life, new LifeEvent.TimePassed(Start + TimeSpan.FromMinutes(15))).Life;
        Assert.True(escalated.Tracks[0].Escalated);
        Assert.Equal(ActionState.Pending, escalated.State);

        var expired = To(escalated, new LifeEvent.TimePassed(Start + TimeSpan.FromMinutes(30)));
        Assert.Equal(ActionState.Expired, expired.Life.State);
        Assert.Equal([EntryType.ReviewExpired], expired.Entries);
    }

    [Fact]
    public void Without_escalation_a_deadline_expires_at_once()
    {
        var life = Pending(Requires(Stage(1)));
        var at = Start + TimeSpan.FromMinutes(15);

        Assert.Equal(ActionState.Expired, To(life, new LifeEvent.TimePassed(at)).Life.State);
        Assert.Equal(ActionState.Pending, To(life, new LifeEvent.TimePassed(at - TimeSpan.FromTicks(1))).Life.State);
    }

    [Fact]
    public void A_vote_in_the_instant_of_the_deadline_is_too_late()
    {
        IsRefused(
            StepRefusal.Expired,
            Pending(Requires(Stage(1))),
            Approval(Alice, at: Start + TimeSpan.FromMinutes(15)));
    }

    [Fact]
    public void A_claim_spends_the_use_and_raises_the_fence()
    {
        var step = To(Approved(), Claim());

        Assert.Equal(ActionState.Executing, step.Life.State);
        Assert.Equal(0, step.Life.Grant!.UsesLeft);
        Assert.Equal(1, step.Life.Fence);
        Assert.Equal(new Execution(Node, 1, Start), step.Life.Execution);
        Assert.Equal([EntryType.ExecutionIntent], step.Entries);
    }

    [Fact]
    public void A_grant_is_claimed_once()
    {
        IsRefused(StepRefusal.OutOfOrder, Executing(), Claim());
    }

    [Fact]
    public void A_claim_in_the_instant_of_expiry_is_refused()
    {
        var expiry = Start + GrantTerms.Default.TimeToLive;
        IsRefused(StepRefusal.Expired, Approved(), Claim(expiry));
        Assert.Equal(ActionState.Executing, To(Approved(), Claim(expiry - TimeSpan.FromTicks(1))).Life.State);
    }

    [Fact]
    public void An_approver_who_may_not_approve_any_more_does_not_count_at_the_claim()
    {
        var withoutAlice = new Electorate([Owner], [[ImmutableHashSet.Create(Bob)]]);
        IsRefused(StepRefusal.ApprovalLapsed, Approved(), Claim(electorate: withoutAlice));
    }

    [Theory]
    [InlineData(OutcomeState.Succeeded, ActionState.Succeeded)]
    [InlineData(OutcomeState.Failed, ActionState.Failed)]
    [InlineData(OutcomeState.Unknown, ActionState.Unknown)]
    public void An_outcome_ends_the_action_as_what_it_is(OutcomeState outcome, ActionState state)
    {
        var step = To(Executing(), new LifeEvent.Completed(1, outcome, Start));

        Assert.Equal(state, step.Life.State);
        Assert.Equal([EntryType.ExecutionOutcome], step.Entries);
        Assert.False(step.Life.Delivered);
    }

    [Fact]
    public void A_report_about_an_older_fence_changes_nothing()
    {
        IsRefused(StepRefusal.StaleFence, Executing(), new LifeEvent.Completed(0, OutcomeState.Succeeded, Start));
        IsRefused(StepRefusal.StaleFence, Executing(), new LifeEvent.OwnerLost(0, OutcomeState.Unknown, Start));
    }

    [Fact]
    public void A_lost_owner_makes_the_outcome_unknown_and_never_approved_again()
    {
        var lost = To(Executing(), new LifeEvent.OwnerLost(1, OutcomeState.Unknown, Start)).Life;

        Assert.Equal(ActionState.Unknown, lost.State);
        IsRefused(StepRefusal.OutOfOrder, lost, Claim());
    }

    [Fact]
    public void Uses_that_are_left_can_be_claimed_until_one_outcome_is_unknown()
    {
        var terms = Requires(Stage(1)) with { Grant = new GrantTerms(3, TimeSpan.FromMinutes(10)) };
        var first = To(To(Pending(terms), Approval(Alice)).Life, Claim()).Life;

        var again = To(first, new LifeEvent.Completed(1, OutcomeState.Succeeded, Start)).Life;
        Assert.Equal(ActionState.Approved, again.State);
        var second = To(again, Claim()).Life;
        Assert.Equal(2, second.Fence);
        Assert.Equal(
            ActionState.Unknown, To(second, new LifeEvent.Completed(2, OutcomeState.Unknown, Start)).Life.State);
    }

    [Fact]
    public void A_used_grant_ends_as_its_last_outcome_and_an_unused_one_as_expired()
    {
        var end = new LifeEvent.TimePassed(Start + GrantTerms.Default.TimeToLive);
        var terms = Requires(Stage(1)) with { Grant = new GrantTerms(2, GrantTerms.Default.TimeToLive) };
        var used = To(
            To(To(Pending(terms), Approval(Alice)).Life, Claim()).Life,
            new LifeEvent.Completed(1, OutcomeState.Succeeded, Start)).Life;

        Assert.Equal(ActionState.Expired, To(Approved(), end).Life.State);
        Assert.Equal(ActionState.Succeeded, To(used, end).Life.State);
    }

    [Fact]
    public void Several_tracks_give_the_least_uses_and_the_least_time()
    {
        var life = Pending(
            Requires(Stage(1)) with { Grant = new GrantTerms(5, TimeSpan.FromMinutes(1)) },
            Requires(Stage(1)) with { Grant = new GrantTerms(2, TimeSpan.FromMinutes(9)) });

        var grant = To(life, Approval(Alice, Everybody(tracks: 2))).Life.Grant!;

        Assert.Equal(new Grant(2, Start + TimeSpan.FromMinutes(1)), grant);
    }

    [Fact]
    public void A_modification_is_a_new_revision_without_votes_whose_author_is_remembered()
    {
        var life = To(Pending(Requires(Stage(2))), Approval(Alice)).Life;
        var digest = ActionDigest.Of("modified"u8);

        var modified = To(life, Modification(digest, Requires(Stage(2)))).Life;

        Assert.Equal(2, modified.Revision);
        Assert.Equal(digest, modified.Digest);
        Assert.Empty(modified.Votes);
        Assert.Contains(Bob, modified.Modifiers);
        IsRefused(StepRefusal.StaleDigest, modified, Approval(Carol));
    }

    [Fact]
    public void Only_a_reviewer_changes_what_they_were_shown_into_what_somebody_has_to_approve()
    {
        var life = Pending(Requires(Stage(1)));
        var good = Modification(ActionDigest.Of("modified"u8), Requires(Stage(1)));

        IsRefused(StepRefusal.NotEligible, life, good with { MayModify = false });
        IsRefused(StepRefusal.StaleDigest, life, good with { Shown = good.Digest });
        IsRefused(StepRefusal.OutOfOrder, life, good with { Requirements = [] });
        IsRefused(StepRefusal.AlreadyDecided, To(life, Denial(Alice)).Life, good);
        To(life, good);
    }

    [Fact]
    public void A_review_whose_time_is_over_is_not_revived_by_changing_it()
    {
        var requirement = Requires(Stage(1));
        var life = Pending(requirement);

        IsRefused(
            StepRefusal.Expired,
            life,
            Modification(Digest, requirement) with { At = Start + requirement.Stages[0].Within });
    }

    [Fact]
    public void Withdrawing_is_for_what_has_not_begun()
    {
        var withdraw = new LifeEvent.WithdrawnBy("carol");

        Assert.Equal(ActionState.Withdrawn, To(Pending(Requires(Stage(1))), withdraw).Life.State);
        Assert.Equal(ActionState.Withdrawn, To(Approved(), withdraw).Life.State);
        IsRefused(StepRefusal.OutOfOrder, Executing(), withdraw);
    }

    [Fact]
    public void Giving_up_the_uses_that_are_left_hides_no_outcome()
    {
        var used = Approved() with { LastOutcome = OutcomeState.Succeeded };

        foreach (LifeEvent given in (LifeEvent[])[new LifeEvent.WithdrawnBy("carol"), new LifeEvent.Overtaken("x")])
        {
            var step = To(used, given);
            Assert.Equal((ActionState.Succeeded, false), (step.Life.State, step.Life.Delivered));
            Assert.Equal([EntryType.ActionWithdrawn], step.Entries);
        }
    }

    [Fact]
    public void What_has_ended_stays_as_it_ended()
    {
        var ended = To(Executing(), new LifeEvent.Completed(1, OutcomeState.Succeeded, Start)).Life;
        LifeEvent[] events =
        [
            Approval(Alice), Denial(Alice), Claim(), new LifeEvent.WithdrawnBy("x"), new LifeEvent.Overtaken("x"),
            new LifeEvent.TimePassed(Start.AddYears(1)), new LifeEvent.Completed(1, OutcomeState.Failed, Start),
            new LifeEvent.OwnerLost(1, OutcomeState.Unknown, Start), Modification(Digest, Requires(Stage(1))),
            new LifeEvent.OwnerLost(1, OutcomeState.Succeeded, Start), new LifeEvent.EvidenceLeft(1),
            new LifeEvent.Rehearsed(Alice, Digest, Everybody()),
        ];

        Assert.All(events, happened => Assert.IsType<Step.Refused>(Lifecycle.Next(ended, happened)));
    }

    [Fact]
    public void Delivery_is_noted_without_an_entry()
    {
        var ended = To(Executing(), new LifeEvent.Completed(1, OutcomeState.Succeeded, Start)).Life;

        var delivered = To(ended, new LifeEvent.Delivered(1));

        Assert.True(delivered.Life.Delivered);
        Assert.Empty(delivered.Entries);
        IsRefused(StepRefusal.OutOfOrder, Pending(Requires(Stage(1))), new LifeEvent.Delivered(0));
        IsRefused(StepRefusal.OutOfOrder, ended, new LifeEvent.Delivered(2));
    }

    [Fact]
    public void Delivery_of_one_use_says_nothing_of_the_next_one_that_runs()
    {
        var next = Executing() with { LastOutcome = OutcomeState.Succeeded };
        IsRefused(StepRefusal.OutOfOrder, next, new LifeEvent.Delivered(next.Fence));
        IsRefused(StepRefusal.OutOfOrder, next, new LifeEvent.Delivered(next.Fence - 1));
    }

    [Fact]
    public void Who_saw_an_approval_before_a_use_does_not_take_the_next_use()
    {
        var approved = Approved();
        IsRefused(StepRefusal.OutOfOrder, approved, Claim() with { After = approved.Fence + 1 });
        Assert.Equal(ActionState.Executing, To(approved, Claim() with { After = approved.Fence }).Life.State);
    }

    private static LifeEvent.Modified Modification(ActionDigest digest, params Requirement[] requirements) =>
        new(Bob, MayModify: true, Digest, digest, [.. requirements], Start);
}
