using System.Buffers;

namespace Countersign.Core.Policies.Cel.Parsing;

/// <summary>Splits a source text into tokens; a malformed token comes out as <see cref="TokenKind.Invalid"/>.</summary>
internal sealed class Lexer(string source)
{
    private static readonly SearchValues<char> NumberSuffixes = SearchValues.Create("uU");

    private static readonly string[] Symbols =
    [
        "&&", "||", "==", "!=", "<=", ">=", "<", ">", "+", "-", "*", "/", "%", "!", "?", ":", "(", ")", "[", "]", "{",
        "}", ",", ".",
    ];

    private int _position;

    public Token Next()
    {
        SkipBlanks();
        var start = _position;
        if (start >= source.Length)
        {
            return new Token(TokenKind.End, start, "");
        }

        var c = source[start];
        if (StringReader.TryOpen(source, start, out var opening))
        {
            var reader = new StringReader(source, opening);
            var token = reader.Read(start);
            _position = reader.Position;
            return token;
        }

        if (Words.IsStart(c))
        {
            return new Token(TokenKind.Identifier, start, TakeWhile(Words.IsPart));
        }

        if (char.IsAsciiDigit(c) || (c == '.' && char.IsAsciiDigit(Peek(1))))
        {
            return ReadNumber(start);
        }

        return c == '`' ? ReadQuoted(start) : ReadSymbol(start);
    }

    private void SkipBlanks()
    {
        while (_position < source.Length)
        {
            if (Peek(0) is ' ' or '\t' or '\n' or '\r' or '\f')
            {
                _position++;
            }
            else if (Peek(0) == '/' && Peek(1) == '/')
            {
                var end = source.IndexOf('\n', _position);
                _position = end < 0 ? source.Length : end;
            }
            else
            {
                return;
            }
        }
    }

    private Token ReadNumber(int start)
    {
        var kind = TokenKind.Int;
        if (Peek(0) == '0' && Peek(1) is 'x' or 'X' && char.IsAsciiHexDigit(Peek(2)))
        {
            _position += 2;
            TakeWhile(char.IsAsciiHexDigit);
        }
        else
        {
            kind = ReadDecimal();
        }

        var digits = source[start.._position];
        if (kind == TokenKind.Int && NumberSuffixes.Contains(Peek(0)))
        {
            _position++;
            kind = TokenKind.Uint;
        }

        return Words.IsPart(Peek(0))
            ? new Token(TokenKind.Invalid, start, $"'{digits}{Peek(0)}' is no number")
            : new Token(kind, start, digits);
    }

    private TokenKind ReadDecimal()
    {
        var kind = TokenKind.Int;
        TakeWhile(char.IsAsciiDigit);
        if (Peek(0) == '.' && char.IsAsciiDigit(Peek(1)))
        {
            kind = TokenKind.Double;
            _position++;
            TakeWhile(char.IsAsciiDigit);
        }

        var signed = Peek(1) is '+' or '-';
        if (Peek(0) is 'e' or 'E' && char.IsAsciiDigit(Peek(signed ? 2 : 1)))
        {
            kind = TokenKind.Double;
            _position += signed ? 2 : 1;
            TakeWhile(char.IsAsciiDigit);
        }

        return kind;
    }

    private Token ReadQuoted(int start)
    {
        _position++;
        var name = TakeWhile(static c => Words.IsPart(c) || c is '.' or '-' or '/' or ' ');
        if (name.Length == 0 || Peek(0) != '`')
        {
            return new Token(
                TokenKind.Invalid,
                start,
                "a quoted member holds letters, digits, '_', '.', '-', '/' and ends with '`'");
        }

        _position++;
        return new Token(TokenKind.QuotedIdentifier, start, name);
    }

    private Token ReadSymbol(int start)
    {
        foreach (var symbol in Symbols)
        {
            if (string.CompareOrdinal(source, start, symbol, 0, symbol.Length) == 0)
            {
                _position += symbol.Length;
                return new Token(TokenKind.Symbol, start, symbol);
            }
        }

        _position++;
        return new Token(TokenKind.Invalid, start, $"the character '{source[start]}' has no meaning here");
    }

    private string TakeWhile(Func<char, bool> accepts)
    {
        var start = _position;
        while (_position < source.Length && accepts(source[_position]))
        {
            _position++;
        }

        return source[start.._position];
    }

    private char Peek(int ahead) => _position + ahead < source.Length ? source[_position + ahead] : '\0';
}
