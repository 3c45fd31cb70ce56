using Countersign.Core.Policies.Cel.Ast;

namespace Countersign.Core.Policies.Cel.Checking;

/// <summary>Operators, subscripts and comprehensions.</summary>
internal sealed partial class Checker
{
    private Node CheckUnary(Expression.Unary unary)
    {
        if (unary.Operator == UnaryOperator.Not)
        {
            return new Node.Not(CheckCondition(unary.Operand));
        }

        var operand = Check(unary.Operand);
        CelType[] allowed = [CelType.Dyn, CelType.Int, CelType.Double, CelType.Duration];
        if (!allowed.Contains(operand.Type))
        {
            Report(unary.At, $"'-' takes an int, a double or a duration, not {operand.Type}");
        }

        return new Node.Negate(operand, operand.Type);
    }

    private Node CheckBinary(Expression.Binary binary)
    {
        var left = Check(binary.Left);
        var right = Check(binary.Right);
        switch (binary.Operator)
        {
            case BinaryOperator.Equal or BinaryOperator.NotEqual:
                Require(TypeRules.AreComparable(left.Type, right.Type), binary, left, right);
                return new Node.Equal(binary.Operator == BinaryOperator.NotEqual, left, right);
            case BinaryOperator.In:
                Require(IsMember(left.Type, right.Type), binary, left, right);
                return new Node.In(left, right);
            case BinaryOperator.Less or BinaryOperator.LessOrEqual or BinaryOperator.Greater
                or BinaryOperator.GreaterOrEqual:
                Require(TypeRules.AreOrdered(left.Type, right.Type), binary, left, right);
                return new Node.Relation(binary.Operator, left, right);
            default:
                var type = TypeRules.Arithmetic(binary.Operator, left.Type, right.Type);
                Require(type is not null, binary, left, right);
                return new Node.Arithmetic(binary.Operator, left, right, type ?? CelType.Dyn);
        }
    }

    private static bool IsMember(CelType element, CelType container) =>
        TypeRules.ElementOf(container) is { } member && TypeRules.AreComparable(element, member);

    private void Require(bool condition, Expression.Binary binary, Node left, Node right)
    {
        if (!condition)
        {
            Report(binary.At, $"'{binary.Operator.Symbol()}' does not take {left.Type} and {right.Type}");
        }
    }

    private Node.Index CheckIndex(Expression.Index index)
    {
        var operand = Check(index.Operand);
        var key = Check(index.Key);
        var (accepts, type) = operand.Type switch
        {
            CelType.List list => (key.Type.IsDyn || key.Type.IsNumeric, list.Element),
            CelType.Map map => (TypeRules.AreComparable(key.Type, map.Key), map.Value),
            _ => (operand.Type.IsDyn, CelType.Dyn),
        };
        if (!accepts)
        {
            Report(index.At, $"{operand.Type} has no element [{key.Type}]");
        }

        return new Node.Index(operand, key, type);
    }

    private Node.Comprehension CheckComprehension(Expression.Comprehension comprehension)
    {
        var range = Check(comprehension.Range);
        var element = TypeRules.ElementOf(range.Type);
        if (element is null)
        {
            var name = Parsing.Macros.NameOf(comprehension.Kind, comprehension.Names.Length);
            Report(comprehension.At, $"'{name}' walks a list or a map, not {range.Type}");
        }

        if (++_comprehensions > _limits.NestedComprehensions)
        {
            _errors.Add(CelError.At(
                _source,
                comprehension.At,
                $"more than {_limits.NestedComprehensions} comprehensions inside one another"));
        }

        var hasTwo = comprehension.Names.Length == 2;
        var slot = DeclareVariables(comprehension, range.Type, element ?? CelType.Dyn);
        var filter = comprehension.Filter is null ? null : CheckCondition(comprehension.Filter);
        var body = IsTest(comprehension.Kind) ? CheckCondition(comprehension.Body) : Check(comprehension.Body);
        Forget(comprehension.Names.Length);
        _comprehensions--;

        var type = ResultType(comprehension.Kind, range.Type, element ?? CelType.Dyn, body.Type);
        return new Node.Comprehension(comprehension.Kind, range, slot, hasTwo, filter, body, type);
    }

    private int DeclareVariables(Expression.Comprehension comprehension, CelType range, CelType element)
    {
        if (comprehension.Names.Length == 1)
        {
            return Declare(comprehension.Names[0], element);
        }

        if (comprehension.Names[0] == comprehension.Names[1])
        {
            Report(comprehension.At, $"the two variables are both named '{comprehension.Names[0]}'");
        }

        var (first, second) = range switch
        {
            CelType.List => (CelType.Int, element),
            CelType.Map map => (map.Key, map.Value),
            _ => (CelType.Dyn, CelType.Dyn),
        };
        var slot = Declare(comprehension.Names[0], first);
        Declare(comprehension.Names[1], second);
        return slot;
    }

    private static bool IsTest(ComprehensionKind kind) =>
        kind is ComprehensionKind.All or ComprehensionKind.Exists or ComprehensionKind.ExistsOne
            or ComprehensionKind.Filter;

    private static CelType ResultType(ComprehensionKind kind, CelType range, CelType element, CelType body) =>
        kind switch
        {
            ComprehensionKind.All or ComprehensionKind.Exists or ComprehensionKind.ExistsOne => CelType.Bool,
            ComprehensionKind.Map or ComprehensionKind.TransformList => CelType.ListOf(body),
            ComprehensionKind.TransformMap => CelType.MapOf(range is CelType.List ? CelType.Int : element, body),
            ComprehensionKind.TransformMapEntry => body is CelType.Map ? body : CelType.Dyn,
            _ => CelType.ListOf(element),
        };
}
