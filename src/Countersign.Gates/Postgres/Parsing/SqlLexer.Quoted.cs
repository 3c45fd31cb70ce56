namespace Countersign.Gates.Postgres.Parsing;

/// <summary>Constants and names in quotes.</summary>
internal ref partial struct SqlLexer
{
    private const byte Quote = (byte)'\'';
    private const byte Backslash = (byte)'\\';

    /// <summary>
    /// <c>'…'</c> without escapes: a doubled quote stands for itself, and the string may go on after a line.
    /// </summary>
    private TokenKind ReadQuoted(TokenKind kind, int prefix)
    {
        var (start, at) = (_at, _at + prefix);
        do
        {
            while (true)
            {
                var length = _text[at..].IndexOf(Quote);
                if (length < 0)
                {
                    return Fail("unterminated quoted string", start, _text.Length);
                }

                at += length + 1;
                if (at == _text.Length || _text[at] != Quote)
                {
                    break;
                }

                at++;
            }
        }
        while (Continues(ref at));
        _at = at;
        return kind;
    }

    /// <summary><c>E'…'</c>: a backslash takes the next byte along, be it a quote.</summary>
    private TokenKind ReadEscaped()
    {
        var (start, at) = (_at, _at + 2);
        do
        {
            while (true)
            {
                var length = _text[at..].IndexOfAny(Quote, Backslash);
                if (length < 0 || (_text[at + length] == Backslash && at + length + 1 == _text.Length))
                {
                    return Fail("unterminated quoted string", start, _text.Length);
                }

                at += length + 1;
                var isEscape = _text[at - 1] == Backslash;
                if (!isEscape && (at == _text.Length || _text[at] != Quote))
                {
                    break;
                }

                at++;
            }
        }
        while (Continues(ref at));
        _at = at;
        return TokenKind.EscapeString;
    }

    /// <summary>In <c>B'…'</c> and <c>X'…'</c> a doubled quote is an end and a beginning.</summary>
    private TokenKind ReadBits(TokenKind kind)
    {
        var (start, at) = (_at, _at + 2);
        do
        {
            var length = _text[at..].IndexOf(Quote);
            if (length < 0)
            {
                return Fail(
                    kind == TokenKind.BitString
                        ? "unterminated bit string literal"
                        : "unterminated hexadecimal string literal",
                    start,
                    _text.Length);
            }

            at += length + 1;
        }
        while (Continues(ref at));
        _at = at;
        return kind;
    }

    /// <summary>
    /// SQL glues two strings together that only space with a line end in it separates. Comments of one line count as
    /// space there, those between <c>/*</c> and <c>*/</c> do not.
    /// </summary>
    /// <param name="at">Behind the closing quote; then behind the next opening one.</param>
    private readonly bool Continues(ref int at)
    {
        var (next, hasLine) = (at, false);
        while (next < _text.Length)
        {
            var here = _text[next];
            if (s_space.Contains(here))
            {
                hasLine |= s_lineEnds.Contains(here);
                next++;
            }
            else if (here is (byte)'-' && next + 1 < _text.Length && _text[next + 1] is (byte)'-')
            {
                next = EndOfLine(next);
            }
            else
            {
                break;
            }
        }

        if (!hasLine || next == _text.Length || _text[next] != Quote)
        {
            return false;
        }

        at = next + 1;
        return true;
    }

    private TokenKind ReadQuotedName(TokenKind kind, int prefix)
    {
        var (start, at) = (_at, _at + prefix);
        while (true)
        {
            var length = _text[at..].IndexOf((byte)'"');
            if (length < 0)
            {
                return Fail("unterminated quoted identifier", start, _text.Length);
            }

            at += length + 1;
            if (at == _text.Length || _text[at] is not (byte)'"')
            {
                break;
            }

            at++;
        }

        if (at - start == prefix + 1)
        {
            return Fail("zero-length delimited identifier", start, at);
        }

        _at = at;
        return kind;
    }

    /// <summary><c>$1</c>, <c>$$…$$</c> or <c>$tag$…$tag$</c>; nothing inside of those means anything.</summary>
    private TokenKind ReadDollar()
    {
        var start = _at;
        var end = start + 1;
        if (end < _text.Length && IsDigit(_text[end]))
        {
            return ReadParameter();
        }

        while (end < _text.Length && (StartsName(_text[end]) || (IsDigit(_text[end]) && end > start + 1)))
        {
            end++;
        }

        if (end == _text.Length || _text[end] is not (byte)'$')
        {
            return Fail("syntax error", start, start + 1);
        }

        var tag = _text[start..(end + 1)];
        var length = _text[(end + 1)..].IndexOf(tag);
        return length < 0
            ? Fail("unterminated dollar-quoted string", start, _text.Length)
            : Take(tag.Length + length + tag.Length, TokenKind.String);
    }
}
