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
            ? new Cut(bytes, scan, statement).Find()
            : null;
    }

    /// <summary>Goes over the tokens of one statement that stand in no brackets.</summary>
    private readonly ref struct Cut(byte[] text, SqlScan scan, StatementRange statement)
    {
        private readonly ReadOnlySpan<SqlToken> _tokens = scan.Tokens.Slice(statement.First, statement.Count);
        private readonly int _first = statement.First;

        public Matching? Find()
        {
            var verb = FindVerb();
            if (verb < 0)
            {
                return null;
            }

            var isDelete = Is(verb, "DELETE");
            var at = isDelete && Is(verb + 1, "FROM") ? verb + 2 : verb + 1;
            var target = ReadTarget(ref at, isDelete);
            if (target is not var (relation, name) || relation.Length == 0)
            {
                return null;
            }

            var others = FindWord(at, isDelete ? "USING" : "FROM");
            var where = FindWord(at, "WHERE");
            var end = FindWord(at, "RETURNING");
            if (Is(where + 1, "CURRENT") && where >= 0)
            {
                return null;
            }

            var from = new StringBuilder("FROM ").Append(relation);
            if (others >= 0)
            {
                from.Append(", ").Append(Text(others + 1, where >= 0 ? where : end));
            }

            if (where >= 0)
            {
                from.Append(' ').Append(Text(where, end));
            }

            return new Matching(verb > 0 ? Text(0, verb) + " " : "", from.ToString(), name);
        }

        /// <summary>The verb stands first, or behind the common table expressions.</summary>
        private int FindVerb()
        {
            for (var i = 0; i < _tokens.Length; i = Next(i))
            {
                if (Is(i, "DELETE") || Is(i, "UPDATE"))
                {
                    return i;
                }

                if (i == 0 && !Is(i, "WITH"))
                {
                    return -1;
                }
            }

            return -1;
        }

        /// <summary><c>[ONLY] name [*] [[AS] alias]</c>.</summary>
        private (string Relation, string Name)? ReadTarget(ref int at, bool isDelete)
        {
            var start = at;
            at += Is(at, "ONLY") ? 1 : 0;
            var last = at;
            while (IsName(at) && KindAt(at + 1) == TokenKind.Dot)
            {
                at += 2;
                last = at;
            }

            if (!IsName(at))
            {
                return null;
            }

            at++;
            at += KindAt(at) == TokenKind.Operator && Text(at, at + 1) == "*" ? 1 : 0;
            var hasAs = Is(at, "AS");
            var alias = at + (hasAs ? 1 : 0);
            var hasAlias = IsName(alias) && (hasAs || !IsClause(alias, isDelete));
            at = hasAlias ? alias + 1 : at;
            return (Text(start, at), Text(hasAlias ? alias : last, (hasAlias ? alias : last) + 1));
        }

        private bool IsClause(int i, bool isDelete) =>
            Is(i, "WHERE") || Is(i, "RETURNING") || (isDelete ? Is(i, "USING") : Is(i, "SET"));

        private bool IsName(int i) => KindAt(i) is TokenKind.Word or TokenKind.QuotedName or TokenKind.UnicodeName;

        private TokenKind KindAt(int i) => i >= 0 && i < _tokens.Length ? _tokens[i].Kind : TokenKind.None;

        private int FindWord(int from, string word)
        {
            for (var i = from; i < _tokens.Length; i = Next(i))
            {
                // IS DISTINCT FROM compares, and begins no clause.
                if (Is(i, word) && !Is(i - 1, "DISTINCT"))
                {
                    return i;
                }
            }

            return -1;
        }

        /// <summary>Over what stands in brackets.</summary>
        private int Next(int i) => _tokens[i].Kind is TokenKind.Open or TokenKind.OpenBracket && _tokens[i].Partner > 0
            ? _tokens[i].Partner - _first + 1
            : i + 1;

        private bool Is(int i, string word) =>
            KindAt(i) == TokenKind.Word
            && _tokens[i].Length == word.Length
            && Text(i, i + 1).Equals(word, StringComparison.OrdinalIgnoreCase);

        /// <summary>Tokens from one up to another, or to the end.</summary>
        private string Text(int from, int to)
        {
            var start = _tokens[from].Start;
            var end = to >= 0 && to <= _tokens.Length ? _tokens[to - 1].End : _tokens[^1].End;
            return Encoding.UTF8.GetString(text.AsSpan(start, end - start));
        }
    }
}
