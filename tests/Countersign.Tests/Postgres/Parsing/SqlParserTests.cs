using System.Collections.Immutable;
using System.Text;
using Countersign.Gates.Postgres;
using Countersign.Gates.Postgres.Parsing;

namespace Countersign.Tests.Postgres.Parsing;

/// <summary>What is known of each kind of statement without asking the database.</summary>
public sealed class SqlParserTests(PgQueryFixture fixture) : IClassFixture<PgQueryFixture>
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private SqlParser Parser => new(fixture.Query, new PostgresLimits());

    public static TheoryData<string, string> Cases => [.. ParsedCase.ReadAll()];

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task A_statement_is_read_as_what_it_is(string text, string expected)
    {
        var outcome = await Parser.ParseAsync(Encoding.UTF8.GetBytes(text), Stop);

        Assert.Equal(expected, ParsedCase.Describe(text, outcome));
    }

    [Fact]
    public async Task Every_kind_of_statement_of_the_grammar_is_known_or_refused_on_purpose()
    {
        foreach (var text in ParsedCase.Texts)
        {
            var outcome = await Parser.ParseAsync(Encoding.UTF8.GetBytes(text), Stop);

            Assert.All((outcome as ParseOutcome.List)?.Statements ?? [], parsed => Assert.False(
                parsed is Parsed.Never { Why: var why } && why.Contains("not understood", StringComparison.Ordinal),
                $"{text}: {parsed}"));
        }
    }

    [Fact]
    public async Task Ranges_are_those_of_the_whole_text()
    {
        const string text = " /* é */ SELECT 1 ; EXPLAIN (VERBOSE) DELETE FROM t -- x";

        var list = Assert.IsType<ParseOutcome.List>(await Parser.ParseAsync(Encoding.UTF8.GetBytes(text), Stop));

        Assert.Equal("SELECT 1", Piece(list.Statements[0].At));
        Assert.Equal("EXPLAIN (VERBOSE) DELETE FROM t", Piece(list.Statements[1].At));
        Assert.Equal("DELETE FROM t", Piece(Assert.IsType<Parsed.Explain>(list.Statements[1]).Inner.At));

        string Piece(TextSpan at) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text).AsSpan(at.Start, at.Length));
    }

    [Theory]
    [InlineData("SELECT 1 FROM", "42601", "syntax error at end of input", 14)]
    [InlineData("SELECT é FROM FROM", "42601", "syntax error at or near \"FROM\"", 15)]
    [InlineData("SELECT 1; SELEC 2", "42601", "syntax error at or near \"SELEC\"", 11)]
    [InlineData("SELECT 'x", "42601", "unterminated quoted string at or near \"'x\"", 8)]
    [InlineData("SELECT E'\\ud83d'", "42601", "invalid Unicode surrogate pair at or near \"'\"", 16)]
    public async Task A_wrong_text_is_refused_with_its_place(string text, string state, string message, int place)
    {
        var refused = Assert.IsType<ParseOutcome.Refused>(
            await Parser.ParseAsync(Encoding.UTF8.GetBytes(text), Stop));

        Assert.Equal((state, message, place), (refused.Fault.SqlState, refused.Fault.Message, refused.Fault.Position));
    }

    [Fact]
    public async Task A_child_that_does_not_answer_refuses_the_statement()
    {
        await using var broken = new PgQuery(
            PgQueryFixture.Options() with { Program = "/nowhere/countersign" }, TimeProvider.System);

        var refused = Assert.IsType<ParseOutcome.Refused>(
            await new SqlParser(broken, new PostgresLimits()).ParseAsync("SELECT 1"u8.ToArray(), Stop));

        Assert.Equal("58000", refused.Fault.SqlState);
        Assert.Contains("Nothing was executed", refused.Fault.Hint, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("select /* harmless */ 1 -- DROP TABLE t", "SELECT 1")]
    [InlineData("delete from T where \"id\" in (1,2)", "DELETE FROM t WHERE id IN (1, 2)")]
    // libpg_query cannot write these; people see what the agent sent.
    [InlineData("SET LOCAL TIME ZONE INTERVAL '-8' HOUR TO MINUTE", "SET LOCAL TIME ZONE INTERVAL '-8' HOUR TO MINUTE")]
    [InlineData(
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; END",
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; END")]
    [InlineData("SELECT (1", "SELECT (1")]
    public async Task People_are_shown_one_form_or_the_text_itself(string text, string shown) => Assert.Equal(
        shown,
        Encoding.UTF8.GetString((await Parser.DeparseAsync(Encoding.UTF8.GetBytes(text), Stop)).Span));
}
