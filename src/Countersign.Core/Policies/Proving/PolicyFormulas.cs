using Countersign.Core.Actions;
using Countersign.Core.Policies.Inputs;

namespace Countersign.Core.Policies.Proving;

/// <summary>The formulas of all conditions of a policy, over one table of atoms.</summary>
internal sealed class PolicyFormulas
{
    private readonly Dictionary<PolicyCondition, Formula> formulas = [];
    private readonly FormulaReader reader;

    public PolicyFormulas()
    {
        reader = new FormulaReader(PolicySchema.Instance.Schema, Atoms);
        foreach (var gate in Enum.GetValues<GateKind>())
        {
            IsGate(gate);
        }
    }

    public AtomTable Atoms { get; } = new();

    public Formula Of(PolicyCondition condition)
    {
        if (!formulas.TryGetValue(condition, out var formula))
        {
            formula = reader.Read(condition.Tree);
            formulas.Add(condition, formula);
        }

        return formula;
    }

    public IEnumerable<(Rule Rule, Formula Formula)> Of(IEnumerable<Rule> rules) =>
        rules.Select(rule => (rule, Of(rule.Condition)));

    /// <summary>The atom that is true at a gate and so settles every other question about <c>action.gate</c>.</summary>
    public int IsGate(GateKind gate) => Atoms.NumberOf(new Atom.Equal("action.gate", gate.ToText()));
}
