using System.Text;
using System.Text.RegularExpressions;
using Countersign.Gates.Postgres;
using Countersign.Gates.Postgres.Parsing;

namespace Countersign.Tests.Postgres.Parsing;

/// <summary>Our own scanner against PostgreSQL's: statements of every kind, made by chance, and broken.</summary>
public sealed partial class DifferentialTests(PgQueryFixture fixture) : IClassFixture<PgQueryFixture>
{
    private const int Statements = 2_000;

    private static readonly string[] s_pieces =
    [
        "'", "\"", "$", "$$", "$a$", "/*", "*/", "--", "\n", ";", "(", ")", "[", "]", "\\", "E'", "e'", "U&'",
        "u&\"", "B'", "x'", "N'", "1", "1.", ".5", "1e", "1e+", "..", ":", "::", ":=", "=>", "+", "-", "*", "@-",
        "+-", "/", "\f", "é", "a", "_", "$1", "$1a", "0x1", "''", "\"\"", " ", "\r", "!=-", "<>", "BEGIN ATOMIC",
        "END", "CASE", "1..2", "\v",
    ];

    private readonly Shapes _shapes = new(new byte[SipHash.KeyBytes], new PostgresLimits());

    private static IEnumerable<string> Corpus => ParsedCase.Texts
        .Concat(Enumerable.Range(0, Statements).Select(i => new RandomStatements(i, i, i).Statement()));

    [Fact]
    public async Task Every_token_is_where_the_server_has_it()
    {
        foreach (var text in Corpus)
        {
            var (tokens, fault) = Scan(text);

            Assert.Null(fault);
            Assert.Equal(await ServersTokensAsync(text), Starts(text, tokens));
        }
    }

    [Fact]
    public async Task What_our_scanner_takes_from_broken_texts_the_servers_takes_too_and_in_the_same_pieces()
    {
        var random = new Random(1);
        var taken = 0;
        for (var i = 0; i < 5_000; i++)
        {
            var text = Broken(random, new RandomStatements(i, i, i).Statement());
            var (tokens, fault) = Scan(text);
            var theirs = await ServersTokensAsync(text);
            if (theirs is null)
            {
                // Escapes within constants are the server's to refuse.
                Assert.True(fault is not null || text.Contains('\\', StringComparison.Ordinal), text);
            }
            else if (fault is null && !ContinuesBehindComment().IsMatch(text))
            {
                taken++;
                Assert.Equal(theirs, Starts(text, tokens));
            }
            else if (fault is not null)
            {
                // A character that can be no token is one for them, and an error of the grammar then.
                Assert.StartsWith("syntax error at or near", fault.Message, StringComparison.Ordinal);
            }
        }

        Assert.InRange(taken, 500, 5_000);
    }

    [Fact]
    public async Task Lists_of_statements_are_cut_as_the_server_cuts_them()
    {
        var parser = new SqlParser(fixture.Query, new PostgresLimits());
        for (var i = 0; i < Statements / 4; i++)
        {
            string[] statements =
                [.. Enumerable.Range(i * 4, 4).Select(each => new RandomStatements(each, i, i).Statement())];
            var outcome = await parser.ParseAsync(
                Encoding.UTF8.GetBytes(string.Join("\n;/* ; */ ; ", statements)),
                TestContext.Current.CancellationToken);

            Assert.True(
                outcome is ParseOutcome.List list && list.Statements.Length == statements.Length,
                $"{string.Join(" ;; ", statements)}: {outcome}");
        }
    }

    [Fact]
    public async Task Texts_of_one_shape_have_one_tree_but_for_constants()
    {
        // Few names and short texts, so that shapes are met again.
        var trees = new Dictionary<Shape, (string Text, string Print)>();
        var met = 0;
        for (var i = 0; i < Statements; i++)
        {
            var text = new RandomStatements(i % 500, i, i).Statement();
            var shape = ShapeOf(text);
            var print = await FingerprintAsync(text);
            if (!trees.TryAdd(shape, (text, print)))
            {
                met++;
                Assert.Equal((text, trees[shape].Text, trees[shape].Print), (text, trees[shape].Text, print));
            }
        }

        Assert.InRange(met, 100, Statements);
    }

    [Fact]
    public void Other_constants_have_the_same_shape_and_other_names_another_one()
    {
        for (var i = 0; i < Statements; i++)
        {
            var text = new RandomStatements(i, i, i).Plain();
            var other = new RandomStatements(i, i + 1, i + 2).Plain();

            Assert.True(ShapeOf(text) == ShapeOf(other), $"{text}\n{other}");
            Assert.NotEqual(ShapeOf(text), ShapeOf(text + " AND another_name"));
            Assert.NotEqual(
                ShapeOf($"SELECT one FROM ({text}) q"), ShapeOf($"SELECT two FROM ({text}) q"));
        }
    }

    [Fact]
    public void Bytes_by_chance_are_taken_or_refused()
    {
        var random = new Random(2);
        var bytes = new byte[200];
        for (var i = 0; i < 20_000; i++)
        {
            random.NextBytes(bytes);
            var fault = _shapes.TryRead(bytes.AsSpan(0, i % bytes.Length), out var shape);

            Assert.Equal(fault is null, shape != default);
        }
    }

    /// <summary>
    /// The server goes on with a string behind a comment and a new line. libpg_query 15-4.0.0 takes the comment for a
    /// token, and so refuses the text.
    /// </summary>
    [GeneratedRegex(@"'\s*--[^\n\r]*[\n\r]\s*(--[^\n\r]*[\n\r]\s*)*'")]
    private static partial Regex ContinuesBehindComment();

    private static string Broken(Random random, string text)
    {
        for (var i = random.Next(1, 5); i > 0; i--)
        {
            var at = random.Next(text.Length);
            var cut = Math.Min(random.Next(3), text.Length - at);
            text = text[..at] + s_pieces[random.Next(s_pieces.Length)] + text[(at + cut)..];
        }

        return text;
    }

    private static (IReadOnlyList<(int Start, int End)>? Tokens, SqlFault? Fault) Scan(string text)
    {
        var lexer = new SqlLexer(Encoding.UTF8.GetBytes(text));
        var tokens = new List<(int Start, int End)>();
        while (lexer.TryRead(out var token))
        {
            tokens.Add((token.Start, token.End));
        }

        return (lexer.Fault is null ? tokens : null, lexer.Fault);
    }

    /// <summary>
    /// Where tokens begin; the next one shows where each ends. libpg_query 15-4.0.0 counts the ends of U&amp; wrongly.
    /// </summary>
    private static string Starts(string text, IEnumerable<(int Start, int End)>? tokens) =>
        $"{text}: {string.Join(' ', (tokens ?? []).Select(token => token.Start))}";

    private async Task<string?> ServersTokensAsync(string text) =>
        await fixture.AskAsync(PgQueryVerb.Scan, text) switch
        {
            PgQueryAnswer.Done done => Starts(text, ScanAnswer.Read(done.Content)),
            PgQueryAnswer.Wrong => null,
            var other => throw new InvalidOperationException($"{other} for {text}"),
        };

    private async Task<string> FingerprintAsync(string text) =>
        await fixture.AskAsync(PgQueryVerb.Fingerprint, text) is PgQueryAnswer.Done done
            ? Encoding.UTF8.GetString(done.Content)
            : throw new InvalidOperationException(text);

    private Shape ShapeOf(string text)
    {
        Assert.Null(_shapes.TryRead(Encoding.UTF8.GetBytes(text), out var shape));
        return shape;
    }
}
