using System.Collections.Immutable;
using Countersign.Core.Policies.Cel.Ast;

namespace Countersign.Core.Policies.Cel.Runtime;

/// <summary>The arithmetic operators; overflow and division by zero are errors (langdef, "Numeric Values").</summary>
internal static class Arithmetic
{
    private static readonly CelValue Overflow = CelValue.Error("the result does not fit its type (overflow)");
    private static readonly CelValue ZeroDivisor = CelValue.Error("division by zero");

    public static CelValue Negate(in CelValue value) => value.Kind switch
    {
        CelKind.Int => value.AsInt == long.MinValue ? Overflow : CelValue.FromInt(-value.AsInt),
        CelKind.Double => CelValue.FromDouble(-value.AsDouble),
        CelKind.Duration => Durations.Negate(value),
        CelKind.Error => value,
        _ => CelValue.Error($"no such overload: -{Kinds.NameOf(value.Kind)}"),
    };

    public static CelValue Apply(ref Evaluation evaluation, BinaryOperator op, in CelValue left, in CelValue right)
    {
        if (left.IsError)
        {
            return left;
        }

        if (right.IsError)
        {
            return right;
        }

        if (left.Kind == right.Kind)
        {
            switch (left.Kind)
            {
                case CelKind.Int:
                    return OnInts(op, left.AsInt, right.AsInt);
                case CelKind.Uint:
                    return OnUints(op, left.AsUint, right.AsUint);
                case CelKind.Double when op != BinaryOperator.Modulo:
                    return CelValue.FromDouble(OnDoubles(op, left.AsDouble, right.AsDouble));
            }
        }

        return op switch
        {
            BinaryOperator.Add => Add(ref evaluation, left, right),
            BinaryOperator.Subtract => Instants.Subtract(left, right),
            _ => default,
        } is { Kind: not CelKind.Absent } result
            ? result
            : CelValue.Error(Kinds.NoOverload(op.Symbol(), left, right));
    }

    private static CelValue OnInts(BinaryOperator op, long x, long y)
    {
        if (op is BinaryOperator.Divide or BinaryOperator.Modulo)
        {
            if (y == 0)
            {
                return ZeroDivisor;
            }

            if (x == long.MinValue && y == -1)
            {
                return Overflow;
            }
        }

        var result = op switch
        {
            BinaryOperator.Add => (Int128)x + y,
            BinaryOperator.Subtract => (Int128)x - y,
            BinaryOperator.Multiply => (Int128)x * y,
            BinaryOperator.Divide => x / y,
            _ => x % y,
        };
        return result < long.MinValue || result > long.MaxValue ? Overflow : CelValue.FromInt((long)result);
    }

    private static CelValue OnUints(BinaryOperator op, ulong x, ulong y)
    {
        if (op is BinaryOperator.Divide or BinaryOperator.Modulo)
        {
            return y == 0 ? ZeroDivisor : CelValue.FromUint(op == BinaryOperator.Divide ? x / y : x % y);
        }

        var result = op switch
        {
            BinaryOperator.Add => (Int128)x + y,
            BinaryOperator.Subtract => (Int128)x - y,
            _ => x > 0 && y > ulong.MaxValue / x ? Int128.MaxValue : x * y,
        };
        return result < 0 || result > ulong.MaxValue ? Overflow : CelValue.FromUint((ulong)result);
    }

    private static double OnDoubles(BinaryOperator op, double x, double y) => op switch
    {
        BinaryOperator.Add => x + y,
        BinaryOperator.Subtract => x - y,
        BinaryOperator.Multiply => x * y,
        _ => x / y,
    };

    /// <summary>Concatenation and time; an absent value when there is no such sum.</summary>
    private static CelValue Add(ref Evaluation evaluation, in CelValue left, in CelValue right)
    {
        switch (left.Kind, right.Kind)
        {
            case (CelKind.String, CelKind.String):
                return Texts.Concatenate(ref evaluation, left.AsString, right.AsString);
            case (CelKind.Bytes, CelKind.Bytes):
                return Concatenate(ref evaluation, left.Octets, right.Octets);
            case (CelKind.List, CelKind.List):
                return Concatenate(ref evaluation, left.AsList, right.AsList);
            default:
                return Instants.Add(left, right);
        }
    }

    private static CelValue Concatenate(ref Evaluation evaluation, byte[] left, byte[] right)
    {
        var length = (long)left.Length + right.Length;
        if (length > CelLimits.TextLength)
        {
            return CelValue.Error($"the bytes would be longer than {CelLimits.TextLength}");
        }

        return evaluation.TryChargeText(length)
            ? CelValue.FromOctets([.. left, .. right])
            : CelValue.Error(CelFault.BudgetExhausted);
    }

    private static CelValue Concatenate(ref Evaluation evaluation, CelList left, CelList right)
    {
        var count = (long)left.Count + right.Count;
        if (count > CelLimits.Elements)
        {
            return Texts.TooManyElements;
        }

        if (!evaluation.TryCharge(count))
        {
            return CelValue.Error(CelFault.BudgetExhausted);
        }

        var items = ImmutableArray.CreateBuilder<CelValue>((int)count);
        for (var i = 0; i < count; i++)
        {
            items.Add(i < left.Count ? left[i] : right[i - left.Count]);
        }

        return CelValue.FromList(items.MoveToImmutable());
    }
}
