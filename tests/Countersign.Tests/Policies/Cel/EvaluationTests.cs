using System.Text.Json;
using Countersign.Core.Policies.Cel;

namespace Countersign.Tests.Policies.Cel;

/// <summary>What the public conformance data leaves open: extensions, limits of kinds, and our own choices.</summary>
public sealed class EvaluationTests
{
    [Theory]
    [InlineData("size('é')", "1")]
    [InlineData("size(b'é')", "2")]
    [InlineData("size('😀a')", "2")]
    [InlineData("'😀ab'.charAt(1)", "\"a\"")]
    [InlineData("'😀ab'.substring(1, 2)", "\"a\"")]
    [InlineData("'a😀b'.indexOf('b')", "2")]
    [InlineData("'\\uffff' < '😀'", "true")]
    [InlineData("[3, 1, 2].sort()", "[1, 2, 3]")]
    [InlineData("['bb', 'a'].sortBy(s, size(s))", "[a, bb]")]
    [InlineData("[double('NaN'), 1.0, -1.0].sort().size()", "3")]
    [InlineData("[1, 1.0, 2, 1u].distinct()", "[1, 2]")]
    [InlineData("[[1], [2, [3]]].flatten()", "[1, 2, [3]]")]
    [InlineData("[[1], [2, [3]]].flatten(2)", "[1, 2, 3]")]
    [InlineData("[1, 2, 3].slice(1, 3)", "[2, 3]")]
    [InlineData("[1, 2, 3].reverse()", "[3, 2, 1]")]
    [InlineData("[1, 2].first() + [1, 2].last()", "3")]
    [InlineData("lists.range(3)", "[0, 1, 2]")]
    [InlineData("'a,b,c'.split(',', 2)", "[a, b,c]")]
    [InlineData("'aaa'.replace('a', 'b', 2)", "\"bba\"")]
    [InlineData("'ab'.replace('', '-')", "\"-a-b-\"")]
    [InlineData("{'a': 1}.transformMapEntry(k, v, {string(v): k})", "{1: a}")]
    [InlineData("math.sqrt(16)", "4.0")]
    [InlineData("string(1e21)", "\"1e+21\"")]
    [InlineData("string(1e20)", "\"100000000000000000000\"")]
    [InlineData("string(0.00001)", "\"1e-05\"")]
    [InlineData("duration('1.5s') + duration('-500ms')", "1s")]
    [InlineData("timestamp('2026-03-01T00:30:00+01:00')", "2026-02-28T23:30:00Z")]
    [InlineData("timestamp('2026-07-01T12:00:00Z').getHours('Europe/Berlin')", "14")]
    [InlineData("timestamp('2026-07-01T12:00:00Z').getHours('-03:30')", "8")]
    [InlineData("timestamp('2026-03-29T00:59:59Z').getHours('Europe/Berlin')", "1")]
    [InlineData("timestamp('2026-03-29T01:00:00Z').getHours('Europe/Berlin')", "3")]
    [InlineData("timestamp('2026-12-31T23:30:00Z').getFullYear('Pacific/Auckland')", "2027")]
    [InlineData("timestamp('2026-07-01T12:00:00.25Z').getMilliseconds('Asia/Kathmandu')", "250")]
    [InlineData("b'ab' < b'b'", "true")]
    [InlineData("1u - 1u", "0u")]
    public void An_expression_has_its_value(string source, string value) => Assert.Equal(value, Show(Evaluate(source)));

    [Theory]
    [InlineData("9223372036854775807 + 1", "overflow")]
    [InlineData("0u - 1u", "overflow")]
    [InlineData("1 % 0", "division by zero")]
    [InlineData("1.0 % 1.0", "no such overload: double % double")]
    [InlineData("[1][1]", "the index 1 is outside a list of 1")]
    [InlineData("{'a': 1}.b", "no such key: \"b\"")]
    [InlineData("{'a': 1, 'a': 2}", "the map key \"a\" comes twice")]
    [InlineData("timestamp('2026-07-01T12:00:00Z').getHours('Mars/Base')", "the time zone \"Mars/Base\" is unknown")]
    [InlineData("timestamp('2026-02-30T12:00:00Z')", "a timestamp is written as in RFC 3339")]
    [InlineData("int('1.5')", "the string is no int")]
    [InlineData("[1, 'a'].sort()", "only numbers, strings")]
    [InlineData("[].first()", "the list is empty")]
    [InlineData("'%d'.format(['x'])", "the clause %d cannot format \"x\"")]
    [InlineData("nothing.here", "unknown name 'nothing.here'")]
    public void An_expression_without_a_value_says_why(string source, string reason) =>
        Assert.Contains(reason, Evaluate(source).Fault.Reason, StringComparison.Ordinal);

    [Theory]
    [InlineData("ab$", "ab", true)]
    [InlineData("ab$", "ab\\n", false)]
    [InlineData("(?m)ab$", "ab\\ncd", true)]
    [InlineData("^\\\\d+$", "12", true)]
    [InlineData("^\\\\d+$", "١٢", false)]
    [InlineData("^[\\\\w-]+$", "a-b_1", true)]
    [InlineData("^\\\\w$", "é", false)]
    [InlineData("^\\\\S+$", "a b", false)]
    [InlineData("(?P<x>a)(?i)B", "ab", true)]
    [InlineData("^[[a]$", "[", true)]
    [InlineData("^[]a]+$", "]a", true)]
    [InlineData("^[\\\\w-x]$", "-", true)]
    [InlineData("^[\\\\w-x]$", "`", false)]
    [InlineData("^[\\\\s-x]$", "a", false)]
    [InlineData("^[\\\\s-x]$", "\\f", true)]
    public void A_pattern_means_what_it_means_in_RE2(string pattern, string text, bool matches) =>
        Assert.Equal(matches, Evaluate($"'{text}'.matches('{pattern}')").AsBool);

    [Theory]
    [InlineData("{1: [true, null, b'\\xff', 1.5, 2u, 'x', duration('1s'), timestamp(0)]}")]
    [InlineData("[double('NaN'), double('Infinity'), -0.0]")]
    public void Typed_JSON_reads_back_what_it_printed(string source)
    {
        var printed = CelJson.Print(Evaluate(source)).ToJsonString();
        using var document = JsonDocument.Parse(printed);

        Assert.Equal(printed, CelJson.Print(CelJson.Read(document.RootElement)).ToJsonString());
    }

    [Theory]
    [InlineData("""{"t": "int", "v": 1}""")]
    [InlineData("""{"t": "int", "v": "x"}""")]
    [InlineData("""{"t": "int"}""")]
    [InlineData("""{"v": "1"}""")]
    [InlineData("""{"t": "color", "v": "red"}""")]
    [InlineData("""{"t": "map", "v": [[{"t": "int", "v": "1"}]]}""")]
    [InlineData("""{"t": "timestamp", "v": null}""")]
    [InlineData("[]")]
    public void Malformed_typed_JSON_is_an_error(string json)
    {
        using var document = JsonDocument.Parse(json);

        Assert.True(CelJson.Read(document.RootElement).IsError);
    }

    private static CelValue Evaluate(string source)
    {
        using var bindings = JsonDocument.Parse("{}");
        return CelJson.Evaluate(source, bindings.RootElement, TimeZones.Find);
    }

    /// <summary>Collections as the format function prints them, everything else as a literal.</summary>
    private static string Show(CelValue value)
    {
        if (value.Kind is not (CelKind.List or CelKind.Map))
        {
            return value.ToString();
        }

        var builder = new FactSchema.Builder();
        var fact = builder.Add("value", CelType.Dyn);
        var schema = builder.Build();
        var frame = new FactFrame(schema);
        frame.Set(fact, value);
        return ((CompileResult.Ok)CelExpression.CompileUnchecked("'%s'.format([value])", schema))
            .Program.Evaluate(frame).AsString;
    }
}
