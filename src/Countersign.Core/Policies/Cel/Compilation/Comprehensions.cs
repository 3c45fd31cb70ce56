using System.Collections.Immutable;
using Countersign.Core.Policies.Cel.Ast;
using Countersign.Core.Policies.Cel.Checking;
using Countersign.Core.Policies.Cel.Functions;
using Countersign.Core.Policies.Cel.Runtime;

namespace Countersign.Core.Policies.Cel.Compilation;

/// <summary>Compiles the macros that walk a list or a map; every element costs one step.</summary>
internal static class Comprehensions
{
    public static Condition CompileTest(Node.Comprehension node)
    {
        var loop = new Loop(node);
        var body = Conditions.Compile(node.Body);
        return node.Kind switch
        {
            ComprehensionKind.All => (ref e) => Decide(ref e, loop, body, decisive: Truth.False),
            ComprehensionKind.Exists => (ref e) => Decide(ref e, loop, body, decisive: Truth.True),
            _ => (ref e) => CountOne(ref e, loop, body),
        };
    }

    public static Operation CompileTransform(Node.Comprehension node)
    {
        var loop = new Loop(node);
        if (node.Kind == ComprehensionKind.Filter)
        {
            var test = Conditions.Compile(node.Body);
            return (ref e) => Filter(ref e, loop, test);
        }

        var body = Operations.Compile(node.Body);
        return node.Kind switch
        {
            ComprehensionKind.TransformMap => (ref e) => TransformMap(ref e, loop, body, isEntry: false),
            ComprehensionKind.TransformMapEntry => (ref e) => TransformMap(ref e, loop, body, isEntry: true),
            ComprehensionKind.SortBy => (ref e) => SortBy(ref e, loop, body),
            _ => (ref e) => Map(ref e, loop, body),
        };
    }

    /// <summary>all and exists: one decisive element decides, whatever errors the others have.</summary>
    private static Truth Decide(ref Evaluation evaluation, Loop loop, Condition body, Truth decisive)
    {
        if (!loop.TryOpen(ref evaluation, out var walk))
        {
            return Truth.Fault;
        }

        CelFault? fault = null;
        for (var i = 0; i < walk.Count; i++)
        {
            if (!loop.TryEnter(ref evaluation, walk, i))
            {
                return Truth.Fault;
            }

            var truth = body(ref evaluation);
            if (truth == decisive)
            {
                return decisive;
            }

            if (truth == Truth.Fault)
            {
                fault ??= evaluation.Fault;
            }
        }

        return fault is not null ? evaluation.Fail(fault) : decisive == Truth.True ? Truth.False : Truth.True;
    }

    /// <summary>exists_one absorbs no error, so every element is looked at.</summary>
    private static Truth CountOne(ref Evaluation evaluation, Loop loop, Condition body)
    {
        if (!loop.TryOpen(ref evaluation, out var walk))
        {
            return Truth.Fault;
        }

        var count = 0;
        for (var i = 0; i < walk.Count; i++)
        {
            var truth = loop.TryEnter(ref evaluation, walk, i) ? body(ref evaluation) : Truth.Fault;
            if (truth == Truth.Fault)
            {
                return truth;
            }

            count += truth == Truth.True ? 1 : 0;
        }

        return count == 1 ? Truth.True : Truth.False;
    }

    private static CelValue Filter(ref Evaluation evaluation, Loop loop, Condition test)
    {
        if (!loop.TryOpen(ref evaluation, out var walk))
        {
            return CelValue.Error(evaluation.Fault!);
        }

        var kept = ImmutableArray.CreateBuilder<CelValue>();
        for (var i = 0; i < walk.Count; i++)
        {
            var truth = loop.TryEnter(ref evaluation, walk, i) ? test(ref evaluation) : Truth.Fault;
            if (truth == Truth.Fault)
            {
                return CelValue.Error(evaluation.Fault!);
            }

            if (truth == Truth.True)
            {
                kept.Add(walk.ElementAt(i));
            }
        }

        return CelValue.FromList(kept.DrainToImmutable());
    }

    private static CelValue Map(ref Evaluation evaluation, Loop loop, Operation body) =>
        loop.TryOpen(ref evaluation, out var walk)
            ? Map(ref evaluation, loop, walk, body)
            : CelValue.Error(evaluation.Fault!);

    private static CelValue Map(ref Evaluation evaluation, Loop loop, in Walk walk, Operation body)
    {
        var results = ImmutableArray.CreateBuilder<CelValue>();
        for (var i = 0; i < walk.Count; i++)
        {
            var passes = loop.Passes(ref evaluation, walk, i);
            if (passes == Truth.Fault)
            {
                return CelValue.Error(evaluation.Fault!);
            }

            if (passes == Truth.True)
            {
                var result = body(ref evaluation);
                if (result.IsError)
                {
                    return result;
                }

                results.Add(result);
            }
        }

        return CelValue.FromList(results.DrainToImmutable());
    }

    private static CelValue TransformMap(ref Evaluation evaluation, Loop loop, Operation body, bool isEntry)
    {
        if (!loop.TryOpen(ref evaluation, out var walk))
        {
            return CelValue.Error(evaluation.Fault!);
        }

        var entries = ImmutableArray.CreateBuilder<KeyValuePair<CelValue, CelValue>>();
        for (var i = 0; i < walk.Count; i++)
        {
            var passes = loop.Passes(ref evaluation, walk, i);
            if (passes == Truth.Fault)
            {
                return CelValue.Error(evaluation.Fault!);
            }

            var result = passes == Truth.True ? body(ref evaluation) : default;
            if (result.IsError)
            {
                return result;
            }

            if (passes == Truth.True && !TryAdd(entries, walk.KeyAt(i), result, isEntry))
            {
                return CelValue.Error($"transformMapEntry makes a map for each element, not {result}");
            }
        }

        // Every key is looked up once, and one text may be the key of many entries.
        foreach (var entry in entries)
        {
            if (!evaluation.TryChargeRead(entry.Key))
            {
                return CelValue.Error(CelFault.BudgetExhausted);
            }
        }

        return CelMap.OfEntries.Create(entries.DrainToImmutable());
    }

    private static bool TryAdd(
        ImmutableArray<KeyValuePair<CelValue, CelValue>>.Builder entries, CelValue key, CelValue result, bool isEntry)
    {
        if (!isEntry)
        {
            entries.Add(new(key, result));
            return true;
        }

        if (result.Kind != CelKind.Map || entries.Count + result.AsMap.Count > CelLimits.Elements)
        {
            return false;
        }

        for (var i = 0; i < result.AsMap.Count; i++)
        {
            entries.Add(new(result.AsMap.KeyAt(i), result.AsMap.ValueAt(i)));
        }

        return true;
    }

    private static CelValue SortBy(ref Evaluation evaluation, Loop loop, Operation body)
    {
        if (!loop.TryOpen(ref evaluation, out var walk))
        {
            return CelValue.Error(evaluation.Fault!);
        }

        var keys = Map(ref evaluation, loop, walk, body);
        if (keys.IsError)
        {
            return keys;
        }

        var elements = ImmutableArray.CreateBuilder<CelValue>(walk.Count);
        for (var i = 0; i < walk.Count; i++)
        {
            elements.Add(walk.ElementAt(i));
        }

        return ListFunctions.Sort(ref evaluation, new CelList.OfValues(elements.MoveToImmutable()), keys.AsList);
    }
}
