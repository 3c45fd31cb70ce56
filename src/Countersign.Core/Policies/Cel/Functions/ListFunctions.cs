using System.Collections.Immutable;
using Countersign.Core.Policies.Cel.Runtime;

namespace Countersign.Core.Policies.Cel.Functions;

/// <summary>Functions over lists (the lists extension of the reference implementation).</summary>
internal static class ListFunctions
{
    private static readonly CelType Element = new CelType.Parameter("T");
    private static readonly CelType Elements = CelType.ListOf(Element);

    public static readonly ImmutableArray<Overload> All =
    [
        Method("slice", [Elements, CelType.Int, CelType.Int], Elements, static (ref e, scoped a) =>
            Slice(ref e, a[0].AsList, a[1].AsInt, a[2].AsInt)),
        Method("reverse", [Elements], Elements, static (ref e, scoped a) =>
            TryCopy(ref e, a[0].AsList, out var items) ? FromArray(items.Reverse()) : Exhausted),
        Method("first", [Elements], Element, static (ref e, scoped a) => At(a[0].AsList, last: false)),
        Method("last", [Elements], Element, static (ref e, scoped a) => At(a[0].AsList, last: true)),
        Method("distinct", [Elements], Elements, static (ref e, scoped a) => Distinct(ref e, a[0].AsList)) with
        {
            Effort = Effort.Quadratic,
        },
        Method("sort", [Elements], Elements, static (ref e, scoped a) => Sort(ref e, a[0].AsList, a[0].AsList)) with
        {
            Effort = Effort.Quadratic,
        },
        Method("flatten", [Kinds.AnyList], Kinds.AnyList, static (ref e, scoped a) =>
            Flatten(ref e, a[0].AsList, 1)) with
        {
            Growth = Growth.Limit,
        },
        Method("flatten", [Kinds.AnyList, CelType.Int], Kinds.AnyList, static (ref e, scoped a) =>
            Flatten(ref e, a[0].AsList, a[1].AsInt)) with { Growth = Growth.Limit },
        new("lists.range", [CelType.Int], CelType.ListOf(CelType.Int), static (ref e, scoped a) =>
            Range(ref e, a[0].AsInt))
        {
            Effort = Effort.Result,
            Growth = Growth.Limit,
        },
    ];

    /// <summary>Sorts stably by keys of one comparable kind.</summary>
    public static CelValue Sort(ref Evaluation evaluation, CelList list, CelList keys)
    {
        if (!TryCopy(ref evaluation, list, out var items) || !TryCopy(ref evaluation, keys, out var ranks)
            || !TryChargeSort(ref evaluation, ranks))
        {
            return Exhausted;
        }

        if (items.Length != ranks.Length)
        {
            return CelValue.Error("there must be one key for each element");
        }

        foreach (var rank in ranks)
        {
            if (rank.Kind != ranks[0].Kind || !Ordering.TryCompare(ranks[0], rank, out _))
            {
                return CelValue.Error("only numbers, strings, bytes, bools, timestamps and durations of one type sort");
            }
        }

        var order = Enumerable.Range(0, items.Length)
            .OrderBy(i => ranks[i], Comparer<CelValue>.Create(CompareRanks));
        return FromArray(order.Select(i => items[i]));
    }

    /// <summary>Each rank is compared with about as many others as the length of the longest list has bits.</summary>
    private static bool TryChargeSort(ref Evaluation evaluation, CelValue[] ranks)
    {
        foreach (ref readonly var rank in ranks.AsSpan())
        {
            var length = rank.Kind switch
            {
                CelKind.String => rank.AsString.Length,
                CelKind.Bytes => rank.Octets.Length,
                _ => 0,
            };
            if (!evaluation.TryCharge(16 * (1 + (length / 64))))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>A total order, which sorting needs: NaN comes before every number.</summary>
    private static int CompareRanks(CelValue left, CelValue right) =>
        left.Kind == CelKind.Double ? left.AsDouble.CompareTo(right.AsDouble)
        : Ordering.TryCompare(left, right, out var order) ? order
        : 0;

    private static CelValue Exhausted => CelValue.Error(CelFault.BudgetExhausted);

    private static Overload Method(
        string name, ImmutableArray<CelType> parameters, CelType result, Implementation body) =>
        new(name, parameters, result, body) { IsMethod = true, Growth = Growth.Sum };

    private static CelValue FromArray(IEnumerable<CelValue> items) => CelValue.FromList([.. items]);

    private static bool TryCopy(ref Evaluation evaluation, CelList list, out CelValue[] items)
    {
        items = [];
        if (!evaluation.TryCharge(list.Count))
        {
            return false;
        }

        items = new CelValue[list.Count];
        for (var i = 0; i < items.Length; i++)
        {
            items[i] = list[i];
        }

        return true;
    }

    private static CelValue Slice(ref Evaluation evaluation, CelList list, long start, long end)
    {
        if (start < 0 || end < start || end > list.Count)
        {
            return CelValue.Error($"a slice from {start} to {end} is outside a list of {list.Count}");
        }

        return TryCopy(ref evaluation, list, out var items) ? FromArray(items[(int)start..(int)end]) : Exhausted;
    }

    private static CelValue At(CelList list, bool last) =>
        list.Count == 0 ? CelValue.Error("the list is empty") : list[last ? list.Count - 1 : 0];

    private static CelValue Distinct(ref Evaluation evaluation, CelList list)
    {
        var kept = ImmutableArray<CelValue>.Empty.ToBuilder();
        for (var i = 0; i < list.Count; i++)
        {
            var element = list[i];
            var isKnown = false;
            for (var j = 0; j < kept.Count && !isKnown; j++)
            {
                if (!evaluation.TryCharge(1))
                {
                    return Exhausted;
                }

                isKnown = Equality.AreEqual(ref evaluation, element, kept[j]) != Truth.False;
            }

            if (!isKnown)
            {
                kept.Add(element);
            }
        }

        return evaluation.IsExhausted ? Exhausted : CelValue.FromList(kept.DrainToImmutable());
    }

    private static CelValue Flatten(ref Evaluation evaluation, CelList list, long depth)
    {
        if (depth < 0)
        {
            return CelValue.Error("the depth of flatten may not be negative");
        }

        var items = ImmutableArray.CreateBuilder<CelValue>();
        return TryFlatten(ref evaluation, list, depth, items) ? CelValue.FromList(items.DrainToImmutable())
            : evaluation.IsExhausted ? Exhausted
            : Texts.TooManyElements;
    }

    private static bool TryFlatten(
        ref Evaluation evaluation, CelList list, long depth, ImmutableArray<CelValue>.Builder items)
    {
        for (var i = 0; i < list.Count; i++)
        {
            if (!evaluation.TryCharge(1) || items.Count >= CelLimits.Elements)
            {
                return false;
            }

            var element = list[i];
            if (element.Kind != CelKind.List || depth == 0)
            {
                items.Add(element);
            }
            else if (!TryFlatten(ref evaluation, element.AsList, depth - 1, items))
            {
                return false;
            }
        }

        return true;
    }

    private static CelValue Range(ref Evaluation evaluation, long count)
    {
        if (count is < 0 or > CelLimits.Elements)
        {
            return CelValue.Error($"a range has 0 to {CelLimits.Elements} elements");
        }

        return evaluation.TryCharge(count)
            ? FromArray(Enumerable.Range(0, (int)count).Select(static i => CelValue.FromInt(i)))
            : Exhausted;
    }
}
