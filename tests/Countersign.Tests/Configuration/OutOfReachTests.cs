using System.Collections.Immutable;
using Countersign.Core.Policies;
using Countersign.Server.Configuration;
using Countersign.Tests.Support;

namespace Countersign.Tests.Configuration;

/// <summary>
/// Alice and Bob are the platform; <c>own</c> belongs to Alice, <c>crew</c> to the whole group, and <c>aid</c>, Dora's,
/// acts for Bob too.
/// </summary>
public sealed class OutOfReachTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("own", "{ of: group:platform, need: 1 }", null)]
    [InlineData("own", "{ of: group:platform, need: 2 }", "agent 'own'")]
    [InlineData("own", "{ of: alice, need: 1 }", "agent 'own'")]
    [InlineData("own", "{ of: alice, need: 1, escalate: bob }", null)]
    [InlineData("own", "{ of: bob, need: 1 }, { of: group:platform, need: 1 }", "agent 'own'")]
    [InlineData("crew", "{ of: group:platform, need: 1 }", "agent 'crew'")]
    [InlineData("crew", "{ of: [group:platform, dora], need: 1 }", null)]
    [InlineData("aid", "{ of: bob, need: 1 }", "agent 'aid' on behalf of bob")]
    [InlineData("own, crew", "{ of: group:platform, need: 2 }", "agent 'crew' or agent 'own'")]
    public void A_requirement_that_only_those_behind_the_request_could_meet_is_named(
        string agents, string stages, string? who)
    {
        var warnings = Warnings(agents, $"rules: [ {{ id: w, when: mcp.tool == \"x\", then: {Require(stages)} }} ]");

        Assert.Equal(
            who is null ? [] : [$"policy.yaml:2:16: the rule 'w' cannot be met when {who} asks"],
            warnings.Select(warning => warning[..warning.IndexOf(':', "policy.yaml:2:16: ".Length)]));
    }

    [Fact]
    public void The_default_is_looked_at_too() =>
        Assert.StartsWith(
            "the policy's default cannot be met when agent 'own' asks",
            Assert.Single(Warnings("own", $"default: {Require("{ of: alice, need: 1 }")}")));

    [Fact]
    public void A_rule_that_no_target_of_the_agent_can_meet_is_not_named() =>
        Assert.Empty(Warnings(
            "own", $"rules: [ {{ id: w, when: sql.read_only, then: {Require("{ of: alice, need: 1 }")} }} ]"));

    private static string Require(string stages) => $"{{ require: {{ stages: [ {stages} ] }} }}";

    private ImmutableArray<string> Warnings(string agents, string policy)
    {
        File.WriteAllText(_folder.PathOf("policy.yaml"), "version: 1\n" + policy + "\n");
        File.WriteAllText(
            _folder.PathOf("countersign.yaml"),
            $$"""
            people:
              - { id: alice, groups: [platform] }
              - { id: bob, groups: [platform] }
              - { id: dora }
            agents:
              - { id: own, owner: alice, tokens: [ token-of-own ] }
              - { id: crew, owner: group:platform }
              - { id: aid, owner: dora, tokens: [ token-of-aid, { value: token-for-bob, on_behalf_of: bob } ] }
            targets:
              tools: { gate: mcp, environment: test, upstream: { command: [x] }, agents: [{{agents}}] }
            policies: policy.yaml
            """);
        var settings = SettingsFile.Load(_folder.PathOf("countersign.yaml"), _ => null);
        return OutOfReach.Find(((PolicyLoad.Loaded)Policy.Load(settings.Policies, settings.People)).Policy, settings);
    }
}
