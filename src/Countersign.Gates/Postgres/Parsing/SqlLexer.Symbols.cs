using System.Buffers;

namespace Countersign.Gates.Postgres.Parsing;

/// <summary>Numbers, parameters and operators.</summary>
internal ref partial struct SqlLexer
{
    /// <summary>NAMEDATALEN: an operator has at most one byte less.</summary>
    private const int LongestOperator = 63;

    private static readonly SearchValues<byte> s_operators = SearchValues.Create("~!@#^&|`?+-*/%<>="u8);

    /// <summary>An operator with one of these may end in + or -; SQL's own operators may not.</summary>
    private static readonly SearchValues<byte> s_unusual = SearchValues.Create("~!@#^&|`?%"u8);

    private static bool IsOperator(byte letter) => s_operators.Contains(letter);

    /// <summary>What could be a name right behind a number is an error in 15, and was a name before.</summary>
    private TokenKind ReadNumber()
    {
        var kind = TokenKind.Integer;
        var end = EndOfDigits(_at);
        // Two points are a range, whatever is before them.
        if (end < _text.Length && _text[end] is (byte)'.' && !(end + 1 < _text.Length && _text[end + 1] is (byte)'.'))
        {
            kind = TokenKind.Number;
            end = EndOfDigits(end + 1);
        }

        return ReadExponent(end, kind);
    }

    private TokenKind ReadExponent(int end, TokenKind kind)
    {
        if (end < _text.Length && _text[end] is (byte)'e' or (byte)'E')
        {
            var digits = end + 1 < _text.Length && _text[end + 1] is (byte)'+' or (byte)'-' ? end + 2 : end + 1;
            var last = EndOfDigits(digits);
            if (last == digits)
            {
                return Fail("trailing junk after numeric literal", _at, digits);
            }

            (end, kind) = (last, TokenKind.Number);
        }

        return end < _text.Length && StartsName(_text[end])
            ? Fail("trailing junk after numeric literal", _at, end + 1)
            : Take(end - _at, kind);
    }

    private TokenKind ReadParameter()
    {
        var end = EndOfDigits(_at + 1);
        return end < _text.Length && StartsName(_text[end])
            ? Fail("trailing junk after parameter", _at, end + 1)
            : Take(end - _at, TokenKind.Parameter);
    }

    private readonly int EndOfDigits(int from)
    {
        while (from < _text.Length && IsDigit(_text[from]))
        {
            from++;
        }

        return from;
    }

    private TokenKind ReadDot()
    {
        if (IsDigit(Peek(1)))
        {
            return ReadExponent(EndOfDigits(_at + 1), TokenKind.Number);
        }

        return Peek(1) is (byte)'.' ? Take(2, TokenKind.Range) : Take(1, TokenKind.Dot);
    }

    private TokenKind ReadColon() => Peek(1) switch
    {
        (byte)':' => Take(2, TokenKind.Cast),
        (byte)'=' => Take(2, TokenKind.Assign),
        _ => Take(1, TokenKind.Colon),
    };

    /// <summary>
    /// The longest run of operator characters, less a comment that starts in it, less + and - at its end unless the
    /// operator has a character that SQL's own have not: <c>*-1</c> is a product and <c>@-1</c> an operator <c>@-</c>.
    /// </summary>
    private TokenKind ReadOperator()
    {
        var rest = _text[_at..];
        var length = rest.IndexOfAnyExcept(s_operators);
        length = length < 0 ? rest.Length : length;
        for (var i = 1; i + 1 < length; i++)
        {
            if ((rest[i], rest[i + 1]) is ((byte)'/', (byte)'*') or ((byte)'-', (byte)'-'))
            {
                length = i;
            }
        }

        while (length > 1
            && rest[length - 1] is (byte)'+' or (byte)'-'
            && rest[..(length - 1)].IndexOfAny(s_unusual) < 0)
        {
            length--;
        }

        return length > LongestOperator
            ? Fail("operator too long", _at, _at + length)
            : Take(length, TokenKind.Operator);
    }
}
