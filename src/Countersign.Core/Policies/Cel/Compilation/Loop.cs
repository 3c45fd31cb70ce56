using Countersign.Core.Policies.Cel.Checking;
using Countersign.Core.Policies.Cel.Runtime;

namespace Countersign.Core.Policies.Cel.Compilation;

/// <summary>What every comprehension shares: its range, its variables and its filter.</summary>
internal sealed class Loop
{
    private readonly Operation _range;
    private readonly Condition? _filter;
    private readonly int _slot;
    private readonly bool _hasTwoVariables;

    public Loop(Node.Comprehension node)
    {
        _range = Operations.Compile(node.Range);
        _filter = node.Filter is null ? null : Conditions.Compile(node.Filter);
        _slot = node.Slot;
        _hasTwoVariables = node.HasTwoVariables;
    }

    /// <summary>Evaluates the range; false leaves the fault in the evaluation.</summary>
    public bool TryOpen(ref Evaluation evaluation, out Walk walk)
    {
        var range = _range(ref evaluation);
        walk = range.Kind switch
        {
            CelKind.List => new Walk(range.AsList, Map: null, range.AsList.Count),
            CelKind.Map => new Walk(List: null, range.AsMap, range.AsMap.Count),
            _ => default,
        };
        if (range.Kind is CelKind.List or CelKind.Map)
        {
            return true;
        }

        _ = range.IsError
            ? evaluation.Fail(range.Fault)
            : evaluation.Fail($"only a list or a map has elements, not {range}");
        return false;
    }

    /// <summary>Sets the variables to the element at an index; false when the budget is exhausted.</summary>
    public bool TryEnter(ref Evaluation evaluation, in Walk walk, int index)
    {
        if (!evaluation.TryCharge(1))
        {
            evaluation.Fail(CelFault.BudgetExhausted);
            return false;
        }

        if (_hasTwoVariables)
        {
            evaluation.Locals[_slot] = walk.KeyAt(index);
            evaluation.Locals[_slot + 1] = walk.ValueAt(index);
        }
        else
        {
            evaluation.Locals[_slot] = walk.ElementAt(index);
        }

        return true;
    }

    /// <summary>Enters an element and asks the filter.</summary>
    public Truth Passes(ref Evaluation evaluation, in Walk walk, int index) =>
        !TryEnter(ref evaluation, walk, index) ? Truth.Fault
        : _filter is null ? Truth.True
        : _filter(ref evaluation);
}

/// <summary>A list, which is walked by element, or a map, which is walked by key.</summary>
internal readonly record struct Walk(CelList? List, CelMap? Map, int Count)
{
    public CelValue ElementAt(int index) => List is null ? Map!.KeyAt(index) : List[index];

    public CelValue KeyAt(int index) => List is null ? Map!.KeyAt(index) : CelValue.FromInt(index);

    public CelValue ValueAt(int index) => List is null ? Map!.ValueAt(index) : List[index];
}
