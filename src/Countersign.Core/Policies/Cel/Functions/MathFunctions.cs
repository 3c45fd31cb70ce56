using System.Collections.Immutable;
using Countersign.Core.Policies.Cel.Runtime;

namespace Countersign.Core.Policies.Cel.Functions;

/// <summary>The math extension of the reference implementation, without its bit functions.</summary>
internal static class MathFunctions
{
    private static readonly CelValue Overflow = CelValue.Error("the result does not fit its type (overflow)");

    public static readonly ImmutableArray<Overload> All =
    [
        .. Extreme("math.greatest", sign: 1),
        .. Extreme("math.least", sign: -1),
        OnDouble("math.ceil", Math.Ceiling),
        OnDouble("math.floor", Math.Floor),
        OnDouble("math.round", static value => Math.Round(value, MidpointRounding.AwayFromZero)),
        OnDouble("math.trunc", Math.Truncate),
        .. new[] { CelType.Int, CelType.Uint, CelType.Double }.SelectMany(OnAny),
        Test("math.isNaN", double.IsNaN),
        Test("math.isInf", double.IsInfinity),
        Test("math.isFinite", double.IsFinite),
    ];

    private static Overload Create(string name, CelType parameter, CelType result, Implementation body) =>
        new(name, [parameter], result, body) { Effort = Effort.Constant };

    private static Overload OnDouble(string name, Func<double, double> function) =>
        Create(name, CelType.Double, CelType.Double, (ref e, scoped a) => CelValue.FromDouble(function(a[0].AsDouble)));

    private static Overload Test(string name, Func<double, bool> test) =>
        Create(name, CelType.Double, CelType.Bool, (ref e, scoped a) => CelValue.FromBool(test(a[0].AsDouble)));

    private static Overload[] OnAny(CelType type) =>
    [
        Create("math.abs", type, type, static (ref e, scoped a) => Abs(a[0])),
        Create("math.sign", type, type, static (ref e, scoped a) => Sign(a[0])),
        Create("math.sqrt", type, CelType.Double, static (ref e, scoped a) =>
            CelValue.FromDouble(Math.Sqrt(Numbers.ToDouble(a[0])))),
    ];

    /// <summary>Any number of numbers, or one list of them; of equal values the first wins.</summary>
    private static Overload[] Extreme(string name, int sign) =>
    [
        .. new[] { CelType.Int, CelType.Uint, CelType.Double }.Select(type =>
            new Overload(name, [type], type, (ref e, scoped a) => Pick(ref e, a, sign)) { IsVariadic = true }),
        new Overload(name, [CelType.Dyn], CelType.Dyn, (ref e, scoped a) => Pick(ref e, a, sign)) { IsVariadic = true },
    ];

    private static CelValue Pick(ref Evaluation evaluation, scoped ReadOnlySpan<CelValue> arguments, int sign)
    {
        var list = arguments is [{ Kind: CelKind.List } only] ? only.AsList : null;
        var count = list?.Count ?? arguments.Length;
        if (!evaluation.TryCharge(count))
        {
            return CelValue.Error(CelFault.BudgetExhausted);
        }

        CelValue best = default;
        for (var i = 0; i < count; i++)
        {
            var candidate = list is null ? arguments[i] : list[i];
            if (!Numbers.IsNumeric(candidate.Kind))
            {
                return CelValue.Error($"only numbers have a greatest and a least, not {candidate}");
            }

            best = i == 0 || Numbers.Compare(candidate, best) * sign > 0 ? candidate : best;
        }

        return count == 0 ? CelValue.Error("an empty list has no greatest and no least element") : best;
    }

    private static CelValue Abs(in CelValue value) => value.Kind switch
    {
        CelKind.Int => value.AsInt == long.MinValue ? Overflow : CelValue.FromInt(Math.Abs(value.AsInt)),
        CelKind.Double => CelValue.FromDouble(Math.Abs(value.AsDouble)),
        _ => value,
    };

    private static CelValue Sign(in CelValue value) => value.Kind switch
    {
        CelKind.Int => CelValue.FromInt(Math.Sign(value.AsInt)),
        CelKind.Uint => CelValue.FromUint(value.AsUint == 0 ? 0u : 1u),
        _ => double.IsNaN(value.AsDouble) ? value : CelValue.FromDouble(Math.Sign(value.AsDouble)),
    };
}
