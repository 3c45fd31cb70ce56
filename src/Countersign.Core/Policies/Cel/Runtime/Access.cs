namespace Countersign.Core.Policies.Cel.Runtime;

/// <summary>Selection, subscripts, presence and membership.</summary>
internal static class Access
{
    public static CelValue Select(in CelValue operand, in CelValue field) => operand.Kind switch
    {
        CelKind.Map => operand.AsMap.TryGet(field, out var value) ? value : NoSuchKey(field),
        CelKind.Error => operand,
        _ => CelValue.Error($"{Kinds.NameOf(operand.Kind)} has no member '{field.AsString}'"),
    };

    public static Truth Has(ref Evaluation evaluation, in CelValue operand, in CelValue field) => operand.Kind switch
    {
        CelKind.Map => operand.AsMap.TryGet(field, out _) ? Truth.True : Truth.False,
        CelKind.Error => evaluation.Fail(operand.Fault),
        _ => evaluation.Fail($"{Kinds.NameOf(operand.Kind)} has no member '{field.AsString}'"),
    };

    public static CelValue Index(ref Evaluation evaluation, in CelValue operand, in CelValue key)
    {
        if (operand.IsError)
        {
            return operand;
        }

        if (key.IsError)
        {
            return key;
        }

        if (!evaluation.TryChargeRead(key))
        {
            return CelValue.Error(CelFault.BudgetExhausted);
        }

        return operand.Kind switch
        {
            CelKind.Map => operand.AsMap.TryGet(key, out var value) ? value : NoSuchKey(key),
            CelKind.List => At(operand.AsList, key),
            _ => CelValue.Error(Kinds.NoOverload("[]", operand, key)),
        };
    }

    public static Truth In(ref Evaluation evaluation, in CelValue element, in CelValue container)
    {
        if (element.IsError)
        {
            return evaluation.Fail(element.Fault);
        }

        return container.Kind switch
        {
            CelKind.List => Equality.Contains(ref evaluation, element, container.AsList),
            CelKind.Map when !evaluation.TryChargeRead(element) => evaluation.Fail(CelFault.BudgetExhausted),
            CelKind.Map => container.AsMap.TryGet(element, out _) ? Truth.True : Truth.False,
            CelKind.Error => evaluation.Fail(container.Fault),
            _ => evaluation.Fail(Kinds.NoOverload("in", element, container)),
        };
    }

    private static CelValue At(CelList list, in CelValue key)
    {
        // A number of any kind may be an index when its value is a whole one (langdef, "List Indexing").
        if (!MapKey.TryFrom(key, out _) || !Numbers.IsNumeric(key.Kind))
        {
            return CelValue.Error($"a list index must be a whole number, not {key}");
        }

        var index = Numbers.ToDouble(key);
        return index >= 0 && index < list.Count
            ? list[(int)index]
            : CelValue.Error($"the index {key} is outside a list of {list.Count}");
    }

    private static CelValue NoSuchKey(in CelValue key) => CelValue.Error($"no such key: {key}");
}
