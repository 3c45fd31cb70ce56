using System.Collections.Immutable;

namespace Countersign.Core.Policies.Cel;

/// <summary>
/// One value of the condition language. Numbers, booleans, timestamps and durations do not allocate; lists and maps
/// wrap what the host gives. An accessor may be called only when <see cref="Kind"/> says so.
/// </summary>
public readonly struct CelValue
{
    private readonly object? _reference;
    private readonly long _bits;
    private readonly int _nanoseconds;

    private CelValue(CelKind kind, long bits = 0, object? reference = null, int nanoseconds = 0)
    {
        Kind = kind;
        _bits = bits;
        _reference = reference;
        _nanoseconds = nanoseconds;
    }

    public static CelValue Null => new(CelKind.Null);

    public static CelValue True => new(CelKind.Bool, 1);

    public static CelValue False => new(CelKind.Bool);

    public CelKind Kind { get; }

    public bool IsError => Kind == CelKind.Error;

    public bool AsBool => _bits != 0;

    public long AsInt => _bits;

    public ulong AsUint => (ulong)_bits;

    public double AsDouble => BitConverter.Int64BitsToDouble(_bits);

    public string AsString => (string)_reference!;

    public CelList AsList => (CelList)_reference!;

    public CelMap AsMap => (CelMap)_reference!;

    public CelType AsType => (CelType)_reference!;

    public CelFault Fault => (CelFault)_reference!;

    internal byte[] Octets => (byte[])_reference!;

    /// <summary>Whole seconds since 1970-01-01T00:00:00Z of a timestamp, rounded towards the past.</summary>
    internal long Seconds => _bits;

    /// <summary>Nanoseconds within the second of a timestamp, 0 to 999,999,999.</summary>
    internal int NanosecondOfSecond => _nanoseconds;

    /// <summary>The whole length of a duration.</summary>
    internal long Nanoseconds => _bits;

    public static CelValue FromBool(bool value) => new(CelKind.Bool, value ? 1 : 0);

    public static CelValue FromInt(long value) => new(CelKind.Int, value);

    public static CelValue FromUint(ulong value) => new(CelKind.Uint, (long)value);

    public static CelValue FromDouble(double value) => new(CelKind.Double, BitConverter.DoubleToInt64Bits(value));

    public static CelValue FromString(string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        return new CelValue(CelKind.String, reference: value);
    }

    /// <summary>Wraps a list of strings without copying it; the list may not change while a frame holds it.</summary>
    public static CelValue FromStrings(IReadOnlyList<string> values) => FromList(new CelList.OfStrings(values));

    public static CelValue FromList(ImmutableArray<CelValue> values) => FromList(new CelList.OfValues(values));

    public static CelValue FromList(CelList value)
    {
        ArgumentNullException.ThrowIfNull(value);
        return new CelValue(CelKind.List, reference: value);
    }

    public static CelValue FromMap(CelMap value)
    {
        ArgumentNullException.ThrowIfNull(value);
        return new CelValue(CelKind.Map, reference: value);
    }

    public static CelValue FromType(CelType value)
    {
        ArgumentNullException.ThrowIfNull(value);
        return new CelValue(CelKind.Type, reference: value);
    }

    /// <summary>Reads untyped JSON: integers become int where they fit, every other number double.</summary>
    public static CelValue FromJson(System.Text.Json.JsonElement element) => JsonValues.Read(element);

    public static CelValue Error(string reason) => new(CelKind.Error, reference: new CelFault(reason));

    public static CelValue Error(CelFault fault) => new(CelKind.Error, reference: fault);

    internal static CelValue FromOctets(byte[] value) => new(CelKind.Bytes, reference: value);

    internal static CelValue FromInstant(long seconds, int nanoseconds) =>
        new(CelKind.Timestamp, seconds, nanoseconds: nanoseconds);

    internal static CelValue FromNanoseconds(long value) => new(CelKind.Duration, value);

    public override string ToString() => Runtime.ValueText.Describe(this);
}
