using System.Buffers.Text;
using System.Globalization;

namespace Countersign.Core.Actions.Json;

/// <summary>
/// Writes a double as ECMAScript's Number::toString does, which RFC 8785 section 3.2.2.3 prescribes. The runtime finds
/// the shortest digits that read back as the same double; only their layout differs.
/// </summary>
internal static class EcmaNumber
{
    // Sign, 17 significant digits, point, "E", exponent sign and three exponent digits; or "0.0000" and 17 digits.
    private const int LongestRoundTrip = 32;

    // From 1e21 upwards and below 1e-6 Number::toString uses the exponent form.
    private const int MostPlaces = 21;
    private const int LowestPoint = -6;

    /// <summary>Appends the text of a finite number; negative zero becomes zero.</summary>
    public static void Append(OutputBuffer output, double value)
    {
        if (!double.IsFinite(value))
        {
            throw new ArgumentOutOfRangeException(nameof(value), value, "Only finite numbers have a canonical form.");
        }

        if (value < 0)
        {
            output.Append((byte)'-');
        }

        Span<byte> digits = stackalloc byte[LongestRoundTrip];
        int count = FindShortest(Math.Abs(value), digits, out int point);
        AppendLayout(output, digits[..count], point);
    }

    // The value is 0.d1d2d3… times ten to the power of point; the digits have no zeros at either end (zero is "0").
    private static int FindShortest(double value, Span<byte> digits, out int point)
    {
        value.TryFormat(digits, out int length, "R", CultureInfo.InvariantCulture);
        int exponentMark = digits[..length].IndexOf((byte)'E');
        int mantissa = exponentMark < 0 ? length : exponentMark;
        int exponent = exponentMark < 0
            ? 0
            : int.Parse(digits[(exponentMark + 1)..length], CultureInfo.InvariantCulture);

        int dot = digits[..mantissa].IndexOf((byte)'.');
        point = exponent + (dot < 0 ? mantissa : dot);
        if (dot >= 0)
        {
            digits[(dot + 1)..mantissa].CopyTo(digits[dot..]);
            mantissa--;
        }

        return Trim(digits, mantissa, ref point);
    }

    private static int Trim(Span<byte> digits, int count, ref int point)
    {
        count = Math.Max(digits[..count].TrimEnd((byte)'0').Length, 1);
        int leading = Math.Min(digits[..count].IndexOfAnyExcept((byte)'0'), count - 1);
        if (leading > 0)
        {
            digits[leading..count].CopyTo(digits);
            point -= leading;
            count -= leading;
        }

        return count;
    }

    private static void AppendLayout(OutputBuffer output, ReadOnlySpan<byte> digits, int point)
    {
        if (point is > MostPlaces or <= LowestPoint)
        {
            AppendExponentForm(output, digits, point - 1);
        }
        else if (point <= 0)
        {
            output.Append("0."u8);
            AppendZeros(output, -point);
            output.Append(digits);
        }
        else if (digits.Length <= point)
        {
            output.Append(digits);
            AppendZeros(output, point - digits.Length);
        }
        else
        {
            output.Append(digits[..point]);
            output.Append((byte)'.');
            output.Append(digits[point..]);
        }
    }

    private static void AppendExponentForm(OutputBuffer output, ReadOnlySpan<byte> digits, int exponent)
    {
        output.Append(digits[0]);
        if (digits.Length > 1)
        {
            output.Append((byte)'.');
            output.Append(digits[1..]);
        }

        output.Append(exponent < 0 ? "e-"u8 : "e+"u8);
        Span<byte> text = stackalloc byte[4];
        Utf8Formatter.TryFormat(Math.Abs(exponent), text, out int written);
        output.Append(text[..written]);
    }

    private static void AppendZeros(OutputBuffer output, int count) => output.Append("00000000000000000000"u8[..count]);
}
