using System.Collections.Immutable;
using Countersign.Core.Identity;
using Countersign.Core.Policies;
using Countersign.Core.Reviews;

namespace Countersign.Tests.Policies;

public sealed class StrictnessTests
{
    private static readonly Stage OneStage =
        new([Party.Parse("group:dba")], 1, TimeSpan.FromMinutes(15), [Party.Parse("carol")]);

    private static readonly Requirement OneRequirement = new(
        new RuleId("a"), "", [OneStage], Assurance.Session, [], Bounds.None, GrantTerms.Default);

    public static TheoryData<string, Requirement, bool> Changes => new()
    {
        { "nothing", OneRequirement, false },
        { "the reason", OneRequirement with { Reason = "new" }, false },
        { "another rule", OneRequirement with { Rule = new RuleId("b") }, true },
        { "a stage more", OneRequirement with { Stages = [OneStage, OneStage] }, true },
        { "a vote more", With(OneStage with { Need = 2 }), true },
        { "less time", With(OneStage with { Within = TimeSpan.FromMinutes(14) }), true },
        { "more time", With(OneStage with { Within = TimeSpan.FromMinutes(16) }), false },
        { "other people", With(OneStage with { Of = [Party.Parse("alice")] }), true },
        { "more people", With(OneStage with { Of = [.. OneStage.Of, Party.Parse("alice")] }), false },
        { "no escalation", With(OneStage with { Escalate = [] }), true },
        { "asked at once", With(OneStage with { Of = [.. OneStage.Of, .. OneStage.Escalate], Escalate = [] }), false },
        { "more assurance", OneRequirement with { Assurance = Assurance.Passkey }, true },
        { "less assurance", OneRequirement with { Assurance = Assurance.Chat }, false },
        { "an exclusion", OneRequirement with { DistinctFrom = [Exclusion.PolicyAuthor] }, true },
        { "a ceiling of rows", Bounded(Bounds.None with { Rows = 9 }), true },
        { "the preview's rows", Bounded(Bounds.None with { RowsFromPreview = true }), true },
        { "a ceiling of time", Bounded(Bounds.None with { Time = TimeSpan.FromSeconds(1) }), true },
        { "a ceiling of bytes", Bounded(Bounds.None with { Output = 1 }), true },
        { "more uses", OneRequirement with { Grant = new GrantTerms(2, TimeSpan.FromMinutes(10)) }, false },
        { "a shorter grant", OneRequirement with { Grant = new GrantTerms(1, TimeSpan.FromMinutes(9)) }, true },
    };

    [Theory]
    [MemberData(nameof(Changes))]
    public void A_requirement_is_stricter_when_votes_might_not_do(string change, Requirement today, bool stricter) =>
        Assert.True(Requires(today).IsStricterThan(Requires(OneRequirement)) == stricter, change);

    [Theory]
    [InlineData(VerdictOutcome.Deny, VerdictOutcome.Require, true)]
    [InlineData(VerdictOutcome.Require, VerdictOutcome.Allow, true)]
    [InlineData(VerdictOutcome.Deny, VerdictOutcome.Deny, false)]
    [InlineData(VerdictOutcome.Allow, VerdictOutcome.Require, false)]
    public void Outcomes_compare_by_the_lattice(VerdictOutcome today, VerdictOutcome earlier, bool stricter) =>
        Assert.Equal(stricter, Of(today).IsStricterThan(Of(earlier)));

    [Fact]
    public void A_track_more_is_stricter_and_a_track_less_is_not()
    {
        var other = OneRequirement with { Rule = new RuleId("b") };

        Assert.True(Requires(OneRequirement, other).IsStricterThan(Requires(OneRequirement)));
        Assert.False(Requires(OneRequirement).IsStricterThan(Requires(OneRequirement, other)));
    }

    [Fact]
    public void A_lower_ceiling_is_stricter_and_a_higher_one_is_not()
    {
        static Verdict Rows(long rows) => Requires(Bounded(Bounds.None with { Rows = rows }));

        Assert.True(Rows(9).IsStricterThan(Rows(10)));
        Assert.False(Rows(10).IsStricterThan(Rows(9)));
    }

    private static Requirement Bounded(Bounds bounds) => OneRequirement with { Bounds = bounds };

    private static Requirement With(Stage stage) => OneRequirement with { Stages = [stage] };

    private static Verdict Requires(params ImmutableArray<Requirement> requirements) =>
        Of(VerdictOutcome.Require) with { Requirements = requirements };

    private static Verdict Of(VerdictOutcome outcome) => new(outcome, [], [], PolicyHash.Of("policy"u8));
}
