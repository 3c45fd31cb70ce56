using System.Collections.Frozen;
using System.Collections.Immutable;
using Countersign.Core.Actions;
using Countersign.Core.Policies.Cel;

namespace Countersign.Core.Policies.Inputs;

/// <summary>
/// Every fact of DESIGN section 6.4 with its type, its gates and its source. There is one schema for all gates: a
/// condition is compiled once, and the facts it reads say where it applies.
/// </summary>
internal sealed class PolicySchema
{
    private PolicySchema()
    {
        var builder = new SchemaBuilder();
        CommonFacts.AddTo(builder);
        GateFacts.AddTo(builder);
        Schema = builder.Build();
        Facts = builder.Facts.ToFrozenDictionary(fact => fact.Fact.Name);
        Functions = builder.Functions.ToFrozenDictionary(function => function.Function.Name);
    }

    public static PolicySchema Instance { get; } = new();

    public FactSchema Schema { get; }

    public FrozenDictionary<string, PolicyFact> Facts { get; }

    public FrozenDictionary<string, PolicyFunction> Functions { get; }

    /// <summary>The gates that have every one of these facts.</summary>
    public GateSet GatesWith(IEnumerable<string> reads)
    {
        var gates = GateSet.All;
        foreach (var name in reads)
        {
            if (Facts.TryGetValue(name, out var fact))
            {
                gates = gates.Intersect(fact.Gates);
            }
        }

        return gates;
    }

    /// <summary>The names of the facts, in order, that exist at a gate; functions exist at all of them.</summary>
    public ImmutableArray<Fact> FactsOf(GateKind gate) =>
        [.. Facts.Values.Where(fact => fact.Gates.Contains(gate)).Select(fact => fact.Fact)
            .OrderBy(fact => fact.Name, StringComparer.Ordinal)];
}
