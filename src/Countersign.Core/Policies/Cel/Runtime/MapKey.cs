namespace Countersign.Core.Policies.Cel.Runtime;

/// <summary>
/// The identity of a map key: numbers of equal value are one key, whatever their kind (langdef, "Equality").
/// </summary>
internal readonly record struct MapKey
{
    private readonly CelKind _kind;
    private readonly long _bits;
    private readonly string? _text;

    private MapKey(CelKind kind, long bits, string? text = null)
    {
        _kind = kind;
        _bits = bits;
        _text = text;
    }

    public static bool TryFrom(in CelValue value, out MapKey key)
    {
        switch (value.Kind)
        {
            case CelKind.String:
                key = new MapKey(CelKind.String, 0, value.AsString);
                return true;
            case CelKind.Bool:
                key = new MapKey(CelKind.Bool, value.AsInt);
                return true;
            case CelKind.Int:
                key = new MapKey(CelKind.Int, value.AsInt);
                return true;
            case CelKind.Uint:
                key = FromUint(value.AsUint);
                return true;
            case CelKind.Double:
                return TryFromDouble(value.AsDouble, out key);
            default:
                key = default;
                return false;
        }
    }

    private static MapKey FromUint(ulong value) =>
        new(value <= long.MaxValue ? CelKind.Int : CelKind.Uint, (long)value);

    private static bool TryFromDouble(double value, out MapKey key)
    {
        if (Numbers.TryToInt(value, out var integer) && integer == value)
        {
            key = new MapKey(CelKind.Int, integer);
            return true;
        }

        if (Numbers.TryToUint(value, out var unsigned) && unsigned == value)
        {
            key = FromUint(unsigned);
            return true;
        }

        key = default;
        return false;
    }
}
