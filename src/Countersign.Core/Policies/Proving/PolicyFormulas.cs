using Countersign.Core.Actions;
using Countersign.Core.Policies.Inputs;

namespace Countersign.Core.Policies.Proving;

/// <summary>The formulas of all conditions of a policy, over one table of atoms.</summary>
internal sealed class PolicyFormulas
{
    private readonly Dictionary<PolicyCondition, Formula> _formulas = [];
    private readonly FormulaReader _reader;

    public PolicyFormulas()
    {
        _reader = new FormulaReader(PolicySchema.Instance.Schema, Atoms);
        foreach (var gate in Enum.GetValues<GateKind>())
        {
            IsGate(gate);
        }
    }

    public AtomTable Atoms { get; } = new();

    public Formula Of(PolicyCondition condition)
    {
        if (!_formulas.TryGetValue(condition, out var formula))
        {
            formula = _reader.Read(condition.Tree);
            _formulas.Add(condition, formula);
        }

        return formula;
    }

    public IEnumerable<(Rule Rule, Formula Formula)> Of(IEnumerable<Rule> rules) =>
        rules.Select(rule => (rule, Of(rule.Condition)));

    /// <summary>The atom that is true at a gate and so settles every other question about <c>action.gate</c>.</summary>
    public int IsGate(GateKind gate) => Atoms.NumberOf(new Atom.Equal("action.gate", gate.ToText()));
}
