using System.Collections.Immutable;
using Countersign.Core.Identity;
using Countersign.Core.Policies;
using Countersign.Core.Reviews;

namespace Countersign.Tests.Policies;

public sealed class StrictnessTests
{
    private static readonly Stage s_stage =
        new([Party.Parse("group:dba")], 1, TimeSpan.FromMinutes(15), [Party.Parse("carol")]);

    private static readonly Requirement s_requirement = new(
        new RuleId("a"), "", [s_stage], Assurance.Session, [], Bounds.None, GrantTerms.Default);

    public static TheoryData<string, Requirement, bool> Changes => new()
    {
        { "nothing", s_requirement, false },
        { "the reason", s_requirement with { Reason = "new" }, false },
        { "another rule", s_requirement with { Rule = new RuleId("b") }, true },
        { "a stage more", s_requirement with { Stages = [s_stage, s_stage] }, true },
        { "a vote more", With(s_stage with { Need = 2 }), true },
        { "less time", With(s_stage with { Within = TimeSpan.FromMinutes(14) }), true },
        { "more time", With(s_stage with { Within = TimeSpan.FromMinutes(16) }), false },
        { "other people", With(s_stage with { Of = [Party.Parse("alice")] }), true },
        { "more people", With(s_stage with { Of = [.. s_stage.Of, Party.Parse("alice")] }), false },
        { "no escalation", With(s_stage with { Escalate = [] }), true },
        { "asked at once", With(s_stage with { Of = [.. s_stage.Of, .. s_stage.Escalate], Escalate = [] }), false },
        { "more assurance", s_requirement with { Assurance = Assurance.Passkey }, true },
        { "less assurance", s_requirement with { Assurance = Assurance.Chat }, false },
        { "an exclusion", s_requirement with { DistinctFrom = [Exclusion.PolicyAuthor] }, true },
        { "a ceiling of rows", Bounded(Bounds.None with { Rows = 9 }), true },
        { "the preview's rows", Bounded(Bounds.None with { RowsFromPreview = true }), true },
        { "a ceiling of time", Bounded(Bounds.None with { Time = TimeSpan.FromSeconds(1) }), true },
        { "more uses", s_requirement with { Grant = new GrantTerms(2, TimeSpan.FromMinutes(10)) }, false },
        { "a shorter grant", s_requirement with { Grant = new GrantTerms(1, TimeSpan.FromMinutes(9)) }, true },
    };

    [Theory]
    [MemberData(nameof(Changes))]
    public void A_requirement_is_stricter_when_votes_might_not_do(string change, Requirement today, bool stricter) =>
        Assert.True(Requires(today).IsStricterThan(Requires(s_requirement)) == stricter, change);

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
        var other = s_requirement with { Rule = new RuleId("b") };

        Assert.True(Requires(s_requirement, other).IsStricterThan(Requires(s_requirement)));
        Assert.False(Requires(s_requirement).IsStricterThan(Requires(s_requirement, other)));
    }

    [Fact]
    public void A_lower_ceiling_is_stricter_and_a_higher_one_is_not()
    {
        static Verdict Rows(long rows) => Requires(Bounded(Bounds.None with { Rows = rows }));

        Assert.True(Rows(9).IsStricterThan(Rows(10)));
        Assert.False(Rows(10).IsStricterThan(Rows(9)));
    }

    private static Requirement Bounded(Bounds bounds) => s_requirement with { Bounds = bounds };

    private static Requirement With(Stage stage) => s_requirement with { Stages = [stage] };

    private static Verdict Requires(params ImmutableArray<Requirement> requirements) =>
        Of(VerdictOutcome.Require) with { Requirements = requirements };

    private static Verdict Of(VerdictOutcome outcome) => new(outcome, [], [], PolicyHash.Of("policy"u8));
}
