using System.Buffers.Text;

namespace Countersign.Core.Redaction.Scanning;

/// <summary>
/// Spellings of one character: percent, HTML and backslash escapes, and Unicode's look-alikes of ASCII.
/// </summary>
internal static class Escapes
{
    /// <summary>No spelling that is understood is longer than this.</summary>
    public const int Longest = 12;

    /// <summary>An invisible character: nothing to see.</summary>
    public const int Nothing = -1;

    private static readonly (string Name, char Value)[] Entities =
    [
        ("amp;", '&'), ("lt;", '<'), ("gt;", '>'), ("quot;", '"'), ("apos;", '\''), ("nbsp;", ' '), ("commat;", '@'),
        ("period;", '.'), ("colon;", ':'), ("lowbar;", '_'), ("hyphen;", '-'), ("dash;", '-'), ("sol;", '/'),
        ("equals;", '='), ("plus;", '+'), ("percnt;", '%'), ("shy;", '\0'), ("ZeroWidthSpace;", '\0'),
    ];

    /// <summary>One character at the start of a text, and how many bytes spell it; never fewer than one.</summary>
    public static (int Consumed, int Value) Read(ReadOnlySpan<byte> text) => text[0] switch
    {
        (byte)'%' => Percent(text),
        (byte)'&' => Entity(text),
        (byte)'\\' => Backslash(text),
        _ => LookAlike(text),
    };

    private static (int, int) Percent(ReadOnlySpan<byte> text)
    {
        // %2540 is what escaping twice makes of %40.
        var twice = Bytes.StartsWith(text, 1, "25"u8) ? 2 : 0;
        var value = HexAt(text, 1 + twice, 2);
        return value switch
        {
            < 0 => (1, text[0]),
            ' ' or '\t' or '\r' or '\n' => (3 + twice, Bytes.SoftSpace),
            < 0x80 when Bytes.IsWord((byte)value) || "@.:-_+/=~"u8.Contains((byte)value) => (3 + twice, value),
            // Other characters would end a URL that goes on behind them.
            _ => (1, text[0]),
        };
    }

    private static (int, int) Entity(ReadOnlySpan<byte> text)
    {
        var at = Bytes.StartsWith(text, 1, "amp;"u8) ? 5 : 1;
        if (Bytes.At(text, at) == '#')
        {
            return Numeric(text, at + 1);
        }

        foreach (var (name, value) in Entities)
        {
            if (text.Length > at + name.Length - 1 && text[at] == name[0] && Spells(text[at..], name))
            {
                return (at + name.Length, value == '\0' ? Nothing : value);
            }
        }

        return at == 1 ? (1, text[0]) : (at, '&');
    }

    private static bool Spells(ReadOnlySpan<byte> text, string name)
    {
        for (var i = 0; i < name.Length; i++)
        {
            if (text[i] != name[i])
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>What follows <c>&amp;#</c>: decimal or, behind an x, hexadecimal digits and a semicolon.</summary>
    private static (int, int) Numeric(ReadOnlySpan<byte> text, int at)
    {
        var isHex = Bytes.Lower(Bytes.At(text, at)) == 'x';
        var digits = text[Math.Min(text.Length, isHex ? at + 1 : at)..];
        digits = digits[..Math.Min(digits.Length, 6)];
        var isRead = Utf8Parser.TryParse(digits, out uint value, out var used, isHex ? 'X' : 'D');
        var end = (isHex ? at + 1 : at) + used;
        return isRead && Bytes.At(text, end) == ';' ? (end + 1, Plain((int)value)) : (1, text[0]);
    }

    private static (int, int) Backslash(ReadOnlySpan<byte> text)
    {
        // A text escaped twice has two backslashes before its u.
        var at = Bytes.StartsWith(text, 1, "\\u"u8) ? 2 : 1;
        return Bytes.At(text, at) switch
        {
            (byte)'n' or (byte)'r' => (at + 1, '\n'),
            (byte)'t' => (at + 1, '\t'),
            (byte)'"' => (at + 1, '"'),
            (byte)'/' => (at + 1, '/'),
            (byte)'\\' => (at + 1, '\\'),
            (byte)'x' when HexAt(text, at + 1, 2) is >= 0 and var value => (at + 3, Plain(value)),
            (byte)'u' when Bytes.At(text, at + 1) == '{' => Braced(text, at + 2),
            (byte)'u' when HexAt(text, at + 1, 4) is >= 0 and var value => (at + 5, Plain(value)),
            _ => (1, text[0]),
        };
    }

    private static (int, int) Braced(ReadOnlySpan<byte> text, int at)
    {
        var digits = text[Math.Min(text.Length, at)..];
        digits = digits[..Math.Min(digits.Length, 6)];
        return Utf8Parser.TryParse(digits, out uint value, out var used, 'X') && Bytes.At(text, at + used) == '}'
            ? (at + used + 1, Plain((int)value))
            : (1, text[0]);
    }

    private static int HexAt(ReadOnlySpan<byte> text, int at, int digits)
    {
        var value = 0;
        for (var i = at; i < at + digits; i++)
        {
            var digit = Bytes.At(text, i);
            if (!Bytes.IsHex(digit))
            {
                return -1;
            }

            value = (value << 4) | (Bytes.IsDigit(digit) ? digit - '0' : (digit | 0x20) - 'a' + 10);
        }

        return value;
    }

    private static (int, int) LookAlike(ReadOnlySpan<byte> text)
    {
        var status = System.Text.Rune.DecodeFromUtf8(text, out var rune, out var consumed);
        if (status != System.Buffers.OperationStatus.Done)
        {
            return (1, text[0]);
        }

        var value = Plain(rune.Value);
        // What is neither ASCII's double nor invisible is viewed as its own bytes, so that no column is lost.
        return value == Bytes.Beyond ? (1, text[0]) : (consumed, value);
    }

    /// <summary>The ASCII character that a character looks like, nothing if it is invisible.</summary>
    private static int Plain(int value) => value switch
    {
        < 0x80 => value,
        0xA0 or 0x2007 or 0x2009 or 0x202F or 0x3000 => ' ',
        0xAD or 0x34F or 0x180E or 0xFEFF => Nothing,
        >= 0x200B and <= 0x200F or >= 0x202A and <= 0x202E or >= 0x2060 and <= 0x206F => Nothing,
        >= 0xFE00 and <= 0xFE0F or >= 0xE0000 and <= 0xE007F => Nothing,
        >= 0x660 and <= 0x669 => value - 0x660 + '0',
        >= 0x6F0 and <= 0x6F9 => value - 0x6F0 + '0',
        >= 0x2010 and <= 0x2015 or 0x2212 => '-',
        >= 0xFF01 and <= 0xFF5E => value - 0xFF01 + '!',
        >= 0x1D7CE and <= 0x1D7FF => ((value - 0x1D7CE) % 10) + '0',
        _ => Bytes.Beyond,
    };
}
