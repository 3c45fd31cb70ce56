using System.Text;
using Countersign.Gates.Postgres.Parsing;

namespace Countersign.Gates.Postgres.Preview;

/// <summary>
/// Which rows of its target an UPDATE or DELETE would find, as the rest of a query: <c>FROM orders o, customers c WHERE
/// …</c>. It is cut out of the statement's own text by its tokens; what cannot be cut has no exact count.
/// </summary>
/// <param name="With">The common table expressions in front, or nothing.</param>
/// <param name="From">From FROM on.</param>
/// <param name="Target">How the target is called in it.</param>
internal sealed record Matching(string With, string From, string Target)
{
    /// <summary>How many rows of the target; a row that several others match counts once.</summary>
    public string Count => $"{With}SELECT count(DISTINCT {Target}.ctid) {From}";

    /// <summary>Columns of those rows.</summary>
    public string Select(IEnumerable<string> columns) =>
        $"{With}SELECT {string.Join(", ", columns.Select(column => $"{Target}.{column}"))} {From}";

    /// <summary>Nothing when the statement is another one, or has a form that this does not know.</summary>
    public static Matching? In(string text, PostgresLimits limits)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var scan = new SqlScan(limits);
        return scan.Read(bytes) is null && scan.Statements is [var statement]
            ? Find(new StatementTokens(bytes, scan, statement))
            : null;
    }

    private static Matching? Find(StatementTokens tokens)
    {
        var verb = tokens.FindVerb("DELETE", "UPDATE");
        if (verb < 0)
        {
            return null;
        }

        var isDelete = tokens.Is(verb, "DELETE");
        var at = isDelete && tokens.Is(verb + 1, "FROM") ? verb + 2 : verb + 1;
        var target = ReadTarget(tokens, ref at, isDelete);
        if (target is not var (relation, name) || relation.Length == 0)
        {
            return null;
        }

        var others = tokens.FindWord(at, isDelete ? "USING" : "FROM");
        var where = tokens.FindWord(at, "WHERE");
        var end = tokens.FindWord(at, "RETURNING");
        if (where >= 0 && tokens.Is(where + 1, "CURRENT"))
        {
            return null;
        }

        var from = new StringBuilder("FROM ").Append(relation);
        if (others >= 0)
        {
            from.Append(", ").Append(tokens.Text(others + 1, where >= 0 ? where : end));
        }

        if (where >= 0)
        {
            from.Append(' ').Append(tokens.Text(where, end));
        }

        return new Matching(verb > 0 ? tokens.Text(0, verb) + " " : "", from.ToString(), name);
    }

    /// <summary><c>[ONLY] name [*] [[AS] alias]</c>.</summary>
    private static (string Relation, string Name)? ReadTarget(StatementTokens tokens, ref int at, bool isDelete)
    {
        var start = at;
        at += tokens.Is(at, "ONLY") ? 1 : 0;
        var last = at;
        while (tokens.IsName(at) && tokens.KindAt(at + 1) == TokenKind.Dot)
        {
            at += 2;
            last = at;
        }

        if (!tokens.IsName(at))
        {
            return null;
        }

        at++;
        at += tokens.KindAt(at) == TokenKind.Operator && tokens.Text(at, at + 1) == "*" ? 1 : 0;
        var hasAs = tokens.Is(at, "AS");
        var alias = at + (hasAs ? 1 : 0);
        var hasAlias = tokens.IsName(alias) && (hasAs || !IsClause(tokens, alias, isDelete));
        at = hasAlias ? alias + 1 : at;
        return (
            tokens.Text(start, at), tokens.Text(hasAlias ? alias : last, (hasAlias ? alias : last) + 1));
    }

    private static bool IsClause(StatementTokens tokens, int i, bool isDelete) =>
        tokens.Is(i, "WHERE") || tokens.Is(i, "RETURNING") || (isDelete ? tokens.Is(i, "USING") : tokens.Is(i, "SET"));
}
