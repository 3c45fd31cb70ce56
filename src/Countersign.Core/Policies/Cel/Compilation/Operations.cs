using System.Collections.Immutable;
using Countersign.Core.Policies.Cel.Ast;
using Countersign.Core.Policies.Cel.Checking;
using Countersign.Core.Policies.Cel.Runtime;

namespace Countersign.Core.Policies.Cel.Compilation;

/// <summary>Compiles expressions of any type to delegates that return values.</summary>
internal static class Operations
{
    public static Operation Compile(Node node) => node switch
    {
        Node.Constant constant => Constant(constant.Value),
        Node.Faulty faulty => Constant(CelValue.Error(faulty.Reason)),
        Node.FactRead read => FactRead(read.Fact),
        Node.Local local => Local(local.Slot),
        Node.Select select => Select(select),
        Node.Index index => Index(index),
        Node.Negate negate => Negate(Compile(negate.Operand)),
        Node.Arithmetic arithmetic => Arithmetic(arithmetic),
        Node.Conditional conditional => Conditional(conditional),
        Node.List list => List(list),
        Node.Map map => Map(map),
        Node.Bind bind => Bind(bind),
        Node.Call call => Calls.Compile(call),
        Node.HostCall call => Calls.Compile(call),
        Node.Comprehension comprehension when comprehension.Kind is not (ComprehensionKind.All
            or ComprehensionKind.Exists or ComprehensionKind.ExistsOne) =>
                Comprehensions.CompileTransform(comprehension),
        _ => Of(Conditions.Compile(node)),
    };

    private static Operation Of(Condition condition) => (ref e) => condition(ref e) switch
    {
        Truth.True => CelValue.True,
        Truth.False => CelValue.False,
        _ => CelValue.Error(e.Fault!),
    };

    private static Operation Constant(CelValue value) => (ref e) => value;

    private static Operation FactRead(Fact fact)
    {
        var slot = fact.Slot;
        var missing = CelValue.Error(fact.Missing);
        return (ref e) =>
        {
            ref readonly var value = ref e.Facts[slot];
            return value.Kind == CelKind.Absent ? missing : value;
        };
    }

    private static Operation Local(int slot) => (ref e) => e.Locals[slot];

    private static Operation Select(Node.Select select)
    {
        var operand = Compile(select.Operand);
        var field = select.Field;
        return (ref e) => Access.Select(operand(ref e), field);
    }

    private static Operation Index(Node.Index index)
    {
        var (operand, key) = (Compile(index.Operand), Compile(index.Key));
        return (ref e) => Access.Index(ref e, operand(ref e), key(ref e));
    }

    private static Operation Negate(Operation operand) => (ref e) => Runtime.Arithmetic.Negate(operand(ref e));

    private static Operation Arithmetic(Node.Arithmetic arithmetic)
    {
        var (left, right) = (Compile(arithmetic.Left), Compile(arithmetic.Right));
        var op = arithmetic.Operator;
        return (ref e) => Runtime.Arithmetic.Apply(ref e, op, left(ref e), right(ref e));
    }

    private static Operation Conditional(Node.Conditional conditional)
    {
        var test = Conditions.Compile(conditional.Test);
        var (then, otherwise) = (Compile(conditional.Then), Compile(conditional.Else));
        return (ref e) => test(ref e) switch
        {
            Truth.True => then(ref e),
            Truth.False => otherwise(ref e),
            _ => CelValue.Error(e.Fault!),
        };
    }

    private static Operation List(Node.List list)
    {
        var items = list.Items.Select(Compile).ToArray();
        return (ref e) =>
        {
            var values = ImmutableArray.CreateBuilder<CelValue>(items.Length);
            foreach (var item in items)
            {
                var value = item(ref e);
                if (value.IsError)
                {
                    return value;
                }

                values.Add(value);
            }

            return CelValue.FromList(values.MoveToImmutable());
        };
    }

    private static Operation Map(Node.Map map)
    {
        var entries = map.Entries.Select(entry => (Key: Compile(entry.Key), Value: Compile(entry.Value))).ToArray();
        return (ref e) =>
        {
            var values = ImmutableArray.CreateBuilder<KeyValuePair<CelValue, CelValue>>(entries.Length);
            foreach (var entry in entries)
            {
                var (key, value) = (entry.Key(ref e), entry.Value(ref e));
                if (key.IsError || value.IsError)
                {
                    return key.IsError ? key : value;
                }

                if (!e.TryChargeRead(key))
                {
                    return CelValue.Error(CelFault.BudgetExhausted);
                }

                values.Add(new(key, value));
            }

            return CelMap.OfEntries.Create(values.MoveToImmutable());
        };
    }

    private static Operation Bind(Node.Bind bind)
    {
        var (value, body) = (Compile(bind.Value), Compile(bind.Body));
        var slot = bind.Slot;
        return (ref e) =>
        {
            // An error is bound like any value, so that a body that never reads it is not disturbed.
            e.Locals[slot] = value(ref e);
            return body(ref e);
        };
    }
}
