using System.Text;
using Countersign.Gates.Postgres;
using Countersign.Gates.Postgres.Parsing;

namespace Countersign.Tests.Postgres.Parsing;

/// <summary>
/// Texts made to exhaust a parser, just below our limits and far beyond them: each is answered, and the child that
/// answers is the one that answered before.
/// </summary>
public sealed class HostileTextTests(PgQueryFixture fixture) : IClassFixture<PgQueryFixture>
{
    /// <summary>What an operator may set: the limits of bytes and tokens are then the only ones left.</summary>
    private static readonly PostgresLimits s_wide = new()
    {
        Statement = 1024 * 1024, Tokens = 200_000, Nesting = 1_000, Chain = 20_000, Joins = 2_000,
    };

    public static TheoryData<string, string, int, string> Texts => new()
    {
        { "SELECT ", "(", 190, "1" + new string(')', 190) },
        { "SELECT ", "(1+", 190, "1" + new string(')', 190) },
        { "SELECT 1", "+1", 990, "" },
        { "SELECT 1", "||1", 9_000, "" },
        { "SELECT ", "NOT ", 1_900, "true" },
        { "SELECT ", "- ", 1_900, "1" },
        { "SELECT 1", "::int", 900, "" },
        { "SELECT ", "CASE WHEN true THEN ", 190, "1" + string.Concat(Enumerable.Repeat(" END", 190)) },
        { "SELECT ", "f(", 190, new string(')', 190) },
        { "SELECT ", "ARRAY[", 190, "1" + new string(']', 190) },
        { "SELECT 1", ",1", 9_000, "" },
        { "SELECT $1", ",$1", 9_000, "" },
        { "SELECT true", " AND true", 9_000, "" },
        { "SELECT 1,1", " UNION SELECT 1,1", 490, "" },
        { "SELECT * FROM t", " CROSS JOIN t", 490, "" },
        { "SELECT * FROM t", " JOIN t ON a OR b", 490, "" },
        { "SELECT 1 WHERE 1 IN (1", ",1", 9_000, ")" },
        { "", "SELECT 1;", 6_000, "" },
        { "", ";", 60_000, "" },
        { "SELECT 1 ", "/* ", 20_000, "" },
        { "SELECT '", "''", 30_000, "'" },
        { "SELECT ", "'", 60_001, "" },
        { "SELECT ", "\"", 60_001, "" },
        { "SELECT ", "$a", 30_000, "" },
        { "SELECT a", ".a", 900, "" },
        { "SELECT a", "[1]", 600, "" },
        { "SELECT ", "U&'\\", 10_000, "" },
    };

    [Theory]
    [MemberData(nameof(Texts))]
    public Task Below_the_limits_it_is_answered(string before, string piece, int times, string after) =>
        AnswerAsync(Repeat(before, piece, times, after), new PostgresLimits());

    [Theory]
    [MemberData(nameof(Texts))]
    public Task Far_beyond_them_it_is_answered_too(string before, string piece, int times, string after) =>
        AnswerAsync(Repeat(before, piece, times * 20, after), new PostgresLimits());

    [Theory]
    [MemberData(nameof(Texts))]
    public Task Limits_that_an_operator_made_wide_are_no_danger(string before, string piece, int times, string after) =>
        AnswerAsync(Repeat(before, piece, times, after), s_wide);

    [Fact]
    public async Task A_text_of_GBK_that_is_two_statements_elsewhere_is_refused()
    {
        // The last byte of a character is a backslash in GBK; read as UTF-8 it is not valid.
        byte[] text = [.. "SELECT E'"u8, 0x81, 0x5C, .. "'; DELETE FROM t --'"u8];

        var refused = Assert.IsType<ParseOutcome.Refused>(
            await new SqlParser(fixture.Query, new PostgresLimits())
                .ParseAsync(text, TestContext.Current.CancellationToken));
        Assert.Equal("22021", refused.Fault.SqlState);
    }

    private async Task AnswerAsync(string text, PostgresLimits limits)
    {
        await fixture.AskAsync(PgQueryVerb.Parse, "SELECT 1");
        var child = fixture.Query.ChildId;
        var parser = new SqlParser(fixture.Query, limits);
        var bytes = Encoding.UTF8.GetBytes(text);

        var outcome = await parser.ParseAsync(bytes, TestContext.Current.CancellationToken);
        await parser.DeparseAsync(bytes, TestContext.Current.CancellationToken);

        Assert.NotEqual("58000", (outcome as ParseOutcome.Refused)?.Fault.SqlState);
        Assert.Equal(child, fixture.Query.ChildId);
    }

    private static string Repeat(string before, string piece, int times, string after) =>
        before + string.Concat(Enumerable.Repeat(piece, times)) + after;
}
