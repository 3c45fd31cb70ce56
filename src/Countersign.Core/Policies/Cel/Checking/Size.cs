namespace Countersign.Core.Policies.Cel.Checking;

/// <summary>
/// An upper bound of a value's size: characters of a text or elements of a collection, and the size of each element.
/// The volume is what walking the whole value costs, in steps. A value of unknown shape may be either.
/// </summary>
internal sealed class Size
{
    public const double CharactersPerStep = 64;
    private const int HostElements = 1_000;
    private const int HostLength = 4_096;

    public static readonly Size Scalar = new(1, item: null, volume: 1);

    private readonly Size? _item;

    private Size(double length, Size? item, double volume, double? characters = null)
    {
        Length = length;
        Characters = characters ?? length;
        _item = item;
        Volume = volume;
    }

    public double Length { get; }

    public double Volume { get; }

    /// <summary>Characters when it is a text; a value of unknown shape may have more of them than elements.</summary>
    public double Characters { get; }

    /// <summary>The size of an element; a value of unknown shape is its own element.</summary>
    public Size Item => _item ?? this;

    public static Size Text(double length)
    {
        var bounded = Math.Min(length, CelLimits.TextLength);
        return new Size(bounded, item: null, 1 + (bounded / CharactersPerStep));
    }

    public static Size Collection(double length, Size item)
    {
        // A length that an expression gives may be negative; less than nothing would make it cheaper than it is.
        var bounded = Math.Clamp(length, 0, CelLimits.Elements);
        return new Size(bounded, item, 1 + (bounded * item.Volume));
    }

    public static Size Of(Fact fact) => Of(fact.Type, fact.MaxElements, fact.MaxLength);

    public static Size OfResult(FactFunction function) => Of(function.Result, HostElements, HostLength);

    public static Size Of(in CelValue value)
    {
        switch (value.Kind)
        {
            case CelKind.String:
                return Text(value.AsString.Length);
            case CelKind.Bytes:
                return Text(value.Octets.Length);
            case CelKind.List:
                var item = Scalar;
                for (var i = 0; i < value.AsList.Count; i++)
                {
                    item = Larger(item, Of(value.AsList[i]));
                }

                return Collection(value.AsList.Count, item);
            default:
                return Scalar;
        }
    }

    /// <summary>The size of two texts or two lists, one after the other.</summary>
    public static Size Concatenate(Size left, Size right) =>
        new(
            left.Length + right.Length,
            Larger(left.Item, right.Item),
            left.Volume + right.Volume,
            left.Characters + right.Characters);

    public static Size Larger(Size left, Size right) => left.Volume >= right.Volume ? left : right;

    private static Size Of(CelType type, int elements, int length) => type switch
    {
        CelType.List list => Collection(elements, Of(list.Element, elements, length)),
        CelType.Map map => Collection(elements, Larger(Of(map.Key, 1, length), Of(map.Value, elements, length))),
        _ when type == CelType.String || type == CelType.Bytes => Text(length),
        _ when type.IsDyn => new Size(
            elements, item: null, 1 + elements + (length / CharactersPerStep), Math.Max(elements, length)),
        _ => Scalar,
    };
}
