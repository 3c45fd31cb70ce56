using Countersign.Core.Policies.Cel.Ast;

namespace Countersign.Core.Policies.Cel.Checking;

/// <summary>Which types may stand where.</summary>
internal static class TypeRules
{
    /// <summary>Whether a value of a type may be passed where another is declared; dyn passes both ways.</summary>
    public static bool Fits(CelType actual, CelType declared) => (actual, declared) switch
    {
        _ when actual.IsDyn || declared.IsDyn || declared is CelType.Parameter => true,
        (CelType.List x, CelType.List y) => Fits(x.Element, y.Element),
        (CelType.Map x, CelType.Map y) => Fits(x.Key, y.Key) && Fits(x.Value, y.Value),
        _ => actual == declared,
    };

    /// <summary>The type of a value that may have either type.</summary>
    public static CelType Join(CelType left, CelType right) => left == right ? left : CelType.Dyn;

    /// <summary>Numbers of any kind compare by value; everything else only with its own type.</summary>
    public static bool AreComparable(CelType left, CelType right) =>
        Fits(left, right) || Fits(right, left) || (left.IsNumeric && right.IsNumeric) || (left, right) switch
        {
            (CelType.List x, CelType.List y) => AreComparable(x.Element, y.Element),
            (CelType.Map x, CelType.Map y) => AreComparable(x.Key, y.Key) && AreComparable(x.Value, y.Value),
            _ => false,
        };

    public static bool AreOrdered(CelType left, CelType right) =>
        AreComparable(left, right) && HasOrder(left) && HasOrder(right);

    /// <summary>The type of an arithmetic operation; null when there is none.</summary>
    public static CelType? Arithmetic(BinaryOperator op, CelType left, CelType right)
    {
        if (left.IsDyn || right.IsDyn)
        {
            return CelType.Dyn;
        }

        if (left == right && left.IsNumeric)
        {
            return left == CelType.Double && op == BinaryOperator.Modulo ? null : left;
        }

        return op switch
        {
            BinaryOperator.Add => Sum(left, right),
            BinaryOperator.Subtract => Difference(left, right),
            _ => null,
        };
    }

    /// <summary>
    /// The element type a comprehension sees: of a list its elements, of a map its keys; null for others.
    /// </summary>
    public static CelType? ElementOf(CelType range) => range switch
    {
        CelType.List list => list.Element,
        CelType.Map map => map.Key,
        _ => range.IsDyn ? CelType.Dyn : null,
    };

    /// <summary>Replaces the type variable of a signature by what the first matching argument says it is.</summary>
    public static CelType Substitute(CelType result, IEnumerable<(CelType Declared, CelType Actual)> arguments)
    {
        var binding = arguments
            .Select(static pair => pair switch
            {
                (CelType.Parameter, var actual) => actual,
                (CelType.List { Element: CelType.Parameter }, CelType.List actual) => actual.Element,
                _ => null,
            })
            .FirstOrDefault(static bound => bound is not null) ?? CelType.Dyn;
        return result switch
        {
            CelType.Parameter => binding,
            CelType.List { Element: CelType.Parameter } => CelType.ListOf(binding),
            _ => result,
        };
    }

    private static bool HasOrder(CelType type) =>
        type.IsDyn || type.IsNumeric || type == CelType.String || type == CelType.Bytes || type == CelType.Bool
        || type == CelType.Timestamp || type == CelType.Duration;

    private static CelType? Sum(CelType left, CelType right) => (left, right) switch
    {
        (CelType.List x, CelType.List y) => CelType.ListOf(Join(x.Element, y.Element)),
        _ when left == right && (left == CelType.String || left == CelType.Bytes || left == CelType.Duration) => left,
        _ when left == CelType.Timestamp && right == CelType.Duration => left,
        _ when left == CelType.Duration && right == CelType.Timestamp => right,
        _ => null,
    };

    private static CelType? Difference(CelType left, CelType right) => (left, right) switch
    {
        _ when left == CelType.Timestamp && right == CelType.Timestamp => CelType.Duration,
        _ when (left == CelType.Timestamp || left == CelType.Duration) && right == CelType.Duration => left,
        _ => null,
    };
}
