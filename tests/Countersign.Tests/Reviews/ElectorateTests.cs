using System.Collections.Immutable;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Reviews;
using static Countersign.Tests.Reviews.LifecycleSample;

namespace Countersign.Tests.Reviews;

public sealed class ElectorateTests
{
    private static readonly GroupName Dba = new("dba");
    private static readonly GroupName Oncall = new("oncall");
    private static readonly AgentId Bot = new("bot");

    [Fact]
    public void The_owner_of_the_agent_may_not_vote_for_it()
    {
        var electorate = Of(Pending(Requires(Stage(1))), owner: "alice");

        Assert.False(electorate.MayVote(Alice, 0, 0));
        Assert.True(electorate.MayVote(Bob, 0, 0));
        Assert.Contains(Alice, electorate.ActorChain);
    }

    [Fact]
    public void Every_member_of_an_owning_group_is_excluded()
    {
        var electorate = Of(Pending(Requires(Stage(1))), owner: "group:dba");

        Assert.False(electorate.FitsAny(Alice));
        Assert.False(electorate.FitsAny(Bob));
    }

    [Fact]
    public void The_person_the_agent_acts_for_is_excluded()
    {
        var electorate = Of(Pending(Requires(Stage(1))), onBehalfOf: Bob);

        Assert.False(electorate.MayVote(Bob, 0, 0));
        Assert.True(electorate.MayVote(Alice, 0, 0));
    }

    [Fact]
    public void Whoever_modified_the_action_is_excluded()
    {
        var modified = To(
            Pending(Requires(Stage(1))),
            new LifeEvent.Modified(Alice, MayModify: true, Digest, Digest, [Requires(Stage(1))], Start)).Life;

        Assert.False(Of(modified).MayVote(Alice, 0, 0));
    }

    [Fact]
    public void Policy_authors_are_excluded_where_the_rule_says_so()
    {
        var strict = Requires(Stage(1)) with { DistinctFrom = [Exclusion.PolicyAuthor] };

        Assert.True(Of(Pending(Requires(Stage(1))), authors: [Alice]).MayVote(Alice, 0, 0));
        Assert.False(Of(Pending(strict), authors: [Alice]).MayVote(Alice, 0, 0));
    }

    [Fact]
    public void On_call_joins_only_after_the_deadline()
    {
        var life = Pending(Requires(Stage(1, escalate: "group:oncall")));
        var escalated = To(life, new LifeEvent.TimePassed(Start + TimeSpan.FromMinutes(15))).Life;

        Assert.False(Of(life).MayVote(Carol, 0, 0));
        Assert.True(Of(escalated).MayVote(Carol, 0, 0));
    }

    [Fact]
    [Trait("Threat", "THR-011"), Trait("CWE", "367")]
    public void A_stage_that_was_met_without_escalating_never_gains_its_escalation()
    {
        var life = Pending(Requires(Stage(1, escalate: "group:oncall")), Requires(Stage(1, of: "group:oncall")));
        life = To(life, Approval(Carol, Of(life))).Life;
        life = To(life, Approval(Alice, Of(life))).Life;
        Assert.Equal(ActionState.Approved, life.State);

        var withoutAlice = Of(life, people: [Person(Bob, Dba), Person(Carol, Oncall)]);

        Assert.False(withoutAlice.MayVote(Carol, 0, 0));
        IsRefused(StepRefusal.ApprovalLapsed, life, Claim(electorate: withoutAlice));
    }

    [Fact]
    public void A_stage_that_was_met_after_escalating_keeps_the_votes_it_was_met_with()
    {
        var life = Pending(Requires(Stage(1, escalate: "group:oncall"), Stage(1)));
        life = To(life, new LifeEvent.TimePassed(Start + TimeSpan.FromMinutes(15))).Life;
        life = To(life, Approval(Carol, Of(life), Start + TimeSpan.FromMinutes(16))).Life;
        life = To(life, Approval(Alice, Of(life), Start + TimeSpan.FromMinutes(17))).Life;

        Assert.Equal(ActionState.Approved, life.State);
        Assert.Equal(0b1, Assert.Single(life.Tracks).EscalatedStages);
        To(life, Claim(Start + TimeSpan.FromMinutes(18), Of(life)));
    }

    [Fact]
    public void An_unknown_group_has_no_members()
    {
        Assert.False(Of(Pending(Requires(Stage(1, of: "group:nobody")))).FitsAny(Alice));
    }

    [Fact]
    public void An_agent_nobody_knows_gives_nobody_a_way_around()
    {
        var people = new People([Person(Alice, Dba)], []);
        var electorate = Electorate.Of(
            Pending(Requires(Stage(1))), new Asker(new AgentId("ghost"), OnBehalfOf: null), people, []);

        Assert.Empty(electorate.ActorChain);
        Assert.True(electorate.MayVote(Alice, 0, 0));
    }

    private static Electorate Of(
        Life life,
        string owner = "owner",
        PersonId? onBehalfOf = null,
        ImmutableHashSet<PersonId>? authors = null,
        ImmutableArray<Person>? people = null)
    {
        var known = new People(
            people ?? [Person(Alice, Dba), Person(Bob, Dba), Person(Carol, Oncall), Person(Owner)],
            [new Agent(Bot, Party.Parse(owner))]);
        return Electorate.Of(life, new Asker(Bot, onBehalfOf), known, authors ?? []);
    }

    private static Person Person(PersonId id, params GroupName[] groups) =>
        new(id, id.Value, [.. groups], IsAdmin: false);
}
