using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace Countersign.Gates.Http;

/// <summary>Percent-encoding (RFC 3986 section 2.1), decoded strictly: exactly once, and into UTF-8 only.</summary>
internal static class PercentText
{
    private const int Escape = 3;

    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    public static bool TryDecode(
        string raw, [NotNullWhen(true)] out string? text, [NotNullWhen(false)] out string? whyNot)
    {
        (text, whyNot) = (null, null);
        if (raw.Any(character => character is <= ' ' or >= '\x7f'))
        {
            whyNot = "it holds a character that a request line cannot";
            return false;
        }

        if (!raw.Contains('%', StringComparison.Ordinal))
        {
            text = raw;
            return true;
        }

        var bytes = new List<byte>(raw.Length);
        for (var i = 0; i < raw.Length; i++)
        {
            if (raw[i] != '%')
            {
                bytes.Add((byte)raw[i]);
            }
            else if (i + Escape <= raw.Length && char.IsAsciiHexDigit(raw[i + 1]) && char.IsAsciiHexDigit(raw[i + 2]))
            {
                bytes.Add(
                    byte.Parse(raw.AsSpan(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
                i += Escape - 1;
            }
            else
            {
                whyNot = "it holds a percent sign without two hexadecimal digits";
                return false;
            }
        }

        try
        {
            text = StrictUtf8.GetString([.. bytes]);
            return true;
        }
        catch (DecoderFallbackException)
        {
            whyNot = "what it encodes is no UTF-8";
            return false;
        }
    }

    /// <summary>Writes each byte of a character's UTF-8 as an escape.</summary>
    public static void Append(StringBuilder output, Rune rune)
    {
        Span<byte> bytes = stackalloc byte[4];
        foreach (var octet in bytes[..rune.EncodeToUtf8(bytes)])
        {
            output.Append(CultureInfo.InvariantCulture, $"%{octet:X2}");
        }
    }
}
