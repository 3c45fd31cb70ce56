using System.Collections.Immutable;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Ledger;
using Countersign.Core.Receipts;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Tests.Receipts;

namespace Countersign.Tests.Core;

/// <summary>
/// Somebody is away, and somebody else stands in for them as a reviewer. Alice and Bob are database owners; Dora is
/// not; Carol owns the agent.
/// </summary>
public sealed class DeputyTests : CoreTests
{
    private static readonly PersonId s_carol = new("carol");
    private static readonly PersonId s_dora = new("dora");
    private static readonly PersonId s_erin = new("erin");

    [Fact]
    public async Task A_deputy_answers_for_who_is_away_and_the_ledger_says_so()
    {
        SetAway((CoreHost.Alice, s_dora));
        var held = await Host.HoldAsync(CoreHost.AskDetached());

        Assert.IsType<DeskAnswer.Recorded>(await Host.VoteAsync(held, s_dora));

        Assert.Equal(ActionState.Succeeded, (await Host.UntilEndedAsync(held)).State);
        var vote = Assert.Single(await Host.PayloadsOfAsync(EntryType.ReviewVote)).Payload;
        Assert.Equal("alice", vote.GetProperty("in_place_of").GetString());
        var ended = await Host.ReadAsync(held);
        Assert.Equal(CoreHost.Alice, ended.Life.Votes.Single().InPlaceOf);
        var receipt = await new ReceiptMaker(Host.Archive).MakeAsync(ended, Disclosures.Everything, Host.Cancel);
        var report = new ReceiptVerifier([Host.LogKey]).Verify(receipt.ToBytes());
        Vectors.Keep("deputy", receipt);
        Assert.Empty(report.Doubts);
        Assert.Contains(
            report.Steps[10].Proved, text => text.Contains("by dora for alice", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Nobody_answers_for_who_is_there()
    {
        SetAway();

        await AssertRefusedAsync(StepRefusal.NotEligible, s_dora);
    }

    [Fact]
    [Trait("Threat", "THR-015"), Trait("CWE", "863")]
    public async Task Who_stands_behind_the_request_has_nothing_of_who_is_away()
    {
        SetAway((CoreHost.Alice, s_carol));

        await AssertRefusedAsync(StepRefusal.SelfApproval, s_carol);
    }

    [Fact]
    [Trait("Threat", "THR-015"), Trait("CWE", "863")]
    public async Task The_deputy_of_somebody_who_stands_behind_the_request_has_nothing_of_them()
    {
        SetOwner(CoreHost.Alice);
        SetAway((CoreHost.Alice, s_dora));

        await AssertRefusedAsync(StepRefusal.NotEligible, s_dora);
    }

    [Fact]
    [Trait("Threat", "THR-015"), Trait("CWE", "863")]
    public async Task Rights_pass_on_once()
    {
        SetAway((CoreHost.Alice, s_dora), (s_dora, s_erin));

        await AssertRefusedAsync(StepRefusal.NotEligible, s_erin);
    }

    [Fact]
    [Trait("Threat", "THR-013"), Trait("CWE", "863")]
    public async Task Who_is_away_and_their_deputy_are_one_of_two()
    {
        await Host.PutInForceAsync(Demand.TwoDbas);
        SetAway((CoreHost.Alice, s_dora));
        var held = await Host.HoldAsync(CoreHost.AskDetached());

        await Host.VoteAsync(held, CoreHost.Alice);
        await Host.VoteAsync(held, s_dora);
        Assert.Equal(ActionState.Pending, (await Host.ReadAsync(held)).State);

        await Host.VoteAsync(held, CoreHost.Bob);
        Assert.Equal(ActionState.Succeeded, (await Host.UntilEndedAsync(held)).State);
    }

    [Fact]
    public async Task A_reviewer_who_stands_in_for_another_is_one_of_two_all_the_same()
    {
        await Host.PutInForceAsync(Demand.TwoDbas);
        SetAway((CoreHost.Alice, CoreHost.Bob));
        var held = await Host.HoldAsync(CoreHost.AskDetached());

        await Host.VoteAsync(held, CoreHost.Bob);

        Assert.Equal(ActionState.Pending, (await Host.ReadAsync(held)).State);
        Assert.Null((await Host.ReadAsync(held)).Life.Votes.Single().InPlaceOf);
    }

    [Fact]
    [Trait("Threat", "THR-011"), Trait("CWE", "367")]
    public async Task What_a_deputy_approved_does_not_outlive_the_time_they_stand_in()
    {
        SetAway((CoreHost.Alice, s_dora));
        var held = await Host.HoldAsync(CoreHost.AskPermit());
        await Host.VoteAsync(held, s_dora);
        SetAway();

        Assert.IsType<PermitAnswer.Refused>(await Host.Permits.ClaimAsync(
            await Host.ReadAsync(held), held.Action.Digest, key: null, Host.Cancel));
        Assert.Equal(ActionState.Superseded, (await Host.ReadAsync(held)).State);
    }

    private PersonId Owner { get; set; } = s_carol;

    private void SetOwner(PersonId owner) => Owner = owner;

    private void SetAway(params (PersonId Away, PersonId Deputy)[] away) => Host.SetPeople(
        new People(
            ((string[])["alice", "bob", "carol", "dora", "erin"]).Select(id => new Person(
                new PersonId(id), id, id is "alice" or "bob" ? [new GroupName("dba")] : [], IsAdmin: false)),
            [new Agent(CoreHost.BotId, new Party.OfPerson(Owner))])
        .With(away.ToImmutableDictionary(each => each.Away, each => each.Deputy)));

    private async Task AssertRefusedAsync(StepRefusal why, PersonId person)
    {
        var held = await Host.HoldAsync(CoreHost.AskDetached());
        var answer = await Host.VoteAsync(held, person);
        Assert.Equal(why, Assert.IsType<DeskAnswer.Refused>(answer).Why);
    }
}
