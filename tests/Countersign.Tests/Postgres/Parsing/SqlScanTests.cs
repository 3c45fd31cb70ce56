using System.Text;
using Countersign.Gates.Postgres;
using Countersign.Gates.Postgres.Parsing;

namespace Countersign.Tests.Postgres.Parsing;

/// <summary>Cutting texts into statements, and what no parser is ever shown.</summary>
public sealed class SqlScanTests
{
    [Theory]
    [InlineData("", 0)]
    [InlineData(" ;; -- nothing\n ; /* ; */", 0)]
    [InlineData("SELECT 1", 1)]
    [InlineData("SELECT 1;", 1)]
    [InlineData(";SELECT ';' ; SELECT $$;$$ /* ; */ ; SELECT \";\"", 3)]
    [InlineData("CREATE RULE r AS ON INSERT TO t DO ALSO (DELETE FROM x; SELECT 1)", 1)]
    [InlineData("CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END; SELECT 3", 2)]
    [InlineData("CREATE OR REPLACE PROCEDURE p() BEGIN ATOMIC END; SELECT 3", 2)]
    [InlineData("CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN a THEN 1 END; END; SELECT 3", 2)]
    [InlineData("CREATE VIEW v AS SELECT begin atomic; SELECT 1; END", 3)]
    [InlineData("BEGIN; SELECT 1; END", 3)]
    [InlineData("SELECT 1 AS case; SELECT 2", 2)]
    [InlineData("SELECT (1) end; SELECT (2)", 2)]
    public void A_text_is_cut_where_a_semicolon_ends_a_statement(string text, int statements)
    {
        var scan = new SqlScan(new PostgresLimits());

        Assert.Null(scan.Read(Encoding.UTF8.GetBytes(text)));
        Assert.Equal(statements, scan.Statements.Count);
    }

    [Theory]
    [InlineData("SELECT 'x", "unterminated quoted string at or near \"'x\"")]
    [InlineData("SELECT 'x' /* /* */", "unterminated /* comment at or near \"/* /* */\"")]
    [InlineData("SELECT E'x\\'", "unterminated quoted string at or near \"E'x\\'\"")]
    [InlineData("SELECT E'x\\", "unterminated quoted string at or near \"E'x\\\"")]
    [InlineData("SELECT $a$ $b$", "unterminated dollar-quoted string at or near \"$a$ $b$\"")]
    [InlineData("SELECT \"x", "unterminated quoted identifier at or near \"\"x\"")]
    [InlineData("SELECT \"\"", "zero-length delimited identifier at or near \"\"\"\"")]
    [InlineData("SELECT B'1", "unterminated bit string literal at or near \"B'1\"")]
    [InlineData("SELECT X'1", "unterminated hexadecimal string literal at or near \"X'1\"")]
    [InlineData("SELECT 1FROM t", "trailing junk after numeric literal at or near \"1F\"")]
    [InlineData("SELECT 1e10from t", "trailing junk after numeric literal at or near \"1e10f\"")]
    [InlineData("SELECT 1.5e+", "trailing junk after numeric literal at or near \"1.5e+\"")]
    [InlineData("SELECT 1_000", "trailing junk after numeric literal at or near \"1_\"")]
    [InlineData("SELECT 0x1F", "trailing junk after numeric literal at or near \"0x\"")]
    [InlineData("SELECT $1a", "trailing junk after parameter at or near \"$1a\"")]
    [InlineData("SELECT\v1", "syntax error at or near \"\v\"")]
    [InlineData("SELECT (1", "syntax error at end of input")]
    [InlineData("SELECT 1)", "syntax error at or near \")\"")]
    [InlineData("SELECT (1]", "syntax error at or near \"]\"")]
    [InlineData("SELECT \\x", "syntax error at or near \"\\\"")]
    public void What_the_server_would_not_read_is_refused_in_its_words(string text, string message)
    {
        var fault = Refused(Encoding.UTF8.GetBytes(text), new PostgresLimits());

        Assert.Equal("42601", fault.SqlState);
        Assert.Equal(message, fault.Message);
    }

    [Fact]
    public void A_place_is_counted_in_characters() =>
        Assert.Equal(12, Refused("SELECT 'é'+\v"u8, new PostgresLimits()).Position);

    [Theory]
    [InlineData(new byte[] { (byte)'1', 0, (byte)'2' }, 2)]
    [InlineData(new byte[] { (byte)'\'', 0xE3, 0x81, (byte)'\'' }, 2)]
    [InlineData(new byte[] { (byte)'\'', 0x81, 0x5C, (byte)'\'' }, 2)]
    [InlineData(new byte[] { (byte)'\'', 0xC3, 0xA9, 0xED, 0xA0, 0x80 }, 4)]
    public void Bytes_that_are_not_UTF8_are_refused(byte[] text, int place)
    {
        var fault = Refused(text, new PostgresLimits());

        Assert.Equal("22021", fault.SqlState);
        Assert.EndsWith($"at byte {place}", fault.Message, StringComparison.Ordinal);
    }

    public static TheoryData<string, string, string> TooMuch => new()
    {
        { new string(' ', 65 * 1024), "54000", "longer than 65536 bytes" },
        { Repeat("SELECT 1,", "1,", 10_000, "1"), "54001", "20000 tokens" },
        { Repeat("SELECT $1", ",$1", 9_999, ""), "", "" },
        { Repeat("SELECT 1", "+1", 30_000, ""), "54001", "2000 tokens in one chain" },
        { Repeat("SELECT ", "- ", 3_000, "1"), "54001", "2000 tokens in one chain" },
        { Repeat("SELECT ", "NOT ", 3_000, "true"), "54001", "2000 tokens in one chain" },
        { Repeat("SELECT 1", "::int", 3_000, ""), "54001", "2000 tokens in one chain" },
        { Repeat("SELECT true", " AND true", 3_000, ""), "", "" },
        { Repeat("SELECT ", "(", 10_000, ""), "54001", "200 levels of nesting" },
        { Repeat("SELECT ", "a[", 10_000, ""), "54001", "200 levels of nesting" },
        { Repeat("SELECT ", "CASE WHEN a THEN ", 1_000, ""), "54001", "200 levels of nesting" },
        { Repeat("SELECT a,a", " UNION SELECT a,a", 1_000, ""), "54001", "500 joins and set operations" },
        { Repeat("SELECT * FROM t", " JOIN t ON a AND b", 1_000, ""), "54001", "500 joins and set operations" },
    };

    [Theory]
    [MemberData(nameof(TooMuch))]
    public void More_than_a_limit_is_refused_with_a_remedy(string text, string state, string message)
    {
        var fault = new SqlScan(new PostgresLimits()).Read(Encoding.UTF8.GetBytes(text));

        Assert.Equal(state, fault?.SqlState ?? "");
        Assert.Contains(message, fault?.Message ?? "", StringComparison.Ordinal);
        Assert.Equal(state.Length > 0, fault?.Hint is not null);
    }

    private static string Repeat(string before, string piece, int times, string after) =>
        before + string.Concat(Enumerable.Repeat(piece, times)) + after;

    private static SqlFault Refused(ReadOnlySpan<byte> text, PostgresLimits limits)
    {
        var fault = new SqlScan(limits).Read(text);
        Assert.NotNull(fault);
        return fault;
    }
}
