using System.Collections.Frozen;
using Countersign.Core.Policies.Cel.Ast;
using Countersign.Core.Policies.Cel.Checking;
using Countersign.Core.Policies.Cel.Functions;
using Countersign.Core.Policies.Cel.Runtime;

namespace Countersign.Core.Policies.Cel.Compilation;

/// <summary>
/// The atoms that most rules are made of: a fact or a local against a constant. They read a slot and compare, without
/// copying a value. A value of another kind than expected takes the general way, so declared types are only a hint.
/// </summary>
internal static class FastPaths
{
    public static Condition? TryCompile(Node node) => node switch
    {
        Node.FactRead { Fact: var fact } => Flag(fact),
        Node.Equal { Left: Node.FactRead { Fact: var fact }, Right: Node.Constant { Value: var value } } equal =>
            Equal(fact, value, equal.IsNegated),
        Node.Equal { Left: Node.Constant { Value: var value }, Right: Node.FactRead { Fact: var fact } } equal =>
            Equal(fact, value, equal.IsNegated),
        Node.Equal { Left: Node.Local { Slot: var slot }, Right: Node.Constant { Value: var value } } equal =>
            EqualLocal(slot, value, equal.IsNegated),
        Node.Relation { Left: Node.FactRead { Fact: var fact }, Right: Node.Constant { Value: var value } } relation
            when value.Kind == CelKind.Int => Compare(fact, relation.Operator, value),
        Node.In { Element: Node.FactRead { Fact: var fact }, Container: Node.Constant { Value: var list } } =>
            In(fact, list),
        Node.Call
        {
            Overloads: [{ IsTextTest: true } overload],
            Arguments: [Node.FactRead { Fact: var fact }, Node.Constant { Value: { Kind: CelKind.String } text }],
        } => Test(fact, overload, text),
        Node.In { Element: Node.Local { Slot: var slot }, Container: Node.Constant { Value: var list } } =>
            InLocal(slot, list),
        _ => null,
    };

    private static Condition Flag(Fact fact)
    {
        var slot = fact.Slot;
        return (ref e) =>
        {
            ref readonly var value = ref e.Facts[slot];
            return value.Kind == CelKind.Bool
                ? value.AsBool ? Truth.True : Truth.False
                : Unusual(ref e, fact, static (ref e, in value) => Conditions.ToTruth(ref e, value));
        };
    }

    private static Condition Equal(Fact fact, CelValue constant, bool isNegated)
    {
        var slot = fact.Slot;
        var (whenEqual, whenNot) = isNegated ? (Truth.False, Truth.True) : (Truth.True, Truth.False);
        Inspection general = (ref e, in value) =>
            Negate(Equality.AreEqual(ref e, value, constant), isNegated);
        if (constant.Kind == CelKind.String)
        {
            var text = constant.AsString;
            return (ref e) =>
            {
                ref readonly var value = ref e.Facts[slot];
                return value.Kind != CelKind.String ? Unusual(ref e, fact, general)
                    : string.Equals(value.AsString, text) ? whenEqual : whenNot;
            };
        }

        if (constant.Kind == CelKind.Int)
        {
            var number = constant.AsInt;
            return (ref e) =>
            {
                ref readonly var value = ref e.Facts[slot];
                return value.Kind != CelKind.Int ? Unusual(ref e, fact, general)
                    : value.AsInt == number ? whenEqual : whenNot;
            };
        }

        return (ref e) => Unusual(ref e, fact, general);
    }

    /// <summary>startsWith and endsWith a constant, with the charges of the call.</summary>
    private static Condition Test(Fact fact, Overload overload, CelValue constant)
    {
        var slot = fact.Slot;
        var text = constant.AsString;
        var isStart = overload.Name == "startsWith";
        return (ref e) =>
        {
            ref readonly var value = ref e.Facts[slot];
            if (value.Kind != CelKind.String)
            {
                return Unusual(ref e, fact, (ref e, in value) =>
                    e.Fail($"no such overload: {overload.Name}({Kinds.NameOf(value.Kind)}, string)"));
            }

            var whole = value.AsString;
            return !e.TryChargeRead(value) || !e.TryChargeRead(constant) || !e.TryChargeText(whole.Length)
                    ? e.Fail(CelFault.BudgetExhausted)
                : (isStart ? whole.AsSpan().StartsWith(text) : whole.AsSpan().EndsWith(text)) ? Truth.True
                : Truth.False;
        };
    }

    private static Condition? EqualLocal(int slot, CelValue constant, bool isNegated)
    {
        if (constant.Kind != CelKind.String)
        {
            return null;
        }

        var text = constant.AsString;
        return (ref e) =>
        {
            ref readonly var value = ref e.Locals[slot];
            return value.Kind == CelKind.String
                ? string.Equals(value.AsString, text) != isNegated ? Truth.True : Truth.False
                : value.IsError ? e.Fail(value.Fault)
                : Negate(Equality.AreEqual(ref e, value, constant), isNegated);
        };
    }

    private static Condition Compare(Fact fact, BinaryOperator relation, CelValue constant)
    {
        var slot = fact.Slot;
        var number = constant.AsInt;
        return (ref e) =>
        {
            ref readonly var value = ref e.Facts[slot];
            return value.Kind == CelKind.Int
                ? Ordering.Holds(relation, value.AsInt.CompareTo(number))
                : Unusual(ref e, fact, (ref e, in value) => Ordering.Test(ref e, relation, value, constant));
        };
    }

    private static Condition? In(Fact fact, CelValue list)
    {
        if (Strings(list) is not { } known)
        {
            return null;
        }

        var slot = fact.Slot;
        return (ref e) =>
        {
            ref readonly var value = ref e.Facts[slot];
            return value.Kind != CelKind.String
                ? Unusual(ref e, fact, (ref e, in value) => Access.In(ref e, value, list))
                : known.Contains(value.AsString) ? Truth.True : Truth.False;
        };
    }

    private static Condition? InLocal(int slot, CelValue list)
    {
        if (Strings(list) is not { } known)
        {
            return null;
        }

        return (ref e) =>
        {
            ref readonly var value = ref e.Locals[slot];
            return value.Kind != CelKind.String ? Access.In(ref e, value, list)
                : known.Contains(value.AsString) ? Truth.True : Truth.False;
        };
    }

    /// <summary>The elements of a constant list of strings only; null for any other value.</summary>
    private static FrozenSet<string>? Strings(in CelValue list)
    {
        if (list.Kind != CelKind.List)
        {
            return null;
        }

        var strings = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < list.AsList.Count; i++)
        {
            if (list.AsList[i].Kind != CelKind.String)
            {
                return null;
            }

            strings.Add(list.AsList[i].AsString);
        }

        return strings.ToFrozenSet(StringComparer.Ordinal);
    }

    private delegate Truth Inspection(ref Evaluation evaluation, in CelValue value);

    /// <summary>A fact that is missing, an error, or of a kind the fast path does not compare.</summary>
    private static Truth Unusual(ref Evaluation evaluation, Fact fact, Inspection inspect)
    {
        ref readonly var value = ref evaluation.Facts[fact.Slot];
        return value.Kind switch
        {
            CelKind.Absent => evaluation.Fail(fact.Missing),
            CelKind.Error => evaluation.Fail(value.Fault),
            _ => inspect(ref evaluation, value),
        };
    }

    private static Truth Negate(Truth truth, bool isNegated) => truth switch
    {
        Truth.Fault => truth,
        _ => (truth == Truth.True) != isNegated ? Truth.True : Truth.False,
    };
}
