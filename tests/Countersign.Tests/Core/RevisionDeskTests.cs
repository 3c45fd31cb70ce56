using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Ledger;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using static Countersign.Tests.Core.CoreHost;

namespace Countersign.Tests.Core;

/// <summary>Reviewers change what was asked before they let it run.</summary>
public sealed class RevisionDeskTests : CoreTests
{
    private const string Changed = """{"n":2}""";

    [Fact]
    public async Task A_change_is_a_new_revision_that_somebody_else_approves_and_that_runs_instead()
    {
        var held = await Host.HoldAsync(AskDetached());

        var revised = await ReviseAsync(held, Bob, Changed, "Two is enough.");
        Assert.Equal((2, Changed), (revised.Life.Revision, revised.Action.Arguments.ToString()));
        Assert.NotEqual(held.Action.Digest, revised.Action.Digest);
        Assert.Equal(StepRefusal.StaleDigest, await RefusalOfAsync(held, Alice));
        Assert.Equal(StepRefusal.SelfApproval, await RefusalOfAsync(revised, Bob));
        Assert.IsType<DeskAnswer.Recorded>(await Host.VoteAsync(revised, Alice));
        var ended = await Host.UntilEndedAsync(revised);

        Assert.Equal(ActionState.Succeeded, ended.State);
        Assert.Equal(Changed, Assert.Single(Host.Target.Received).Arguments.ToString());
        var change = Assert.Single(ended.Changes);
        Assert.Equal((Bob, "Two is enough.", held.Action.Arguments.ToString()),
            (change.By, change.Comment, change.Before.ToString()));
        Assert.Contains(EntryType.ReviewModified, await Host.EntriesOfAsync(held.Id));
    }

    [Fact]
    public async Task The_same_call_attaches_to_what_became_of_it()
    {
        await using var call = Host.Call(Ask());
        var held = await call.HeldAsync();
        var revised = await ReviseAsync(held, Bob, Changed);

        await Host.VoteAsync(revised, Alice);
        var answer = Assert.IsType<Answer.Ended>(await call.AnswerAsync());

        Assert.Equal(held.Id, answer.Record.Id);
        Assert.Equal(Changed, answer.Record.Action.Arguments.ToString());
        Assert.Equal(Changed, Assert.Single(Host.Target.Received).Arguments.ToString());
    }

    [Fact]
    [Trait("Threat", "THR-021"), Trait("CWE", "367")]
    public async Task Votes_on_what_it_was_before_are_void()
    {
        await Host.PutInForceAsync(Demand.TwoDbas);
        var held = await Host.HoldAsync(AskDetached());
        var dave = new PersonId("dave");
        Host.SetDbas(Alice, Bob, dave);
        await Host.VoteAsync(held, Alice);

        var revised = await ReviseAsync(await Host.ReadAsync(held), Bob, Changed);

        Assert.Empty(revised.Life.Votes);
        await Host.VoteAsync(revised, Alice);
        Assert.Equal(ActionState.Pending, (await Host.ReadAsync(held)).State);
        await Host.VoteAsync(revised, dave);
        Assert.Equal(ActionState.Succeeded, (await Host.UntilEndedAsync(held)).State);
    }

    [Fact]
    [Trait("Threat", "THR-028"), Trait("CWE", "863")]
    public async Task What_the_policy_denies_is_not_made_of_it()
    {
        var held = await Host.HoldAsync(AskDetached());

        var answer = await Host.Revisions.ReviseAsync(
            held.Id, VoterOf(Bob), RevisionOf(held, AskDetached("drop")), Host.Cancel);

        Assert.IsType<RevisionAnswer.RefusedByPolicy>(answer);
        Assert.Equal(1, (await Host.ReadAsync(held)).Life.Revision);
    }

    [Fact]
    public async Task What_the_policy_would_let_pass_still_needs_those_who_were_asked()
    {
        var held = await Host.HoldAsync(AskDetached());

        var answer = await Host.Revisions.ReviseAsync(
            held.Id, VoterOf(Bob), RevisionOf(held, AskDetached("read")), Host.Cancel);

        var revised = Assert.IsType<RevisionAnswer.Recorded>(answer).Record;
        Assert.Equal(ActionState.Pending, revised.State);
        Assert.Equal(StepRefusal.SelfApproval, await RefusalOfAsync(revised, Bob));
        await Host.VoteAsync(revised, Alice);
        Assert.Equal(ActionState.Succeeded, (await Host.UntilEndedAsync(held)).State);
    }

    [Fact]
    public async Task Whoever_stands_behind_the_request_or_does_not_review_it_changes_nothing()
    {
        Host.SetOwner(Alice);
        var held = await Host.HoldAsync(AskDetached());

        foreach (var person in (PersonId[])[Alice, Lead])
        {
            var answer = await Host.Revisions.ReviseAsync(
                held.Id, VoterOf(person), RevisionOf(held, AskWith(Changed)), Host.Cancel);
            Assert.Equal(StepRefusal.NotEligible, Assert.IsType<RevisionAnswer.Refused>(answer).Why);
            Assert.False(Host.Revisions.MayModify(person, held));
        }

        Assert.True(Host.Revisions.MayModify(Bob, held));
    }

    [Fact]
    public async Task A_change_of_what_has_changed_since_is_refused()
    {
        var held = await Host.HoldAsync(AskDetached());
        await ReviseAsync(held, Bob, Changed);

        var answer = await Host.Revisions.ReviseAsync(
            held.Id, VoterOf(Alice), RevisionOf(held, AskWith("""{"n":3}""")), Host.Cancel);

        Assert.Equal(StepRefusal.StaleDigest, Assert.IsType<RevisionAnswer.Refused>(answer).Why);
    }

    [Fact]
    public async Task A_change_of_what_has_changed_since_gets_no_preview()
    {
        var held = await Host.HoldAsync(AskDetached());
        await ReviseAsync(held, Bob, Changed);
        var previews = 0;
        var asking = AskWith("""{"n":3}""") with
        {
            Previewer = (_, _) =>
            {
                previews++;
                return Task.FromResult(new Preview("Looked."));
            },
        };

        var answer = await Host.Revisions.ReviseAsync(
            held.Id, VoterOf(Alice), RevisionOf(held, asking), Host.Cancel);

        Assert.Equal(StepRefusal.StaleDigest, Assert.IsType<RevisionAnswer.Refused>(answer).Why);
        Assert.Equal(0, previews);
    }

    [Fact]
    public async Task A_change_after_which_nobody_could_approve_is_refused_with_the_reason()
    {
        Host.SetDbas(Bob);
        Host.SetOwner(Lead);
        var held = await Host.HoldAsync(AskDetached());

        var answer = await Host.Revisions.ReviseAsync(
            held.Id, VoterOf(Bob), RevisionOf(held, AskWith(Changed)), Host.Cancel);

        var nobody = Assert.IsType<RevisionAnswer.NobodyLeft>(answer);
        Assert.Contains("rule 'writes' needs 1 of group:dba", nobody.Why, StringComparison.Ordinal);
        Assert.Equal(1, (await Host.ReadAsync(held)).Life.Revision);
        Assert.IsType<DeskAnswer.Recorded>(await Host.VoteAsync(held, Bob));
    }

    [Fact]
    public async Task Who_is_asked_when_the_deadline_passes_may_be_all_that_is_left()
    {
        Host.SetDbas(Bob);
        var held = await Host.HoldAsync(AskDetached());

        var revised = await ReviseAsync(held, Bob, Changed);
        Host.Time.Advance(Demand.Within);

        Assert.IsType<DeskAnswer.Recorded>(await Host.VoteAsync(revised, Lead));
    }

    [Fact]
    public async Task What_speaks_against_a_change_is_known_before_it_is_made()
    {
        Host.SetOwner(Alice);
        var held = await Host.HoldAsync(AskDetached());
        Task<RevisionAnswer?> Ask(PersonId person) =>
            Host.Revisions.WhyNotAsync(held.Id, VoterOf(person), held.Action.Digest, Host.Cancel);

        Assert.Null(await Ask(Bob));
        Assert.Equal(StepRefusal.NotEligible, Assert.IsType<RevisionAnswer.Refused>(await Ask(Alice)).Why);
        await ReviseAsync(held, Bob, Changed);
        Assert.Equal(StepRefusal.StaleDigest, Assert.IsType<RevisionAnswer.Refused>(await Ask(Bob)).Why);
        Host.Time.Advance(Demand.Within + Demand.Within);
        var revised = await Host.ReadAsync(held);
        var late = await Host.Revisions.WhyNotAsync(held.Id, VoterOf(Bob), revised.Action.Digest, Host.Cancel);
        Assert.Equal(StepRefusal.Expired, Assert.IsType<RevisionAnswer.Refused>(late).Why);
    }

    [Fact]
    public async Task Whoever_changed_it_may_change_it_again()
    {
        var held = await Host.HoldAsync(AskDetached());
        var once = await ReviseAsync(held, Bob, Changed);

        var twice = await ReviseAsync(once, Bob, """{"n":3}""");

        Assert.Equal((3, 2), (twice.Life.Revision, twice.Changes.Length));
        Assert.Equal([Bob], twice.Life.Modifiers);
        Assert.Equal(
            [held.Action.Arguments.ToString(), once.Action.Arguments.ToString()],
            (await Host.ReadAsync(held)).Changes.Select(change => change.Before.ToString()));
    }

    [Fact]
    public async Task Nothing_changed_is_no_revision()
    {
        var held = await Host.HoldAsync(AskDetached());

        Assert.IsType<RevisionAnswer.Unchanged>(await Host.Revisions.ReviseAsync(
            held.Id, VoterOf(Bob), RevisionOf(held, AskDetached()), Host.Cancel));
    }

    [Fact]
    public async Task What_was_decided_is_not_changed_any_more()
    {
        var held = await Host.HoldAsync(AskDetached());
        await Host.VoteAsync(held, Bob, Decision.Deny);

        var answer = await Host.Revisions.ReviseAsync(
            held.Id, VoterOf(Alice), RevisionOf(held, AskWith(Changed)), Host.Cancel);

        Assert.Equal(StepRefusal.AlreadyDecided, Assert.IsType<RevisionAnswer.Refused>(answer).Why);
    }

    private static Asking AskWith(string arguments) => Ask("write", arguments) with { Via = GateKind.Api };

    private static Voter VoterOf(PersonId person) => new(person, Assurance.Session);

    private static Revision RevisionOf(ActionRecord shown, Asking asking, string? comment = null) =>
        new(shown.Action.Digest, asking, comment);

    private async Task<ActionRecord> ReviseAsync(
        ActionRecord shown, PersonId person, string arguments, string? comment = null) =>
        Assert.IsType<RevisionAnswer.Recorded>(await Host.Revisions.ReviseAsync(
            shown.Id,
            VoterOf(person),
            RevisionOf(shown, AskWith(arguments) with { Via = shown.Via }, comment),
            Host.Cancel)).Record;

    private async Task<StepRefusal> RefusalOfAsync(ActionRecord shown, PersonId person) =>
        Assert.IsType<DeskAnswer.Refused>(await Host.VoteAsync(shown, person)).Why;
}
