using System.Globalization;
using System.Text;

namespace Countersign.Core.Policies.Cel.Runtime;

/// <summary>Values as text for people: error messages, logs and the format function.</summary>
internal static class ValueText
{
    private const int DescribedLength = 80;

    /// <summary>A short text that names scalar values and only counts what collections hold.</summary>
    public static string Describe(in CelValue value) => value.Kind switch
    {
        CelKind.Absent => "no value",
        CelKind.Error => $"error: {value.Fault.Reason}",
        CelKind.String => Shorten(Parsing.Literals.Print(CelValue.FromString(Beginning(value.AsString)))),
        CelKind.Bytes => $"{value.Octets.Length} bytes",
        CelKind.List => $"a list of {value.AsList.Count}",
        CelKind.Map => $"a map of {value.AsMap.Count}",
        CelKind.Timestamp => Instants.Print(value),
        CelKind.Duration => Durations.Print(value.Nanoseconds),
        CelKind.Type => Kinds.NameOf(value.AsType),
        _ => Parsing.Literals.Print(value),
    };

    /// <summary>The text of <c>string(value)</c>; false for kinds that have none.</summary>
    public static bool TryConvert(in CelValue value, out string text)
    {
        text = value.Kind switch
        {
            CelKind.String => value.AsString,
            CelKind.Bool => value.AsBool ? "true" : "false",
            CelKind.Int => value.AsInt.ToString(CultureInfo.InvariantCulture),
            CelKind.Uint => value.AsUint.ToString(CultureInfo.InvariantCulture),
            CelKind.Double => Print(value.AsDouble),
            CelKind.Timestamp => Instants.Print(value),
            CelKind.Duration => Durations.Print(value.Nanoseconds),
            CelKind.Type => Kinds.NameOf(value.AsType),
            _ => "",
        };
        return value.Kind is not (CelKind.Null or CelKind.Bytes or CelKind.List or CelKind.Map or CelKind.Absent
            or CelKind.Error);
    }

    /// <summary>The shortest text that reads back, with an exponent below 1e-4 and from 1e21.</summary>
    public static string Print(double value)
    {
        if (!double.IsFinite(value))
        {
            return double.IsNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
        }

        var magnitude = Math.Abs(value);
        if (value == 0 || magnitude is >= 1e-4 and < 1e21)
        {
            return Plain(value);
        }

        return Exponential(value.ToString("R", CultureInfo.InvariantCulture));
    }

    private static string Plain(double value)
    {
        var text = value.ToString("R", CultureInfo.InvariantCulture);
        var mark = text.IndexOf('E', StringComparison.Ordinal);
        if (mark < 0)
        {
            return text;
        }

        // R switches to an exponent earlier than the langdef's reference; all digits are known, so only the point
        // moves.
        return decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var exact)
            ? exact.ToString("0.############################", CultureInfo.InvariantCulture)
            : text;
    }

    private static string Exponential(string shortest)
    {
        var mark = shortest.IndexOf('E', StringComparison.Ordinal);
        if (mark < 0)
        {
            return shortest;
        }

        var exponent = int.Parse(
            shortest.AsSpan(mark + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        return new StringBuilder(shortest, 0, mark, 32)
            .Append(exponent < 0 ? "e-" : "e+")
            .Append(Math.Abs(exponent).ToString("D2", CultureInfo.InvariantCulture))
            .ToString();
    }

    /// <summary>Enough to be shortened: a fault may be forgotten, and should not cost the whole text.</summary>
    private static string Beginning(string text) =>
        text.Length <= DescribedLength ? text
        : char.IsHighSurrogate(text[DescribedLength]) ? text[..DescribedLength]
        : text[..(DescribedLength + 1)];

    private static string Shorten(string text) =>
        text.Length <= DescribedLength ? text : string.Concat(text.AsSpan(0, DescribedLength), "…");
}
