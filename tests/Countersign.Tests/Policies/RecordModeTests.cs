using Countersign.Core.Actions;
using Countersign.Core.Policies;
using static Countersign.Tests.Policies.PolicyFixture;

namespace Countersign.Tests.Policies;

/// <summary>How an allowed action is recorded when rules and target both have a wish.</summary>
public sealed class RecordModeTests
{
    [Theory]
    [InlineData(null, RecordMode.Before, RecordMode.Before)]
    [InlineData(null, RecordMode.With, RecordMode.With)]
    [InlineData(null, RecordMode.Behind, RecordMode.Behind)]
    [InlineData("before", RecordMode.Behind, RecordMode.Before)]
    [InlineData("with", RecordMode.Behind, RecordMode.With)]
    [InlineData("with", RecordMode.Before, RecordMode.With)]
    [InlineData("behind", RecordMode.Behind, RecordMode.Behind)]
    [InlineData("behind", RecordMode.With, RecordMode.With)]
    [InlineData("behind", RecordMode.Before, RecordMode.Before)]
    public void A_rule_decides_and_may_ask_for_behind_only_where_the_target_opted_in(
        string? wish, RecordMode target, RecordMode expected)
    {
        var record = wish is null ? "" : $", record: {wish}";
        var policy = Loaded(
            $"version: 1\ndefault: deny\nrules:\n  - {{ id: reads, when: sql.read_only, then: allow{record} }}\n");
        var input = Sql();

        var verdict = policy.Judge(input);

        Assert.Equal(expected, verdict.RecordAt(input.Asking.Target with { Record = target }));
    }

    [Fact]
    public void Of_several_rules_the_most_careful_one_decides()
    {
        var policy = Loaded("""
            version: 1
            default: deny
            rules:
              - { id: reads, when: sql.read_only, then: allow, record: behind }
              - { id: orders, when: '"public.orders" in sql.reads', then: allow, record: with }
            """);
        var input = Sql();

        Assert.Equal(
            RecordMode.With,
            policy.Judge(input).RecordAt(input.Asking.Target with { Record = RecordMode.Behind }));
    }
}
