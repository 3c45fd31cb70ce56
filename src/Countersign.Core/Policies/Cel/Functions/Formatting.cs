using System.Globalization;
using System.Numerics;
using System.Text;
using Countersign.Core.Policies.Cel.Runtime;

namespace Countersign.Core.Policies.Cel.Functions;

/// <summary>The method <c>format</c>: clauses %s %d %f %e %b %o %x %X, a precision for %f and %e, and %%.</summary>
internal static class Formatting
{
    private const int DefaultPrecision = 6;
    private const int MaxPrecision = 100;

    public static CelValue Format(ref Evaluation evaluation, string template, CelList arguments)
    {
        var result = new StringBuilder();
        var next = 0;
        for (var i = 0; i < template.Length; i++)
        {
            if (template[i] != '%')
            {
                result.Append(template[i]);
                continue;
            }

            if (i + 1 < template.Length && template[i + 1] == '%')
            {
                result.Append('%');
                i++;
                continue;
            }

            var precision = ReadPrecision(template, ref i);
            if (precision > MaxPrecision || i + 1 >= template.Length)
            {
                return CelValue.Error($"the format needs a clause after '%' and a precision of at most {MaxPrecision}");
            }

            if (next >= arguments.Count)
            {
                return CelValue.Error($"the format has more clauses than its {arguments.Count} arguments");
            }

            var clause = new Clause(template[++i], precision);
            if (!TryAppend(ref evaluation, result, clause, arguments[next++]))
            {
                return Refusal(ref evaluation, result, clause, arguments[next - 1]);
            }
        }

        return CelValue.FromString(result.ToString());
    }

    private static CelValue Refusal(
        ref Evaluation evaluation, StringBuilder result, Clause clause, in CelValue value) =>
        evaluation.IsExhausted ? CelValue.Error(CelFault.BudgetExhausted)
        : result.Length > CelLimits.TextLength ? Texts.TooLong
        : CelValue.Error($"the clause %{clause.Letter} cannot format {value}");

    private static int ReadPrecision(string template, ref int i)
    {
        if (i + 1 >= template.Length || template[i + 1] != '.')
        {
            return -1;
        }

        i++;
        var precision = 0;
        while (i + 1 < template.Length && char.IsAsciiDigit(template[i + 1]) && precision <= MaxPrecision)
        {
            precision = (precision * 10) + (template[++i] - '0');
        }

        return precision;
    }

    private static bool TryAppend(ref Evaluation evaluation, StringBuilder result, Clause clause, in CelValue value)
    {
        var start = result.Length;
        var isKnown = clause.Letter switch
        {
            's' => TryAppendText(ref evaluation, result, value),
            'd' => TryAppendWith(result, Decimal(value)),
            'f' => TryAppendWith(result, Fixed(value, clause.PrecisionOrDefault)),
            'e' => TryAppendWith(result, Scientific(value, clause.PrecisionOrDefault)),
            'b' => TryAppendWith(result, value.Kind == CelKind.Bool ? (value.AsBool ? "1" : "0") : Radix(value, 'b')),
            'o' or 'x' or 'X' => TryAppendWith(result, Radix(value, clause.Letter)),
            _ => false,
        };
        return isKnown && result.Length <= CelLimits.TextLength && evaluation.TryChargeText(result.Length - start);
    }

    private static bool TryAppendWith(StringBuilder result, string? text)
    {
        result.Append(text);
        return text is not null;
    }

    private static bool TryAppendText(ref Evaluation evaluation, StringBuilder result, in CelValue value)
    {
        if (!evaluation.TryCharge(1) || result.Length > CelLimits.TextLength)
        {
            return false;
        }

        switch (value.Kind)
        {
            case CelKind.Null:
                result.Append("null");
                return true;
            case CelKind.Bytes:
                result.Append(Encoding.UTF8.GetString(value.Octets));
                return true;
            case CelKind.Double:
                result.Append(NotFinite(value.AsDouble) ?? ValueText.Print(value.AsDouble));
                return true;
            case CelKind.List:
                return TryAppendList(ref evaluation, result, value.AsList);
            case CelKind.Map:
                return TryAppendMap(ref evaluation, result, value.AsMap);
            default:
                return ValueText.TryConvert(value, out var text) && TryAppendWith(result, text);
        }
    }

    private static bool TryAppendList(ref Evaluation evaluation, StringBuilder result, CelList list)
    {
        result.Append('[');
        for (var i = 0; i < list.Count; i++)
        {
            result.Append(i == 0 ? "" : ", ");
            if (!TryAppendText(ref evaluation, result, list[i]))
            {
                return false;
            }
        }

        result.Append(']');
        return true;
    }

    /// <summary>Entries are ordered by the text of their keys, so that equal maps have equal text.</summary>
    private static bool TryAppendMap(ref Evaluation evaluation, StringBuilder result, CelMap map)
    {
        var order = Enumerable.Range(0, map.Count)
            .Select(i => (Key: ValueText.TryConvert(map.KeyAt(i), out var key) ? key : "", Index: i))
            .OrderBy(static entry => entry.Key, StringComparer.Ordinal)
            .ToList();
        result.Append('{');
        for (var i = 0; i < order.Count; i++)
        {
            result.Append(i == 0 ? "" : ", ").Append(order[i].Key).Append(": ");
            if (!TryAppendText(ref evaluation, result, map.ValueAt(order[i].Index)))
            {
                return false;
            }
        }

        result.Append('}');
        return true;
    }

    private static string? Decimal(in CelValue value) => value.Kind switch
    {
        CelKind.Int or CelKind.Uint => ValueText.TryConvert(value, out var text) ? text : null,
        CelKind.Double => NotFinite(value.AsDouble) ?? ValueText.Print(value.AsDouble),
        _ => null,
    };

    private static string? Fixed(in CelValue value, int precision) =>
        !Numbers.IsNumeric(value.Kind) ? null
        : value.Kind == CelKind.Double && NotFinite(value.AsDouble) is { } name ? name
        : Round(Numbers.ToDouble(value), precision);

    private static string? Scientific(in CelValue value, int precision)
    {
        if (!Numbers.IsNumeric(value.Kind))
        {
            return null;
        }

        var number = Numbers.ToDouble(value);
        var digits = precision == 0 ? "0" : "0." + new string('0', precision);
        return NotFinite(number) ?? number.ToString(digits + "e+00", CultureInfo.InvariantCulture);
    }

    /// <summary>Rounds the exact binary value half to even, as the reference implementation does.</summary>
    private static string Round(double value, int precision)
    {
        var bits = BitConverter.DoubleToInt64Bits(value);
        var exponent = (int)((bits >> 52) & 0x7ff);
        var mantissa = (bits & 0xf_ffff_ffff_ffff) | (exponent == 0 ? 0 : 1L << 52);
        var scale = Math.Max(exponent, 1) - 1075;
        var numerator = mantissa * BigInteger.Pow(10, precision) << Math.Max(scale, 0);
        var denominator = BigInteger.One << Math.Max(-scale, 0);
        var quotient = BigInteger.DivRem(numerator, denominator, out var remainder);
        var half = (remainder * 2).CompareTo(denominator);
        quotient += half > 0 || (half == 0 && !quotient.IsEven) ? 1 : 0;

        var digits = quotient.ToString(CultureInfo.InvariantCulture).PadLeft(precision + 1, '0');
        var sign = double.IsNegative(value) ? "-" : "";
        return precision == 0 ? sign + digits : $"{sign}{digits[..^precision]}.{digits[^precision..]}";
    }

    private static string? Radix(in CelValue value, char letter)
    {
        switch (value.Kind)
        {
            case CelKind.Uint:
                return Digits(value.AsUint, letter);
            case CelKind.Int:
                return value.AsInt < 0
                    ? "-" + Digits((ulong)(-(Int128)value.AsInt), letter)
                    : Digits((ulong)value.AsInt, letter);
            case CelKind.String when letter is 'x' or 'X':
                return Hexadecimal(Encoding.UTF8.GetBytes(value.AsString), letter);
            case CelKind.Bytes when letter is 'x' or 'X':
                return Hexadecimal(value.Octets, letter);
            default:
                return null;
        }
    }

    private static string Hexadecimal(byte[] octets, char letter) =>
        letter == 'x' ? Convert.ToHexStringLower(octets) : Convert.ToHexString(octets);

    private static string Digits(ulong value, char letter) => letter switch
    {
        'b' => value.ToString("b", CultureInfo.InvariantCulture),
        'x' => value.ToString("x", CultureInfo.InvariantCulture),
        'X' => value.ToString("X", CultureInfo.InvariantCulture),
        _ => Octal(value),
    };

    private static string Octal(ulong value)
    {
        var digits = new StringBuilder();
        do
        {
            digits.Insert(0, (char)('0' + (value & 7)));
            value >>= 3;
        }
        while (value > 0);
        return digits.ToString();
    }

    private static string? NotFinite(double value) =>
        double.IsNaN(value) ? "NaN" : double.IsInfinity(value) ? value > 0 ? "Infinity" : "-Infinity" : null;

    private readonly record struct Clause(char Letter, int Precision)
    {
        public int PrecisionOrDefault => Precision < 0 ? DefaultPrecision : Precision;
    }
}
