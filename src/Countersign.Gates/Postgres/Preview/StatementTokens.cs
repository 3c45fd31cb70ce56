using System.Text;
using Countersign.Gates.Postgres.Parsing;

namespace Countersign.Gates.Postgres.Preview;

/// <summary>Goes over the tokens of one statement that stand in no brackets.</summary>
internal readonly ref struct StatementTokens(byte[] text, SqlScan scan, StatementRange statement)
{
    private readonly ReadOnlySpan<SqlToken> _tokens = scan.Tokens.Slice(statement.First, statement.Count);
    private readonly int _first = statement.First;

    public int Count => _tokens.Length;

    /// <summary>Its verb, if it is one of these: it stands first, or behind the common table expressions.</summary>
    public int FindVerb(params ReadOnlySpan<string> verbs)
    {
        for (var i = 0; i < _tokens.Length; i = Next(i))
        {
            foreach (var verb in verbs)
            {
                if (Is(i, verb))
                {
                    return i;
                }
            }

            if (i == 0 && !Is(i, "WITH"))
            {
                return -1;
            }
        }

        return -1;
    }

    public int FindWord(int from, string word)
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
    public int Next(int i) => _tokens[i].Kind is TokenKind.Open or TokenKind.OpenBracket && _tokens[i].Partner > 0
        ? _tokens[i].Partner - _first + 1
        : i + 1;

    public bool Is(int i, string word) =>
        KindAt(i) == TokenKind.Word
        && _tokens[i].Length == word.Length
        && Text(i, i + 1).Equals(word, StringComparison.OrdinalIgnoreCase);

    public bool IsName(int i) => KindAt(i) is TokenKind.Word or TokenKind.QuotedName or TokenKind.UnicodeName;

    public TokenKind KindAt(int i) => i >= 0 && i < _tokens.Length ? _tokens[i].Kind : TokenKind.None;

    /// <summary>Tokens from one up to another, or to the end.</summary>
    public string Text(int from, int to)
    {
        var start = _tokens[from].Start;
        var end = to >= 0 && to <= _tokens.Length ? _tokens[to - 1].End : _tokens[^1].End;
        return Encoding.UTF8.GetString(text.AsSpan(start, end - start));
    }
}
