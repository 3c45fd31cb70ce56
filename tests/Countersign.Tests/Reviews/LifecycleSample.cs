using System.Collections.Immutable;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Policies;
using Countersign.Core.Reviews;

namespace Countersign.Tests.Reviews;

/// <summary>Small lives and the people around them.</summary>
internal static class LifecycleSample
{
    public static readonly DateTimeOffset Start = new(2026, 11, 21, 10, 0, 0, TimeSpan.Zero);
    public static readonly ActionDigest Digest = ActionDigest.Of("sample"u8);
    public static readonly PolicyHash PolicyDigest = PolicyHash.Of("policy"u8);
    public static readonly PersonId Alice = new("alice");
    public static readonly PersonId Bob = new("bob");
    public static readonly PersonId Carol = new("carol");
    public static readonly PersonId Owner = new("owner");
    public static readonly NodeId Node = new("node-1");

    public static Requirement Requires(params Stage[] stages) => new(
        new RuleId("rule"), "why", [.. stages], Assurance.Session, [], Bounds.None, GrantTerms.Default);

    public static Stage Stage(int need, string of = "group:dba", string? escalate = null) => new(
        [Party.Parse(of)], need, TimeSpan.FromMinutes(15), escalate is null ? [] : [Party.Parse(escalate)]);

    public static Verdict Held(params Requirement[] requirements) => new(
        VerdictOutcome.Require, [new MatchedRule(new RuleId("rule"), "why")], [.. requirements], PolicyDigest);

    public static Life Pending(params Requirement[] requirements) =>
        Lifecycle.Begin(Digest, Held(requirements), Start).Life;

    public static Life Approved() => To(Pending(Requires(Stage(1))), Approval(Alice)).Life;

    public static Life Executing() => To(Approved(), Claim()).Life;

    /// <summary>Everybody of the sample may vote everywhere; the owner stands behind the request.</summary>
    public static Electorate Everybody(int tracks = 1, int stages = 1) => new(
        [Owner],
        [.. Enumerable.Repeat(
            Enumerable.Repeat(ImmutableHashSet.Create(Alice, Bob, Carol), stages).ToImmutableArray(), tracks)]);

    public static LifeEvent.VoteCast Approval(
        PersonId person,
        Electorate? electorate = null,
        DateTimeOffset? at = null,
        Assurance assurance = Assurance.Session) =>
        Cast(person, Decision.Approve, electorate, at, assurance);

    public static LifeEvent.VoteCast Denial(
        PersonId person, Electorate? electorate = null, DateTimeOffset? at = null) =>
        Cast(person, Decision.Deny, electorate, at, Assurance.Token);

    public static LifeEvent.Claimed Claim(DateTimeOffset? at = null, Electorate? electorate = null) =>
        new(Node, at ?? Start, electorate ?? Everybody());

    public static Step.To To(Life life, LifeEvent happened) => Assert.IsType<Step.To>(Lifecycle.Next(life, happened));

    public static void IsRefused(StepRefusal why, Life life, LifeEvent happened) =>
        Assert.Equal(why, Assert.IsType<Step.Refused>(Lifecycle.Next(life, happened)).Why);

    private static LifeEvent.VoteCast Cast(
        PersonId person, Decision decision, Electorate? electorate, DateTimeOffset? at, Assurance assurance) => new(
            new Vote(person, decision, assurance, at ?? Start, Comment: null),
            Digest,
            electorate ?? Everybody(),
            TimeSpan.FromMinutes(10));
}
