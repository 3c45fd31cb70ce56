using System.Buffers;

namespace Countersign.Gates.Postgres.Parsing;

/// <summary>
/// The tokens of a text as PostgreSQL 15's own scanner cuts it, with <c>standard_conforming_strings = on</c> and UTF-8,
/// which this gate pins. It checks where a token ends, and not what a constant in it means: the server does that.
/// </summary>
internal ref partial struct SqlLexer(ReadOnlySpan<byte> text)
{
    // Form feed is space for PostgreSQL 15, vertical tab is not.
    private static readonly SearchValues<byte> s_space = SearchValues.Create(" \t\n\r\f"u8);
    private static readonly SearchValues<byte> s_lineEnds = SearchValues.Create("\n\r"u8);

    private readonly ReadOnlySpan<byte> _text = text;
    private int _at = 0;

    /// <summary>Why there are no more tokens, unless the text is at its end.</summary>
    public SqlFault? Fault { get; private set; }

    public bool TryRead(out SqlToken token)
    {
        SkipSpace();
        if (Fault is not null || _at == _text.Length)
        {
            token = default;
            return false;
        }

        var start = _at;
        var kind = Read(_text[_at]);
        token = new SqlToken(kind, start, _at - start);
        return Fault is null;
    }

    private static bool IsDigit(byte letter) => letter is >= (byte)'0' and <= (byte)'9';

    /// <summary>Every byte beyond ASCII may be part of a name, even of a space that only Unicode knows.</summary>
    private static bool StartsName(byte letter) =>
        (uint)((letter | 0x20) - 'a') <= 'z' - 'a' || letter is (byte)'_' or >= 0x80;

    private static bool ContinuesName(byte letter) => StartsName(letter) || IsDigit(letter) || letter is (byte)'$';

    private readonly byte Peek(int ahead) => _at + ahead < _text.Length ? _text[_at + ahead] : (byte)0;

    private TokenKind Read(byte first) => first switch
    {
        (byte)'\'' => ReadQuoted(TokenKind.String, 1),
        (byte)'"' => ReadQuotedName(TokenKind.QuotedName, 1),
        (byte)'$' => ReadDollar(),
        (byte)'.' => ReadDot(),
        (byte)':' => ReadColon(),
        (byte)'(' => Take(1, TokenKind.Open),
        (byte)')' => Take(1, TokenKind.Close),
        (byte)'[' => Take(1, TokenKind.OpenBracket),
        (byte)']' => Take(1, TokenKind.CloseBracket),
        (byte)',' => Take(1, TokenKind.Comma),
        (byte)';' => Take(1, TokenKind.Semicolon),
        _ when IsDigit(first) => ReadNumber(),
        _ when StartsName(first) => ReadWord(first),
        _ when IsOperator(first) => ReadOperator(),
        _ => Fail("syntax error", _at, _at + 1),
    };

    private TokenKind Take(int length, TokenKind kind)
    {
        _at += length;
        return kind;
    }

    private TokenKind Fail(string what, int start, int end)
    {
        Fault ??= SqlFault.Syntax(what, _text, start, end);
        return TokenKind.None;
    }

    /// <summary>A letter before a quote belongs to the constant: <c>e'…'</c> is one token, <c>e '…'</c> two.</summary>
    private TokenKind ReadWord(byte first)
    {
        var next = Peek(1);
        if (next is (byte)'\'')
        {
            switch (Words.Folded(first))
            {
                case (byte)'e': return ReadEscaped();
                case (byte)'b': return ReadBits(TokenKind.BitString);
                case (byte)'x': return ReadBits(TokenKind.HexString);
                case (byte)'n': return Take(1, TokenKind.NationalPrefix);
                default: break;
            }
        }

        if (next is (byte)'&' && Words.Folded(first) is (byte)'u' && Peek(2) is (byte)'\'' or (byte)'"')
        {
            return Peek(2) is (byte)'"'
                ? ReadQuotedName(TokenKind.UnicodeName, 3)
                : ReadQuoted(TokenKind.UnicodeString, 3);
        }

        var end = _at + 1;
        while (end < _text.Length && ContinuesName(_text[end]))
        {
            end++;
        }

        return Take(end - _at, TokenKind.Word);
    }

    private void SkipSpace()
    {
        while (_at < _text.Length && Fault is null)
        {
            var here = _text[_at];
            if (s_space.Contains(here))
            {
                _at++;
            }
            else if (here is (byte)'-' && Peek(1) is (byte)'-')
            {
                _at = EndOfLine(_at);
            }
            else if (here is (byte)'/' && Peek(1) is (byte)'*')
            {
                SkipComment();
            }
            else
            {
                return;
            }
        }
    }

    private readonly int EndOfLine(int from)
    {
        var length = _text[from..].IndexOfAny(s_lineEnds);
        return length < 0 ? _text.Length : from + length;
    }

    /// <summary>Comments nest.</summary>
    private void SkipComment()
    {
        var (start, depth) = (_at, 0);
        do
        {
            var next = _text[_at..].IndexOfAny((byte)'/', (byte)'*');
            if (next < 0)
            {
                Fail("unterminated /* comment", start, _text.Length);
                return;
            }

            _at += next;
            var change = (_text[_at], Peek(1)) switch
            {
                ((byte)'/', (byte)'*') => 1,
                ((byte)'*', (byte)'/') => -1,
                _ => 0,
            };
            depth += change;
            _at += change == 0 ? 1 : 2;
        }
        while (depth > 0);
    }
}
