using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Ledger;
using Countersign.Core.Reviews;
using Countersign.Tests.Core;
using static Countersign.Tests.Core.CoreHost;

namespace Countersign.Tests.Threats;

/// <summary>
/// Threats to the separation of duties, where it takes another clock or other people than a running product has. Over
/// every route: <c>SeparationTests</c> of the end-to-end tests.
/// </summary>
public sealed class SeparationTests : CoreTests
{
    [Fact]
    [Trait("Threat", "THR-001"), Trait("CWE", "285")]
    public async Task An_attempt_to_approve_what_one_stands_behind_is_recorded_once_for_each_revision()
    {
        Host.SetOwner(Alice);
        var held = await Host.HoldAsync(AskDetached());

        await Host.VoteAsync(held, Alice);
        var again = await Host.VoteAsync(held, Alice);

        Assert.Equal(StepRefusal.SelfApproval, Assert.IsType<DeskAnswer.Refused>(again).Why);
        var (_, payload) = Assert.Single(await Host.PayloadsOfAsync(EntryType.ReviewVote));
        Assert.Equal("alice", payload.GetProperty("person").GetString());
        Assert.Equal("self-approval", payload.GetProperty("refused").GetString());
        Assert.Equal(held.Action.Digest.Value, payload.GetProperty("digest").GetString());
        Assert.Empty((await Host.ReadAsync(held)).Life.Votes);
    }

    [Fact]
    [Trait("Threat", "THR-001"), Trait("CWE", "285")]
    public async Task A_denial_by_whoever_stands_behind_it_is_no_attempt()
    {
        Host.SetOwner(Alice);
        var held = await Host.HoldAsync(AskDetached());

        await Host.VoteAsync(held, Alice, Decision.Deny);
        await Host.VoteAsync(held, Alice);

        var (_, payload) = Assert.Single(await Host.PayloadsOfAsync(EntryType.ReviewVote));
        Assert.False(payload.TryGetProperty("refused", out _));
    }

    [Fact]
    [Trait("Threat", "THR-001"), Trait("CWE", "285")]
    public async Task What_was_recorded_of_an_attempt_hides_nothing_of_the_action()
    {
        Host.SetOwner(Alice);
        var held = await Host.HoldAsync(AskDetached());
        await Host.VoteAsync(held, Alice);

        await Host.VoteAsync(await Host.ReadAsync(held), Bob);
        var ended = await Host.UntilEndedAsync(held);

        Assert.Equal((ActionState.Succeeded, "bob"), (ended.State, Assert.Single(ended.Life.Votes).Person.Value));
        await AssertEntriesAsync(
            held,
            EntryType.ActionRequested,
            EntryType.ReviewOpened,
            EntryType.ReviewVote,
            EntryType.ReviewVote,
            EntryType.ReviewDecided,
            EntryType.ExecutionIntent,
            EntryType.ExecutionOutcome);
    }

    [Fact]
    [Trait("Threat", "THR-012"), Trait("CWE", "613")]
    public async Task Whoever_leaves_a_group_is_out_with_the_next_vote()
    {
        await Host.PutInForceAsync(Demand.TwoDbas);
        var held = await Host.HoldAsync(AskDetached());
        await Host.VoteAsync(held, Alice);

        Host.SetDbas(Bob);

        Assert.Equal(0, Host.Desk.TalliesOf(await Host.ReadAsync(held))[0].Have[0]);
        var gone = Assert.IsType<DeskAnswer.Refused>(await Host.VoteAsync(held, Alice));
        Assert.Equal(StepRefusal.NotEligible, gone.Why);
    }

    [Fact]
    [Trait("Threat", "THR-015"), Trait("CWE", "863")]
    public async Task Escalation_asks_nobody_who_stands_behind_the_request()
    {
        Host.SetOwner(Lead);
        var held = await Host.HoldAsync(AskDetached());
        Host.Time.Advance(Demand.Within);

        var answer = Assert.IsType<DeskAnswer.Refused>(await Host.VoteAsync(held, Lead));

        Assert.Equal(StepRefusal.SelfApproval, answer.Why);
        Assert.True((await Host.ReadAsync(held)).Life.Tracks[0].Escalated);
        Assert.IsType<DeskAnswer.Recorded>(await Host.VoteAsync(held, Alice));
    }

    [Fact]
    [Trait("Threat", "THR-018"), Trait("CWE", "269")]
    public async Task The_role_admin_gives_no_vote()
    {
        Host.MakeAdmin(Lead);
        var held = await Host.HoldAsync(AskDetached());

        foreach (var decision in (Decision[])[Decision.Approve, Decision.Deny])
        {
            var answer = Assert.IsType<DeskAnswer.Refused>(await Host.VoteAsync(held, Lead, decision));
            Assert.Equal(StepRefusal.NotEligible, answer.Why);
        }
    }
}
