using System.Text;

namespace Countersign.Core.Policies.Cel.Parsing;

/// <summary>Where the content of a string or bytes literal starts and how it is to be read.</summary>
internal readonly record struct StringOpening(int Content, string Quote, bool IsRaw, bool IsBytes);

/// <summary>Reads one string or bytes literal (langdef, "String and Bytes Values").</summary>
internal sealed class StringReader(string source, StringOpening opening)
{
    private readonly StringBuilder _text = new();
    private readonly List<byte> _octets = [];
    private string? _fault;

    public int Position { get; private set; } = opening.Content;

    public static bool TryOpen(string source, int start, out StringOpening opening)
    {
        var position = start;
        var isBytes = CharAt(source, position) is 'b' or 'B';
        position += isBytes ? 1 : 0;
        var isRaw = CharAt(source, position) is 'r' or 'R';
        position += isRaw ? 1 : 0;
        var quote = CharAt(source, position);
        if (quote is not ('"' or '\''))
        {
            opening = default;
            return false;
        }

        var isTriple = CharAt(source, position + 1) == quote && CharAt(source, position + 2) == quote;
        var mark = new string(quote, isTriple ? 3 : 1);
        opening = new StringOpening(position + mark.Length, mark, isRaw, isBytes);
        return true;
    }

    public Token Read(int start)
    {
        while (!Closes())
        {
            var c = CharAt(source, Position);
            if (Position >= source.Length || (opening.Quote.Length == 1 && c is '\n' or '\r'))
            {
                return new Token(TokenKind.Invalid, start, $"the literal is not closed; end it with {opening.Quote}");
            }

            var at = Position;
            if (c == '\\' && !opening.IsRaw)
            {
                ReadEscape();
            }
            else
            {
                ReadCharacter();
            }

            if (_fault is not null)
            {
                return new Token(TokenKind.Invalid, at, _fault);
            }
        }

        Position += opening.Quote.Length;
        return opening.IsBytes
            ? new Token(TokenKind.Bytes, start, "", [.. _octets])
            : new Token(TokenKind.String, start, _text.ToString());
    }

    private bool Closes() =>
        string.CompareOrdinal(source, Position, opening.Quote, 0, opening.Quote.Length) == 0;

    private void ReadCharacter()
    {
        if (Rune.TryGetRuneAt(source, Position, out var rune))
        {
            Append(rune.Value);
            Position += rune.Utf16SequenceLength;
        }
        else
        {
            _fault = "the literal holds a lone surrogate";
        }
    }

    private void ReadEscape()
    {
        var c = CharAt(source, Position + 1);
        var simple = "abfnrtv\\?\"'`".IndexOf(c);
        if (simple >= 0 && c != '\0')
        {
            Append("\a\b\f\n\r\t\v\\?\"'`"[simple]);
            Position += 2;
            return;
        }

        switch (c)
        {
            case 'x' or 'X':
                ReadCode(skip: 2, digits: 2, radix: 16, isOctet: true);
                break;
            case 'u' when !opening.IsBytes:
                ReadCode(skip: 2, digits: 4, radix: 16, isOctet: false);
                break;
            case 'U' when !opening.IsBytes:
                ReadCode(skip: 2, digits: 8, radix: 16, isOctet: false);
                break;
            case >= '0' and <= '3':
                ReadCode(skip: 1, digits: 3, radix: 8, isOctet: true);
                break;
            default:
                _fault = $"'\\{c}' is no escape sequence; write '\\\\' for a backslash";
                break;
        }
    }

    private void ReadCode(int skip, int digits, int radix, bool isOctet)
    {
        long code = 0;
        for (var i = 0; i < digits; i++)
        {
            var c = CharAt(source, Position + skip + i);
            var digit = char.IsAsciiHexDigit(c) ? Convert.ToInt32(c.ToString(), 16) : radix;
            if (digit >= radix)
            {
                _fault = $"an escape sequence needs {digits} digits here";
                return;
            }

            code = (code * radix) + digit;
        }

        if (isOctet && opening.IsBytes)
        {
            _octets.Add((byte)code);
        }
        else if (code <= int.MaxValue && Rune.IsValid((int)code))
        {
            Append((int)code);
        }
        else
        {
            _fault = $"U+{code:X} is no character";
        }

        Position += skip + digits;
    }

    private void Append(int codePoint)
    {
        var rune = new Rune(codePoint);
        if (!opening.IsBytes)
        {
            _text.Append(rune.ToString());
            return;
        }

        Span<byte> octets = stackalloc byte[4];
        _octets.AddRange(octets[..rune.EncodeToUtf8(octets)]);
    }

    private static char CharAt(string source, int position) => position < source.Length ? source[position] : '\0';
}
