using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Countersign.Core.Policies.Cel.Parsing;

/// <summary>Reads and prints literals of the expression language.</summary>
internal static class Literals
{
    public static bool IsSigned(in CelValue value) => value.Kind switch
    {
        CelKind.Int => value.AsInt < 0,
        CelKind.Double => double.IsNegative(value.AsDouble),
        _ => false,
    };

    /// <summary>Reads the digits of a number token; null when the value does not fit its type.</summary>
    public static CelValue? ReadNumber(Token token, bool negative) => token.Kind switch
    {
        TokenKind.Int => ReadInt(token.Text, negative),
        TokenKind.Uint => !negative && TryReadDigits(token.Text, out var value) ? CelValue.FromUint(value) : null,
        TokenKind.Double => ReadDouble(token.Text, negative),
        _ => throw new UnreachableException(),
    };

    public static string Print(in CelValue value) => value.Kind switch
    {
        CelKind.Null => "null",
        CelKind.Bool => value.AsBool ? "true" : "false",
        CelKind.Int => value.AsInt.ToString(CultureInfo.InvariantCulture),
        CelKind.Uint => value.AsUint.ToString(CultureInfo.InvariantCulture) + "u",
        CelKind.Double => PrintDouble(value.AsDouble),
        CelKind.String => PrintString(value.AsString),
        CelKind.Bytes => PrintBytes(value.Octets),
        _ => throw new UnreachableException(),
    };

    private static CelValue? ReadInt(string digits, bool negative)
    {
        if (!TryReadDigits(digits, out var magnitude) || magnitude > (ulong)long.MaxValue + (negative ? 1u : 0u))
        {
            return null;
        }

        return CelValue.FromInt(negative ? unchecked((long)(0 - magnitude)) : (long)magnitude);
    }

    private static bool TryReadDigits(string digits, out ulong value) =>
        digits.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
            ? ulong.TryParse(digits.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value)
            : ulong.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out value);

    private static CelValue? ReadDouble(string digits, bool negative)
    {
        var value = double.Parse(digits, NumberStyles.Float, CultureInfo.InvariantCulture);
        return double.IsInfinity(value) ? null : CelValue.FromDouble(negative ? -value : value);
    }

    private static string PrintDouble(double value)
    {
        var text = value.ToString("R", CultureInfo.InvariantCulture);
        return text.AsSpan().ContainsAny('.', 'E') ? text : text + ".0";
    }

    private static string PrintString(string value)
    {
        var text = new StringBuilder("\"");
        foreach (var c in value)
        {
            text.Append(c switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                < ' ' or '\u007f' => $"\\u{(int)c:x4}",
                _ => c.ToString(),
            });
        }

        return text.Append('"').ToString();
    }

    private static string PrintBytes(byte[] octets)
    {
        var text = new StringBuilder("b\"");
        foreach (var octet in octets)
        {
            var isPlain = octet is >= 0x20 and < 0x7f and not (byte)'"' and not (byte)'\\';
            text.Append(isPlain ? ((char)octet).ToString() : $"\\x{octet:x2}");
        }

        return text.Append('"').ToString();
    }
}
