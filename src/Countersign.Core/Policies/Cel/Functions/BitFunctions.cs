using System.Collections.Immutable;

namespace Countersign.Core.Policies.Cel.Functions;

/// <summary>The bit functions of the math extension, over int and uint.</summary>
internal static class BitFunctions
{
    private static readonly CelValue NegativeShift = CelValue.Error("a shift may not be negative");

    public static readonly ImmutableArray<Overload> All =
    [
        .. Binary("math.bitAnd", static (x, y) => x & y),
        .. Binary("math.bitOr", static (x, y) => x | y),
        .. Binary("math.bitXor", static (x, y) => x ^ y),
        Create("math.bitNot", [CelType.Int], CelType.Int, static (ref e, scoped a) => CelValue.FromInt(~a[0].AsInt)),
        Create("math.bitNot", [CelType.Uint], CelType.Uint, static (ref e, scoped a) =>
            CelValue.FromUint(~a[0].AsUint)),
        .. Shift("math.bitShiftLeft", static (value, by) => value << by),
        .. Shift("math.bitShiftRight", static (value, by) => value >> by),
    ];

    private static Overload Create(
        string name, ImmutableArray<CelType> parameters, CelType result, Implementation body) =>
        new(name, parameters, result, body) { Effort = Effort.Constant };

    private static Overload[] Binary(string name, Func<ulong, ulong, ulong> function) =>
    [
        Create(name, [CelType.Int, CelType.Int], CelType.Int, (ref e, scoped a) =>
            CelValue.FromInt((long)function((ulong)a[0].AsInt, (ulong)a[1].AsInt))),
        Create(name, [CelType.Uint, CelType.Uint], CelType.Uint, (ref e, scoped a) =>
            CelValue.FromUint(function(a[0].AsUint, a[1].AsUint))),
    ];

    /// <summary>Shifts the bit pattern; from 64 bits on nothing is left.</summary>
    private static Overload[] Shift(string name, Func<ulong, int, ulong> shift) =>
    [
        Create(name, [CelType.Int, CelType.Int], CelType.Int, (ref e, scoped a) =>
            a[1].AsInt < 0 ? NegativeShift
            : CelValue.FromInt(a[1].AsInt > 63 ? 0 : (long)shift((ulong)a[0].AsInt, (int)a[1].AsInt))),
        Create(name, [CelType.Uint, CelType.Int], CelType.Uint, (ref e, scoped a) =>
            a[1].AsInt < 0 ? NegativeShift
            : CelValue.FromUint(a[1].AsInt > 63 ? 0 : shift(a[0].AsUint, (int)a[1].AsInt))),
    ];
}
