namespace Countersign.Core.Policies.Cel.Runtime;

/// <summary>Conversions between the numeric kinds that refuse what does not fit.</summary>
internal static class Numbers
{
    private const double TwoTo63 = 9223372036854775808.0;
    private const double TwoTo64 = 18446744073709551616.0;

    public static bool IsNumeric(CelKind kind) => kind is CelKind.Int or CelKind.Uint or CelKind.Double;

    /// <summary>
    /// Truncates towards zero; the bounds themselves are refused because a double cannot tell them apart.
    /// </summary>
    public static bool TryToInt(double value, out long result)
    {
        var fits = value is > -TwoTo63 and < TwoTo63;
        result = fits ? (long)value : 0;
        return fits;
    }

    public static bool TryToUint(double value, out ulong result)
    {
        var fits = value is >= 0 and < TwoTo64;
        result = fits ? (ulong)value : 0;
        return fits;
    }

    public static double ToDouble(in CelValue value) => value.Kind switch
    {
        CelKind.Int => value.AsInt,
        CelKind.Uint => value.AsUint,
        _ => value.AsDouble,
    };

    /// <summary>Orders two numbers of any kind; null when one is not a number.</summary>
    public static int? Compare(in CelValue left, in CelValue right)
    {
        if (left.Kind == right.Kind && left.Kind != CelKind.Double)
        {
            return left.Kind == CelKind.Int ? left.AsInt.CompareTo(right.AsInt) : left.AsUint.CompareTo(right.AsUint);
        }

        if (left.Kind == CelKind.Int && right.Kind == CelKind.Uint)
        {
            return left.AsInt < 0 ? -1 : ((ulong)left.AsInt).CompareTo(right.AsUint);
        }

        if (left.Kind == CelKind.Uint && right.Kind == CelKind.Int)
        {
            return right.AsInt < 0 ? 1 : left.AsUint.CompareTo((ulong)right.AsInt);
        }

        var (x, y) = (ToDouble(left), ToDouble(right));
        return double.IsNaN(x) || double.IsNaN(y) ? null : x < y ? -1 : x > y ? 1 : 0;
    }
}
