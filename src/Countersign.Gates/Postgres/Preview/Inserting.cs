using System.Text;
using Countersign.Gates.Postgres.Parsing;

namespace Countersign.Gates.Postgres.Preview;

/// <summary>
/// The rows that an INSERT would add: those that stand in its VALUES, or those that its query returns. It is cut out of
/// the statement's own text by its tokens, like <see cref="Matching"/>.
/// </summary>
/// <param name="Rows">How many, when the text says so.</param>
/// <param name="Query">A query that counts them otherwise.</param>
/// <param name="MayBeFewer">Whether rows that are there already are left out or changed instead.</param>
internal sealed record Inserting(long? Rows, string Query, bool MayBeFewer)
{
    /// <summary>Nothing when the statement is another one, or has a form that this does not know.</summary>
    public static Inserting? In(string text, PostgresLimits limits)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var scan = new SqlScan(limits);
        return scan.Read(bytes) is null && scan.Statements is [var statement]
            ? Find(new StatementTokens(bytes, scan, statement))
            : null;
    }

    private static Inserting? Find(StatementTokens tokens)
    {
        var verb = tokens.FindVerb("INSERT");
        if (verb < 0 || !tokens.Is(verb + 1, "INTO"))
        {
            return null;
        }

        var body = BodyAt(tokens, verb + 2);
        var conflict = tokens.FindWord(body, "CONFLICT");
        var end = conflict > body ? conflict - 1 : tokens.FindWord(body, "RETURNING");
        if (body >= tokens.Count || end == body)
        {
            return null;
        }

        var with = verb > 0 ? tokens.Text(0, verb) + " " : "";
        var query = $"{with}SELECT count(*) FROM ({tokens.Text(body, end)}) AS countersign_rows";
        return new Inserting(RowsAt(tokens, body, end >= 0 ? end : tokens.Count), query, conflict > body);
    }

    /// <summary>Behind <c>name [AS alias] [(columns)] [OVERRIDING … VALUE]</c>.</summary>
    private static int BodyAt(StatementTokens tokens, int name)
    {
        var at = name;
        while (tokens.IsName(at) && tokens.KindAt(at + 1) == TokenKind.Dot)
        {
            at += 2;
        }

        at++;
        at += tokens.Is(at, "AS") ? 2 : 0;
        if (tokens.KindAt(at) == TokenKind.Open && !BeginsQuery(tokens, at + 1))
        {
            at = tokens.Next(at);
        }

        return at + (tokens.Is(at, "OVERRIDING") ? 3 : 0);
    }

    private static bool BeginsQuery(StatementTokens tokens, int at) =>
        tokens.KindAt(at) == TokenKind.Open
        || tokens.Is(at, "SELECT") || tokens.Is(at, "WITH") || tokens.Is(at, "VALUES") || tokens.Is(at, "TABLE");

    /// <summary>One for each bracket of VALUES; nothing when more than brackets follows it.</summary>
    private static long? RowsAt(StatementTokens tokens, int body, int end)
    {
        if (tokens.Is(body, "DEFAULT"))
        {
            return 1;
        }

        if (!tokens.Is(body, "VALUES"))
        {
            return null;
        }

        var rows = 0L;
        for (var at = body + 1; tokens.KindAt(at) == TokenKind.Open; at++)
        {
            rows++;
            at = tokens.Next(at);
            if (at >= end)
            {
                return rows;
            }

            if (tokens.KindAt(at) != TokenKind.Comma)
            {
                return null;
            }
        }

        return null;
    }
}
