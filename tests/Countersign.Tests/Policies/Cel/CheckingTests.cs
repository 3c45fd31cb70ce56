using Countersign.Core.Policies.Cel;

namespace Countersign.Tests.Policies.Cel;

public sealed class CheckingTests
{
    [Theory]
    [InlineData("action.gtae == 'mcp'", 1, 8, "'action' has no member 'gtae'", "gate")]
    [InlineData("tagret.environment == 'x'", 1, 1, "unknown name 'tagret'", "target")]
    [InlineData("true &&\n  sql.verb.exists(v, v == 'DROP')", 2, 7, "'sql' has no member 'verb'", "verbs")]
    [InlineData("sql.verbs.exists(verb, vreb == 'DROP')", 1, 24, "unknown name 'vreb'", "verb")]
    [InlineData("action.gate.startWith('m')", 1, 13, "unknown function 'startWith'", "startsWith")]
    [InlineData("calendar.frozn('x')", 1, 10, "unknown function 'calendar.frozn'", "calendar.frozen")]
    [InlineData("math.gratest(1, 2) == 2", 1, 6, "unknown function 'math.gratest'", "math.greatest")]
    [InlineData("zebra", 1, 1, "unknown name 'zebra'", null)]
    [InlineData("target == 'x'", 1, 1, "'target' is a group of facts and no value; name one of its members", null)]
    [InlineData("action.bytes < '1'", 1, 14, "'<' does not take int and string", null)]
    [InlineData("action.bytes == 'x'", 1, 14, "'==' does not take int and string", null)]
    [InlineData("action.bytes && true", 1, 8, "expected a bool here, not int", null)]
    [InlineData("'x' in action.bytes", 1, 5, "'in' does not take string and int", null)]
    [InlineData("1 in sql.verbs", 1, 3, "'in' does not take int and list(string)", null)]
    [InlineData("action.gate.length > 1", 1, 13, "string has no members, so no 'length'", null)]
    [InlineData("action.gate + 1", 1, 13, "'+' does not take string and int", null)]
    [InlineData("-action.gate == ''", 1, 1, "'-' takes an int, a double or a duration, not string", null)]
    [InlineData("sql.read_only ? 1 : 'x'", 1, 15, "both branches need one type, not int and string", null)]
    [InlineData("action.gate.matches('(')", 1, 13, "the pattern is refused", null)]
    [InlineData("duration('soon') < duration('1h')", 1, 1, "a duration is written as", null)]
    [InlineData("size(1) > 0", 1, 1, "'size' does not take (int); it is size(string) or size(bytes)", null)]
    [InlineData(
        "calendar.frozen(1)", 1, 10, "'calendar.frozen' does not take (int); it is calendar.frozen(string)", null)]
    [InlineData(
        "timestamp(0).getHours('Europe/Berln') > 8", 1, 23, "the time zone \"Europe/Berln\" is unknown", null)]
    [InlineData("duration('1h').getHours('UTC') > 8", 1, 16, "'getHours' does not take", null)]
    [InlineData("contains('a', 'b')", 1, 1, "'contains' is a method: write x.contains(...)", null)]
    [InlineData("action.bytes.all(x, true)", 1, 14, "'all' walks a list or a map, not int", null)]
    [InlineData("{1.5: 1}.size() == 1", 1, 2, "a map key must be a bool, an int, a uint or a string, not double", null)]
    public void What_the_schema_does_not_allow_is_refused_where_it_stands(
        string source, int line, int column, string message, string? suggestion)
    {
        var error = PolicySchema.Refuse(source);

        Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
        Assert.Equal((line, column, suggestion), (error.Line, error.Column, error.Suggestion));
    }

    [Theory]
    [InlineData("action.bytes <", 1, 15, "expected a value, not the end of the expression")]
    [InlineData("action.bytes < 1)", 1, 17, "expected an operator or the end, not ')'")]
    [InlineData("[1, 2", 1, 6, "expected ']', not the end of the expression")]
    [InlineData("'abc", 1, 1, "the literal is not closed")]
    [InlineData("'a\\qb'", 1, 3, "'\\q' is no escape sequence")]
    [InlineData("'\\ud800'", 1, 2, "U+D800 is no character")]
    [InlineData("1 @ 2", 1, 3, "the character '@' has no meaning here")]
    [InlineData("9223372036854775808", 1, 1, "the number 9223372036854775808 is out of range")]
    [InlineData("1e999", 1, 1, "the number 1e999 is out of range")]
    [InlineData("for", 1, 1, "expected a name, not 'for'")]
    [InlineData("a.?b", 1, 3, "optional values are not part of the language")]
    [InlineData("[?a]", 1, 2, "optional values are not part of the language")]
    [InlineData("Message{a: 1}", 1, 8, "message literals are not part of the language")]
    [InlineData("has(a)", 1, 1, "has() takes one member selection")]
    [InlineData("f(1,)", 1, 5, "expected a value, not ')'")]
    public void A_syntax_error_names_its_place(string source, int line, int column, string message)
    {
        var error = PolicySchema.Refuse(source);

        Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
        Assert.Equal((line, column), (error.Line, error.Column));
    }

    [Fact]
    public void Every_wrong_name_is_reported_at_once()
    {
        var result = CelExpression.Compile("action.gtae == 'x' && sql.raeds == []", PolicySchema.Schema);

        var failed = Assert.IsType<CompileResult.Failed>(result);
        Assert.Equal(
            [
                "1:8: 'action' has no member 'gtae' (did you mean 'gate'?)",
                "1:27: 'sql' has no member 'raeds' (did you mean 'reads'?)",
            ],
            failed.Errors.Select(error => error.ToString()));
    }

    [Theory]
    [InlineData("true", "")]
    [InlineData("target.environment == 'x' && !sql.read_only", "sql.read_only target.environment")]
    [InlineData("has(action.arguments.repo)", "action.arguments")]
    [InlineData("has(sql.verbs)", "sql.verbs")]
    [InlineData(
        "action.arguments.a.b[0] == 1 || calendar.frozen(target.environment)",
        "action.arguments calendar.frozen target.environment")]
    [InlineData("[{'gate': 1}].exists(action, action.gate == 1)", "")]
    [InlineData("[1].exists(action, .action.gate == 'x')", "action.gate")]
    public void A_program_knows_the_facts_it_reads(string source, string reads) =>
        Assert.Equal(
            reads.Split(' ', StringSplitOptions.RemoveEmptyEntries),
            PolicySchema.Compile(source).Reads.Order(StringComparer.Ordinal));

    [Theory]
    [InlineData("1 + 2", "int")]
    [InlineData("sql.verbs.map(v, size(v))", "list(int)")]
    [InlineData("sql.verbs.filter(v, v == 'x')", "list(string)")]
    [InlineData("sql.verbs.sort().first()", "string")]
    [InlineData("[1, 'a']", "list(dyn)")]
    [InlineData("target.labels.owner", "string")]
    [InlineData("target.labels.transformMap(k, v, size(v))", "map(string, int)")]
    [InlineData("timestamp('2026-01-01T00:00:00Z') - timestamp('2025-01-01T00:00:00Z')", "google.protobuf.Duration")]
    [InlineData("action.arguments.x", "dyn")]
    [InlineData("math.greatest(1, 2)", "int")]
    [InlineData("cel.bind(x, 1u, x + x)", "uint")]
    [InlineData("history.count(duration('1h'))", "int")]
    public void The_type_of_an_expression_is_known_before_it_runs(string source, string type) =>
        Assert.Equal(type, PolicySchema.Compile(source).ResultType.ToString());

    [Theory]
    [InlineData("1 == 1.0")]
    [InlineData("action.bytes < 1000u")]
    [InlineData("action.bytes in [1.0, 900.0]")]
    [InlineData("action.arguments == 3 || true")]
    public void Numbers_of_different_kinds_and_dyn_may_be_compared(string source) =>
        Assert.Equal(CelType.Bool, PolicySchema.Compile(source).ResultType);
}
