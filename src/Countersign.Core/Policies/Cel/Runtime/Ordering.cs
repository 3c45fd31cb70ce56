using Countersign.Core.Policies.Cel.Ast;

namespace Countersign.Core.Policies.Cel.Runtime;

/// <summary>The order of values: numbers across kinds, strings by code point, bytes by octet.</summary>
internal static class Ordering
{
    public static Truth Test(ref Evaluation evaluation, BinaryOperator relation, in CelValue left, in CelValue right)
    {
        if (Numbers.IsNumeric(left.Kind) && Numbers.IsNumeric(right.Kind))
        {
            // Every comparison with NaN is false.
            return Numbers.Compare(left, right) is { } order ? Holds(relation, order) : Truth.False;
        }

        if (!evaluation.TryChargeRead(LengthOf(left) < LengthOf(right) ? left : right))
        {
            return evaluation.Fail(CelFault.BudgetExhausted);
        }

        return TryCompare(left, right, out var comparison)
            ? Holds(relation, comparison)
            : evaluation.Fail(Kinds.NoOverload(relation.Symbol(), left, right));
    }

    /// <summary>Only as much is compared as the shorter of two texts is long.</summary>
    private static int LengthOf(in CelValue value) => value.Kind switch
    {
        CelKind.String => value.AsString.Length,
        CelKind.Bytes => value.Octets.Length,
        _ => int.MaxValue,
    };

    public static Truth Holds(BinaryOperator relation, int order) => relation switch
    {
        BinaryOperator.Less => order < 0,
        BinaryOperator.LessOrEqual => order <= 0,
        BinaryOperator.Greater => order > 0,
        _ => order >= 0,
    } ? Truth.True : Truth.False;

    /// <summary>Orders two values of one comparable kind; numbers of different kinds are comparable as well.</summary>
    public static bool TryCompare(in CelValue left, in CelValue right, out int order)
    {
        if (Numbers.IsNumeric(left.Kind) && Numbers.IsNumeric(right.Kind))
        {
            order = Numbers.Compare(left, right) ?? 0;
            return true;
        }

        order = 0;
        if (left.Kind != right.Kind)
        {
            return false;
        }

        switch (left.Kind)
        {
            case CelKind.Bool or CelKind.Duration:
                order = left.AsInt.CompareTo(right.AsInt);
                return true;
            case CelKind.String:
                order = CodePoints.Compare(left.AsString, right.AsString);
                return true;
            case CelKind.Bytes:
                order = left.Octets.AsSpan().SequenceCompareTo(right.Octets);
                return true;
            case CelKind.Timestamp:
                order = left.Seconds.CompareTo(right.Seconds);
                order = order != 0 ? order : left.NanosecondOfSecond.CompareTo(right.NanosecondOfSecond);
                return true;
            default:
                return false;
        }
    }
}
