using System.Buffers;
using System.Globalization;

namespace Countersign.Core.Policies.Cel.Runtime;

/// <summary>Durations as a count of nanoseconds, about 292 years either way.</summary>
internal static class Durations
{
    public const long PerSecond = 1_000_000_000;

    public static readonly CelValue OutOfRange = CelValue.Error("the duration is out of range (about 292 years)");

    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789.");

    private static readonly (string Name, long Nanoseconds)[] Units =
    [
        ("ns", 1), ("us", 1_000), ("µs", 1_000), ("ms", 1_000_000), ("s", PerSecond), ("m", 60 * PerSecond),
        ("h", 3_600 * PerSecond),
    ];

    public static CelValue From(Int128 nanoseconds) =>
        nanoseconds < long.MinValue || nanoseconds > long.MaxValue
            ? OutOfRange
            : CelValue.FromNanoseconds((long)nanoseconds);

    public static CelValue Negate(in CelValue duration) => From(-(Int128)duration.Nanoseconds);

    /// <summary>Reads a sign and then numbers with units, such as <c>-1h30m</c> or <c>1.5s</c>.</summary>
    public static CelValue Parse(string text)
    {
        var malformed = CelValue.Error(
            "a duration is written as numbers with units h, m, s, ms, us or ns, such as 1h30m");
        var rest = text.AsSpan();
        var negative = rest.StartsWith("-");
        rest = negative || rest.StartsWith("+") ? rest[1..] : rest;
        if (rest is "0")
        {
            return CelValue.FromNanoseconds(0);
        }

        if (rest.IsEmpty || rest.Length > 64)
        {
            return malformed;
        }

        Int128 total = 0;
        while (!rest.IsEmpty)
        {
            if (!TryTakePart(ref rest, out var part))
            {
                return malformed;
            }

            total += part;
        }

        return From(negative ? -total : total);
    }

    /// <summary>Seconds with as many decimals as needed and the unit, such as <c>1.5s</c>.</summary>
    public static string Print(long nanoseconds)
    {
        var magnitude = Int128.Abs(nanoseconds);
        var seconds = ((ulong)(magnitude / PerSecond)).ToString(CultureInfo.InvariantCulture);
        return (nanoseconds < 0 ? "-" : "") + seconds + Fraction((int)(magnitude % PerSecond)) + "s";
    }

    /// <summary>A decimal point and nanoseconds without trailing zeros; empty for none.</summary>
    public static string Fraction(int nanoseconds) =>
        nanoseconds == 0 ? "" : "." + nanoseconds.ToString("D9", CultureInfo.InvariantCulture).TrimEnd('0');

    private static bool TryTakePart(ref ReadOnlySpan<char> rest, out Int128 nanoseconds)
    {
        nanoseconds = 0;
        var length = rest.IndexOfAnyExcept(Digits);
        if (length <= 0
            || !decimal.TryParse(
                rest[..length], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var n)
            || n > long.MaxValue)
        {
            return false;
        }

        rest = rest[length..];
        var unitLength = rest.IndexOfAnyInRange('0', '9') is var next && next < 0 ? rest.Length : next;
        foreach (var (name, size) in Units)
        {
            if (rest[..unitLength].SequenceEqual(name))
            {
                rest = rest[unitLength..];
                nanoseconds = ((Int128)decimal.Truncate(n) * size) + (Int128)(decimal.Truncate((n % 1) * size));
                return true;
            }
        }

        return false;
    }
}
