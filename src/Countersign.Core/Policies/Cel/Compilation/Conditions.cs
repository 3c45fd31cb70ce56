using System.Collections.Immutable;
using Countersign.Core.Policies.Cel.Ast;
using Countersign.Core.Policies.Cel.Checking;
using Countersign.Core.Policies.Cel.Runtime;

namespace Countersign.Core.Policies.Cel.Compilation;

/// <summary>Compiles what answers true or false, without making values of the answers.</summary>
internal static class Conditions
{
    public static Condition Compile(Node node) => FastPaths.TryCompile(node) ?? node switch
    {
        Node.Not not => Not(Compile(not.Operand)),
        Node.Logical logical => Logical(logical),
        Node.Equal equal => Equal(equal),
        Node.Relation relation => Relation(relation),
        Node.In member => In(member),
        Node.HasFact has => HasFact(has.Fact),
        Node.Has has => Has(has),
        Node.Matches matches => Matches(matches),
        Node.Comprehension comprehension when comprehension.Kind
            is ComprehensionKind.All or ComprehensionKind.Exists or ComprehensionKind.ExistsOne =>
            Comprehensions.CompileTest(comprehension),
        _ => Of(Operations.Compile(node)),
    };

    public static Truth ToTruth(ref Evaluation evaluation, in CelValue value) => value.Kind switch
    {
        CelKind.Bool => value.AsBool ? Truth.True : Truth.False,
        CelKind.Error => evaluation.Fail(value.Fault),
        _ => evaluation.Fail($"expected a bool, not {value}"),
    };

    private static Condition Of(Operation operation) => (ref e) => ToTruth(ref e, operation(ref e));

    private static Condition Not(Condition operand) => (ref e) => operand(ref e) switch
    {
        Truth.True => Truth.False,
        Truth.False => Truth.True,
        _ => Truth.Fault,
    };

    /// <summary>
    /// One decisive operand decides, in any position; only without one does an error come out (langdef, "Logical
    /// Operators").
    /// </summary>
    private static Condition Logical(Node.Logical logical)
    {
        var operands = logical.Operands.Select(Compile).ToArray();
        var decisive = logical.IsAnd ? Truth.False : Truth.True;
        var otherwise = logical.IsAnd ? Truth.True : Truth.False;
        return (ref e) =>
        {
            CelFault? fault = null;
            foreach (var operand in operands)
            {
                var truth = operand(ref e);
                if (truth == decisive)
                {
                    return decisive;
                }

                if (truth == Truth.Fault)
                {
                    fault ??= e.Fault;
                }
            }

            return fault is null ? otherwise : e.Fail(fault);
        };
    }

    private static Condition Equal(Node.Equal equal)
    {
        var (left, right) = (Operations.Compile(equal.Left), Operations.Compile(equal.Right));
        var whenEqual = equal.IsNegated ? Truth.False : Truth.True;
        var whenNot = equal.IsNegated ? Truth.True : Truth.False;
        return (ref e) =>
        {
            var (x, y) = (left(ref e), right(ref e));
            if (x.IsError || y.IsError)
            {
                return e.Fail(x.IsError ? x.Fault : y.Fault);
            }

            var truth = Equality.AreEqual(ref e, x, y);
            return truth == Truth.Fault ? truth : truth == Truth.True ? whenEqual : whenNot;
        };
    }

    private static Condition Relation(Node.Relation relation)
    {
        var (left, right) = (Operations.Compile(relation.Left), Operations.Compile(relation.Right));
        var op = relation.Operator;
        return (ref e) =>
        {
            var (x, y) = (left(ref e), right(ref e));
            return x.IsError || y.IsError
                ? e.Fail(x.IsError ? x.Fault : y.Fault)
                : Ordering.Test(ref e, op, x, y);
        };
    }

    private static Condition In(Node.In member)
    {
        var (element, container) = (Operations.Compile(member.Element), Operations.Compile(member.Container));
        return (ref e) => Access.In(ref e, element(ref e), container(ref e));
    }

    private static Condition HasFact(Fact fact)
    {
        var slot = fact.Slot;
        return (ref e) => e.Facts[slot].Kind switch
        {
            CelKind.Absent => Truth.False,
            CelKind.Error => e.Fail(e.Facts[slot].Fault),
            _ => Truth.True,
        };
    }

    private static Condition Has(Node.Has has)
    {
        var operand = Operations.Compile(has.Operand);
        var field = has.Field;
        return (ref e) => Access.Has(ref e, operand(ref e), field);
    }

    private static Condition Matches(Node.Matches matches)
    {
        var operand = Operations.Compile(matches.Operand);
        var pattern = matches.Pattern;
        return (ref e) => pattern.Test(ref e, operand(ref e));
    }
}
