using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Policies;
using static Countersign.Tests.Policies.PolicyFixture;

namespace Countersign.Tests.Policies;

/// <summary>Whether one verdict holds for all requests of a shape, so that a gate may keep it.</summary>
public sealed class ShapeTests
{
    [Theory]
    [InlineData("allow: sql.read_only && !sql.touches_masked")]
    [InlineData("deny: \"DROP\" in sql.verbs && target.environment == 'production' && 'pii' in target.labels")]
    [InlineData("require: agent.id == 'bot' && agent.owner == 'alice' && agent.on_behalf_of == ''")]
    [InlineData("require: 'dba' in agent.groups && action.via == 'postgres' && action.operation == 'sql'")]
    [InlineData("allow: mcp.tool == 'read' && action.arguments.n == 1")]
    public void A_verdict_over_facts_of_the_shape_may_be_kept(string rule) =>
        Assert.True(Loaded(Rules("allow: sql.read_only", rule)).JudgesShapes(GateKind.Postgres));

    [Theory]
    [InlineData("require: action.arguments.n == 1")]
    [InlineData("require: action.bytes > 1000")]
    [InlineData("require: preview.rows > 10")]
    [InlineData("require: has(preview.rows)")]
    [InlineData("require: history.first_time")]
    [InlineData("require: history.count('1h') > 3")]
    [InlineData("deny: calendar.frozen(target.name)")]
    [InlineData("deny: !calendar.business_hours('UTC')")]
    [InlineData("deny: claimed.reason == ''")]
    [InlineData("deny: claimed.session == 'x' && sql.read_only")]
    public void A_verdict_over_anything_else_may_not(string rule) =>
        Assert.False(Loaded(Rules("allow: sql.read_only", rule)).JudgesShapes(GateKind.Postgres));

    [Fact]
    public void A_charter_judges_a_shape_only_where_its_policy_does()
    {
        var asking = Sql().Asking;
        var verdict = Loaded(Rules("allow: sql.read_only")).Judge(Sql());
        var charter = new Charter
        {
            People = Staff,
            Targets = System.Collections.Immutable.ImmutableDictionary<TargetName, Target>.Empty,
            Policy = verdict.Policy,
            Judge = (_, _) => verdict,
            JudgesShapes = gate => gate == GateKind.Postgres,
        };

        Assert.Same(verdict, charter.JudgeShape(asking));
        Assert.Null(charter.JudgeShape(Input(GateKind.Mcp).Asking));
        Assert.Null((charter with { JudgesShapes = _ => false }).JudgeShape(asking));
    }
}
