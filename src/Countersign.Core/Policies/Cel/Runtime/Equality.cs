namespace Countersign.Core.Policies.Cel.Runtime;

/// <summary>
/// Equality across kinds (langdef, "Equality"): numbers compare by value, other kinds are simply unequal, NaN equals
/// nothing. Comparing shared structure can take exponential time, so every step is charged to the budget.
/// </summary>
internal static class Equality
{
    public static Truth AreEqual(ref Evaluation evaluation, in CelValue left, in CelValue right)
    {
        if (left.Kind != right.Kind)
        {
            return Of(Numbers.IsNumeric(left.Kind) && Numbers.IsNumeric(right.Kind)
                && Numbers.Compare(left, right) == 0);
        }

        switch (left.Kind)
        {
            case CelKind.Null:
                return Truth.True;
            case CelKind.Double:
                return Of(left.AsDouble == right.AsDouble);
            case CelKind.String:
                return left.AsString.Length != right.AsString.Length ? Truth.False
                    : !evaluation.TryChargeRead(left) ? evaluation.Fail(CelFault.BudgetExhausted)
                    : Of(string.Equals(left.AsString, right.AsString));
            case CelKind.Bytes:
                return left.Octets.Length != right.Octets.Length ? Truth.False
                    : !evaluation.TryChargeRead(left) ? evaluation.Fail(CelFault.BudgetExhausted)
                    : Of(left.Octets.AsSpan().SequenceEqual(right.Octets));
            case CelKind.Timestamp:
                return Of(left.Seconds == right.Seconds && left.NanosecondOfSecond == right.NanosecondOfSecond);
            case CelKind.Type:
                return Of(Kinds.NameOf(left.AsType) == Kinds.NameOf(right.AsType));
            case CelKind.List:
                return AreEqual(ref evaluation, left.AsList, right.AsList);
            case CelKind.Map:
                return AreEqual(ref evaluation, left.AsMap, right.AsMap);
            default:
                return Of(left.AsInt == right.AsInt);
        }
    }

    public static Truth Contains(ref Evaluation evaluation, in CelValue element, CelList list)
    {
        for (var i = 0; i < list.Count; i++)
        {
            if (!evaluation.TryCharge(1))
            {
                return evaluation.Fail(CelFault.BudgetExhausted);
            }

            var truth = AreEqual(ref evaluation, element, list[i]);
            if (truth != Truth.False)
            {
                return truth;
            }
        }

        return Truth.False;
    }

    private static Truth AreEqual(ref Evaluation evaluation, CelList left, CelList right)
    {
        if (left.Count != right.Count)
        {
            return Truth.False;
        }

        for (var i = 0; i < left.Count; i++)
        {
            if (!evaluation.TryCharge(1))
            {
                return evaluation.Fail(CelFault.BudgetExhausted);
            }

            var truth = AreEqual(ref evaluation, left[i], right[i]);
            if (truth != Truth.True)
            {
                return truth;
            }
        }

        return Truth.True;
    }

    private static Truth AreEqual(ref Evaluation evaluation, CelMap left, CelMap right)
    {
        if (left.Count != right.Count)
        {
            return Truth.False;
        }

        for (var i = 0; i < left.Count; i++)
        {
            var key = left.KeyAt(i);
            if (!evaluation.TryCharge(1) || !evaluation.TryChargeRead(key))
            {
                return evaluation.Fail(CelFault.BudgetExhausted);
            }

            if (!right.TryGet(key, out var other))
            {
                return Truth.False;
            }

            var truth = AreEqual(ref evaluation, left.ValueAt(i), other);
            if (truth != Truth.True)
            {
                return truth;
            }
        }

        return Truth.True;
    }

    private static Truth Of(bool value) => value ? Truth.True : Truth.False;
}
