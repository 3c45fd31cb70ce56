using Countersign.Core.Policies.Cel;
using Countersign.Core.Policies.Cel.Ast;
using Countersign.Core.Policies.Inputs;

namespace Countersign.Core.Policies.Judging;

/// <summary>The least and the greatest value of a whole number that a condition may be true for.</summary>
internal readonly record struct Bounds(Fact? Fact, long Least, long Most)
{
    private static readonly Bounds None = new(Fact: null, long.MinValue, long.MaxValue);

    /// <summary>The bounds that a condition sets the first number that it compares.</summary>
    public static Bounds Of(Expression condition)
    {
        if (condition is not Expression.Logical { IsAnd: true } all)
        {
            return OfComparison(condition);
        }

        var bounds = None;
        foreach (var operand in all.Operands)
        {
            bounds = bounds.Narrowed(Of(operand));
        }

        return bounds;
    }

    private Bounds Narrowed(Bounds other) =>
        Fact is null ? other
        : other.Fact != Fact ? this
        : this with { Least = Math.Max(Least, other.Least), Most = Math.Min(Most, other.Most) };

    private static Bounds OfComparison(Expression condition)
    {
        if (condition is not Expression.Binary
            {
                Left: Expression.Select left,
                Right: Expression.Literal { Value: { Kind: CelKind.Int } literal },
            } comparison
            || !PolicySchema.Instance.Facts.TryGetValue(left.ToString(), out var fact)
            || fact.Fact.Type != CelType.Int)
        {
            return None;
        }

        // A bound that would go beyond the numbers there are is left to the rule itself.
        var number = literal.AsInt;
        return comparison.Operator switch
        {
            BinaryOperator.Equal => new Bounds(fact.Fact, number, number),
            BinaryOperator.LessOrEqual => new Bounds(fact.Fact, long.MinValue, number),
            BinaryOperator.GreaterOrEqual => new Bounds(fact.Fact, number, long.MaxValue),
            BinaryOperator.Less when number > long.MinValue => new Bounds(fact.Fact, long.MinValue, number - 1),
            BinaryOperator.Greater when number < long.MaxValue => new Bounds(fact.Fact, number + 1, long.MaxValue),
            _ => None,
        };
    }
}
