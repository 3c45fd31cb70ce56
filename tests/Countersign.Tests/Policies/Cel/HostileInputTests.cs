using Countersign.Core.Policies.Cel;

namespace Countersign.Tests.Policies.Cel;

public sealed class HostileInputTests
{
    private const int Many = 7_000;

    public static TheoryData<string, string> DeepExpressions => new()
    {
        { "parentheses", new string('(', Many) + "1" + new string(')', Many) },
        { "brackets", new string('[', Many) },
        { "braces", string.Concat(Enumerable.Repeat("{1:", 5_000)) },
        { "negations", new string('!', Many) + "true" },
        { "minuses", new string('-', Many) + "x" },
        { "sums", "1" + string.Concat(Enumerable.Repeat("+1", Many)) },
        { "selections", "a" + string.Concat(Enumerable.Repeat(".a", Many)) },
        { "subscripts", "a" + string.Concat(Enumerable.Repeat("[0]", 5_000)) },
        { "conditionals", string.Concat(Enumerable.Repeat("a?b:", 4_000)) + "c" },
        { "calls", string.Concat(Enumerable.Repeat("f(", Many)) },
        {
            "towers of sums",
            string.Concat(Enumerable.Repeat("(", 150)) + "1" + string.Concat(Enumerable.Repeat("+1+1+1)", 150))
        },
    };

    /// <summary>So large that it is no number any more, times nothing.</summary>
    public static TheoryData<string> EndlessCost =>
    [
        "cel.bind(a, 1, "
            + string.Concat(Enumerable.Repeat("cel.bind(a, lists.range(60000).map(i, a), ", 80))
            + "[].exists(i, a == a)"
            + new string(')', 81),
    ];

    [Theory]
    [MemberData(nameof(DeepExpressions))]
    public void A_deep_expression_is_refused_and_not_a_stack_overflow(string what, string source)
    {
        var error = PolicySchema.Refuse(source);

        Assert.True(
            error.Message.StartsWith("the expression is nested deeper than 200 levels", StringComparison.Ordinal),
            $"{what}: {error}");
    }

    [Fact]
    public void Ten_thousand_parentheses_are_refused_by_depth_or_length() =>
        Assert.Contains(
            "longer than 16384",
            PolicySchema.Refuse(new string('(', 10_000) + "1" + new string(')', 10_000)).Message,
            StringComparison.Ordinal);

    [Fact]
    public void A_long_chain_of_alternatives_is_no_deep_tree()
    {
        var source = string.Join(" || ", Enumerable.Range(0, 600).Select(i => $"action.gate == 'g{i}'"));

        Assert.False(PolicySchema.Compile(source).EvaluateBool(PolicySchema.Frame()).Holds);
    }

    [Theory]
    [InlineData("sql.reads.exists(a, sql.reads.exists(b, a == b))")]
    [InlineData("sql.reads.map(a, sql.reads).flatten().map(c, sql.reads).size() > 0")]
    [InlineData("sql.reads.all(a, a.matches(action.gate))")]
    [InlineData("lists.range(-9000000000).all(a, true) || sql.reads.exists(a, sql.reads.exists(b, a == b))")]
    [MemberData(nameof(EndlessCost))]
    public void An_expression_that_may_take_too_long_is_refused_when_loaded(string source) =>
        Assert.Contains("steps, more than 1000000", PolicySchema.Refuse(source).Message, StringComparison.Ordinal);

    [Fact]
    public void Comprehensions_may_not_nest_without_end() =>
        Assert.Contains(
            "more than 4 comprehensions",
            PolicySchema.Refuse("[1].all(a, [1].all(b, [1].all(c, [1].all(d, [1].all(e, true)))))").Message,
            StringComparison.Ordinal);

    [Theory]
    [InlineData("lists.range(60000).all(a, lists.range(60000).all(b, true))", "the step budget is exhausted")]
    [InlineData("lists.range(70000)", "a range has 0 to 65536 elements")]
    [InlineData("lists.range(40000) + lists.range(40000)", "the list would hold more than 65536 elements")]
    [InlineData("lists.range(5000).distinct()", "the step budget is exhausted")]
    public void Unchecked_work_ends_at_a_limit(string source, string reason) =>
        Assert.StartsWith(reason, Unchecked(source).Fault.Reason, StringComparison.Ordinal);

    [Fact]
    public void A_doubling_string_ends_at_a_limit() =>
        Assert.StartsWith(
            "the string would be longer",
            Doubling("'0123456789'", "+").Fault.Reason,
            StringComparison.Ordinal);

    [Theory]
    [InlineData("a.contains(b)")]
    [InlineData("a.indexOf(b) > 0")]
    [InlineData("a.lastIndexOf(b) > 0")]
    [InlineData("a.split(b).size() > 1")]
    [InlineData("a.replace(b, '') == a")]
    public void A_search_for_a_long_text_in_a_long_text_ends_at_a_limit(string search)
    {
        var half = "cel.bind(h, lists.range(65536).map(i, 'ab').join(), ";

        var found = Unchecked($"{half}cel.bind(a, h + h + h + h, cel.bind(b, h + 'cb' + h, {search})))");

        Assert.StartsWith("the step budget is exhausted", found.Fault.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Comparing_shared_structure_ends_at_a_limit()
    {
        var lists = Doubling("[1]", ",");

        Assert.StartsWith("the step budget is exhausted", lists.Fault.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("(a*)*b")]
    [InlineData("(a|a)*b")]
    [InlineData("(a|aa)+$")]
    [InlineData("^(([a-z])+.)+[A-Z]([a-z])+$")]
    public void A_pattern_that_would_backtrack_is_matched_in_linear_time(string pattern)
    {
        var value = Unchecked($"'{new string('a', 10_000)}!'.matches('{pattern}')");

        Assert.Equal((CelKind.Bool, false), (value.Kind, value.AsBool));
    }

    [Theory]
    [InlineData("(a)\\\\1", "back-references")]
    [InlineData("(?=a)b", "only the groups")]
    [InlineData("(?<!a)b", "refused")]
    [InlineData("[[:alpha:]]", "POSIX")]
    [InlineData("[+-\\\\w]", "no range")]
    [InlineData("\\\\012", "octal")]
    [InlineData("((a{1000}){1000}){1000}", "refused")]
    public void A_pattern_outside_the_subset_is_refused_when_loaded(string pattern, string reason) =>
        Assert.Contains(
            reason,
            PolicySchema.Refuse($"action.gate.matches('{pattern}')").Message,
            StringComparison.Ordinal);

    [Fact]
    public void A_long_pattern_is_refused() =>
        Assert.Contains(
            "longer than 1024",
            PolicySchema.Refuse($"action.gate.matches('{new string('a', 2_000)}')").Message,
            StringComparison.Ordinal);

    private static CelValue Unchecked(string source) =>
        Assert.IsType<CompileResult.Ok>(CelExpression.CompileUnchecked(source, FactSchema.Empty))
            .Program.Evaluate(new FactFrame(FactSchema.Empty));

    /// <summary>Thirty bindings, each twice the one before, and a comparison with a second copy of the last.</summary>
    private static CelValue Doubling(string seed, string join)
    {
        var (open, close) = join == "," ? ("[", "]") : ("", "");
        string Chain(char name, string body) =>
            $"cel.bind({name}0, {seed}, "
            + string.Concat(Enumerable.Range(1, 30).Select(i =>
                $"cel.bind({name}{i}, {open}{name}{i - 1} {join} {name}{i - 1}{close}, "))
            + body + new string(')', 31);
        return Unchecked(Chain('a', Chain('b', "a30 == b30")));
    }
}
