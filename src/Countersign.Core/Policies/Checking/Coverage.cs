using System.Collections.Immutable;
using Countersign.Core.Actions;
using Countersign.Core.Policies.Proving;

namespace Countersign.Core.Policies.Checking;

/// <summary>
/// Finds rules that deny or require whatever a rule allows, which makes the latter dead; "everything else" is what
/// <c>default</c> is for. Only certain cases are reported.
/// </summary>
internal static class Coverage
{
    /// <summary>Pairs of rules that are compared; a policy with more pairs has the rest unchecked.</summary>
    public const int MaxPairs = 4_000_000;

    public static void Check(ImmutableArray<Rule> rules, PolicyFormulas formulas, PolicyErrors errors)
    {
        var all = formulas.Of(rules).ToList();
        var stricter = all.Where(rule => rule.Rule.Effect != VerdictOutcome.Allow).ToList();
        var pairs = 0;
        foreach (var (allow, allowed) in all.Where(rule => rule.Rule.Effect == VerdictOutcome.Allow))
        {
            pairs += stricter.Count;
            if (pairs > MaxPairs)
            {
                return;
            }

            foreach (var (cover, covering) in Candidates(allow.Gates, allowed, stricter, formulas))
            {
                if (allow.Gates.IsSubsetOf(cover.Gates) && Covers(allow.Gates, covering, allowed, formulas))
                {
                    errors.Add(
                        cover.Condition.At,
                        $"rule '{cover.Id}' matches whatever rule '{allow.Id}' at {allow.At} allows, so that never " +
                        "has an effect; use 'default' for everything else, or narrow one of them");
                }
            }
        }
    }

    /// <summary>
    /// The rules that are not false in one case the allow rule is made for, with nothing else true in it. One look at
    /// each rule rules out almost all of them.
    /// </summary>
    private static IEnumerable<(Rule Rule, Formula Formula)> Candidates(
        GateSet gates, Formula allowed, List<(Rule Rule, Formula Formula)> stricter, PolicyFormulas formulas)
    {
        var found = gates
            .Select(gate => Search.Run(formulas.Atoms, [allowed], [formulas.IsGate(gate)]))
            .OfType<SearchResult.Found>()
            .FirstOrDefault();
        if (found is null)
        {
            return [];
        }

        var valuation = new bool?[formulas.Atoms.Count];
        Array.Fill(valuation, false);
        foreach (var (atom, value) in found.Model)
        {
            valuation[formulas.Atoms.NumberOf(atom)] = value;
        }

        return stricter.Where(rule => rule.Formula.Evaluate(valuation) != false);
    }

    private static bool Covers(GateSet gates, Formula covering, Formula allowed, PolicyFormulas formulas)
    {
        var possible = gates.Where(gate => IsPossible(gate, [allowed], formulas)).ToList();
        return possible.Count > 0
            && possible.TrueForAll(gate => !IsPossible(gate, [allowed, new Formula.Not(covering)], formulas));
    }

    private static bool IsPossible(GateKind gate, List<Formula> formulas, PolicyFormulas policy) =>
        Search.Run(policy.Atoms, formulas, [policy.IsGate(gate)]) is not SearchResult.Impossible;
}
