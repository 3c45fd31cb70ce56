using System.Text.Json;
using Countersign.Core.Policies.Cel;

namespace Countersign.Tests.Policies.Cel;

public sealed class FactFrameTests
{
    [Theory]
    [InlineData("target.environment == 'production' && sql.verbs.exists(v, v in ['DELETE', 'DROP'])", true)]
    [InlineData("'DROP' in sql.verbs", false)]
    [InlineData("sql.verbs.exists(v, v == 'DELETE')", true)]
    [InlineData("sql.verbs.all(v, v != 'DROP')", true)]
    [InlineData("action.gate in ['mcp', 'postgres']", true)]
    [InlineData("action.bytes < 1000 && action.bytes >= 900 && action.bytes != 901 && 900 == action.bytes", true)]
    [InlineData("action.bytes < 900.5", true)]
    [InlineData("!sql.read_only", true)]
    [InlineData("calendar.frozen(target.environment)", true)]
    [InlineData("history.count('1h') == 2", true)]
    [InlineData("has(sql.verbs) && !has(sql.reads)", true)]
    public void A_rule_reads_the_facts_of_its_frame(string source, bool holds)
    {
        var answer = PolicySchema.Compile(source).EvaluateBool(PolicySchema.Frame());

        Assert.Null(answer.Fault);
        Assert.Equal(holds, answer.Holds);
    }

    [Theory]
    [InlineData("sql.reads.size() == 0", "no such fact: sql.reads")]
    [InlineData("history.count(duration('1h')) == 0", "no such fact: history.count()")]
    [InlineData("action.arguments.x == 1", "no such fact: action.arguments")]
    public void What_was_not_set_is_an_error(string source, string reason) =>
        Assert.Equal(reason, PolicySchema.Compile(source).EvaluateBool(PolicySchema.Frame()).Fault?.Reason);

    [Fact]
    public void A_value_of_another_type_is_kept_as_an_error()
    {
        var frame = PolicySchema.Frame();
        frame.Set(PolicySchema.Bytes, CelValue.FromString("many"));

        var answer = PolicySchema.Compile("action.bytes < 1").EvaluateBool(frame);

        Assert.Equal("the fact action.bytes is declared int, but holds \"many\"", answer.Fault?.Reason);
    }

    [Fact]
    public void A_value_larger_than_declared_is_kept_as_an_error()
    {
        var frame = PolicySchema.Frame();
        frame.Set(PolicySchema.Verbs, CelValue.FromStrings([.. Enumerable.Repeat("SELECT", 65)]));

        var answer = PolicySchema.Compile("'DROP' in sql.verbs").EvaluateBool(frame);

        Assert.Equal("the fact sql.verbs is larger than declared: 65", answer.Fault?.Reason);
    }

    [Fact]
    public void A_host_function_that_throws_or_lies_is_an_error()
    {
        var frame = PolicySchema.Frame();
        var program = PolicySchema.Compile("calendar.frozen('x')");

        frame.Bind(PolicySchema.Frozen, static _ => throw new InvalidOperationException("no calendar"));
        Assert.Equal("calendar.frozen() failed: no calendar", program.EvaluateBool(frame).Fault?.Reason);

        frame.Bind(PolicySchema.Frozen, static _ => CelValue.FromInt(1));
        Assert.Equal("calendar.frozen() is declared bool, but returned 1", program.EvaluateBool(frame).Fault?.Reason);
    }

    [Fact]
    public void A_frame_of_another_schema_is_an_error()
    {
        var answer = PolicySchema.Compile("sql.read_only").EvaluateBool(new FactFrame(FactSchema.Empty));

        Assert.Equal("the frame belongs to another schema than the expression", answer.Fault?.Reason);
    }

    [Theory]
    [InlineData("action.arguments.repo == 'a/b'", true)]
    [InlineData("action.arguments.count == 3 && type(action.arguments.count) == int", true)]
    [InlineData("type(action.arguments.ratio) == double", true)]
    [InlineData("'x' in action.arguments.labels", true)]
    [InlineData("has(action.arguments.repo) && !has(action.arguments.branch)", true)]
    [InlineData("action.arguments['nested'].deep[1] == null", true)]
    public void Untyped_arguments_come_from_JSON(string source, bool holds)
    {
        using var json = JsonDocument.Parse(
            """{"repo": "a/b", "count": 3, "ratio": 3.5, "labels": ["x"], "nested": {"deep": [1, null]}}""");
        var frame = PolicySchema.Frame();
        frame.Set(PolicySchema.Arguments, CelValue.FromJson(json.RootElement));

        Assert.Equal(holds, PolicySchema.Compile(source).EvaluateBool(frame).Holds);
    }

    [Fact]
    public void Simple_rules_allocate_nothing()
    {
        var frame = PolicySchema.Frame();
        var program = PolicySchema.Compile(
            "target.environment == 'production' && action.bytes < 1000 && sql.verbs.exists(v, v in ['DELETE'])");
        _ = program.EvaluateBool(frame);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            _ = program.EvaluateBool(frame);
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }
}
