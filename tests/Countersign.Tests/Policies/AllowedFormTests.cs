using System.Collections.Immutable;
using Countersign.Core.Actions;
using Countersign.Core.Policies;
using Countersign.Core.Policies.Allowing;
using FsCheck;
using FsCheck.Fluent;
using static Countersign.Tests.Policies.PolicyFixture;

namespace Countersign.Tests.Policies;

/// <summary>What a denial says would be allowed instead.</summary>
public sealed class AllowedFormTests
{
    private static readonly Gen<string> Atom = Gen.Elements(
        "action.arguments.limit > 100",
        "100 >= action.arguments.limit",
        "action.arguments.limit == 7",
        "action.arguments.limit != -3",
        "action.arguments.where.zone == \"eu\"",
        "action.arguments[\"where\"].zone in [\"us\", \"test\"]",
        "action.arguments.force",
        "!action.arguments.force",
        "action.arguments.force == false",
        "has(action.arguments.note)",
        "mcp.tool == \"operation\"",
        "mcp.tool in [\"read\", \"list\"]",
        "action.operation == \"list\"",
        "action.bytes > 60",
        "target.environment == \"production\"");

    private static readonly Gen<string> Condition = Gen.OneOf(
        Atom,
        Gen.Two(Atom).Select(pair => $"{pair.Item1} && {pair.Item2}"),
        Gen.Two(Atom).Select(pair => $"{pair.Item1} || !({pair.Item2})"));

    private static readonly Gen<ImmutableArray<string>> RuleSets = Gen.Choose(1, 6)
        .SelectMany(count => Gen.ListOf(
            Gen.Zip(Gen.Elements("allow", "allow", "require", "deny"), Condition)
                .Select(rule => $"{rule.Item1}: {rule.Item2}"),
            count))
        .Select(rules => rules.ToImmutableArray());

    private static readonly Gen<string> Arguments = Gen.Zip(
        Gen.Zip(
            Gen.Elements("7", "100", "101", "5000", "\"many\"", "9223372036854775807"),
            Gen.Elements("eu", "us", "x")),
        Gen.Zip(Gen.Elements("true", "false"), Gen.Elements("", ",\"note\":\"n\"")),
        (first, second) => $$$"""
            {"limit":{{{first.Item1}}},"where":{"zone":"{{{first.Item2}}}"},
             "force":{{{second.Item1}}}{{{second.Item2}}}}
            """);

    [Fact]
    public void Whatever_it_says_is_allowed_by_the_same_policy()
    {
        var (changes, operations) = (0, 0);
        Prop.ForAll(Gen.Zip(RuleSets, Arguments).ToArbitrary(), drawn =>
        {
            if (Load(Rules([.. drawn.Item1])) is not PolicyLoad.Loaded { Policy: var policy })
            {
                return;
            }

            var input = Tool(drawn.Item2);
            if (policy.Judge(input).Outcome != VerdictOutcome.Deny)
            {
                return;
            }

            var form = policy.FindAllowed(input);
            if (form.Arguments is { } arguments)
            {
                changes++;
                var action = CanonicalAction.Of(input.Asking.Action.Target, "operation", arguments);
                Assert.Equal(
                    VerdictOutcome.Allow,
                    policy.Judge(input with { Asking = input.Asking with { Action = action } }).Outcome);
            }

            foreach (var operation in form.Operations)
            {
                operations++;
                Assert.Equal(
                    VerdictOutcome.Allow,
                    policy.Judge(input with { Asking = Relaxation.With(input.Asking, operation) }).Outcome);
            }
        }).Check(Config.QuickThrowOnFailure.WithQuietOnSuccess(true).WithMaxTest(2000));

        Assert.True(changes > 20 && operations > 20, $"Only {changes} changes and {operations} operations were seen.");
    }

    [Theory]
    [InlineData("action.arguments.limit <= 100", """{"limit":500}""", "'limit' 100 instead of 500")]
    [InlineData("action.arguments.limit < 100", """{"limit":500}""", "'limit' 99 instead of 500")]
    [InlineData("action.arguments.limit > 9", """{"limit":1,"x":2}""", "'limit' 10 instead of 1")]
    [InlineData("action.arguments.at.zone in ['eu']", """{"at":{"zone":"us"}}""", "'at.zone' \"eu\" instead of \"us\"")]
    [InlineData("action.arguments.dry_run", """{"dry_run":false}""", "'dry_run' true instead of false")]
    [InlineData("!has(action.arguments.force)", """{"force":1}""", "'force' left out")]
    public void One_argument_that_decides_is_named(string allowed, string arguments, string change)
    {
        var form = Loaded(Rules($"allow: {allowed}")).FindAllowed(Tool(arguments));

        Assert.Equal($"The same operation would be allowed with {change}.", form.ToString());
    }

    [Theory]
    [InlineData("allow: action.arguments.limit <= 100 && action.arguments.force == false")]
    [InlineData("allow: action.arguments.limit <= 100", "deny: target.environment == \"production\"")]
    [InlineData("require: action.arguments.limit <= 100")]
    [InlineData("allow: action.arguments.missing == 1")]
    public void Where_no_single_change_is_enough_it_says_nothing(params string[] rules)
    {
        var form = Loaded(Rules(rules)).FindAllowed(Tool("""{"limit":500,"force":true}"""));

        Assert.True(form.IsEmpty);
        Assert.Equal("", form.ToString());
    }

    [Fact]
    public void Operations_that_the_rules_name_are_judged_too()
    {
        var policy = Loaded(Rules(
            "allow: mcp.tool in [\"list\", \"read\", \"wipe\"]",
            "deny: mcp.tool == \"wipe\"",
            "deny: mcp.tool == \"x\""));

        var form = policy.FindAllowed(Tool("{}"));

        Assert.Equal(["list", "read"], form.Operations);
    }

    [Fact]
    public void Facts_that_a_gate_read_from_the_arguments_get_no_suggestion()
    {
        var policy = Loaded(Rules("allow: sql.read_only && action.arguments.limit <= 100"));

        Assert.True(policy.FindAllowed(Sql()).IsEmpty);
    }

    private static PolicyInput Tool(string arguments) =>
        Input(GateKind.Mcp, Facts.Of("mcp", ("tool", "operation")), arguments);
}
