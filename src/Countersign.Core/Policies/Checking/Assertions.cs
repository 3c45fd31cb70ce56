using System.Collections.Immutable;
using Countersign.Core.Actions;
using Countersign.Core.Policies.Proving;

namespace Countersign.Core.Policies.Checking;

/// <summary>
/// Proves every assertion at every gate it speaks about, or shows an action that breaks it. Facts that cannot be had
/// need no look of their own for <c>never: allow</c>: they only make verdicts stricter.
/// </summary>
internal static class Assertions
{
    /// <summary>Answers shown of a counterexample; more would hide what matters.</summary>
    private const int ShownAtoms = 20;

    public static void Check(
        ImmutableArray<Assertion> assertions,
        ImmutableArray<Rule> rules,
        PolicyDefault theDefault,
        PolicyFormulas formulas,
        PolicyErrors errors)
    {
        foreach (var assertion in assertions)
        {
            var complaint = assertion.When.Gates
                .Select(gate => ComplaintAt(gate, assertion, rules, theDefault, formulas))
                .FirstOrDefault(found => found is not null);
            if (complaint is not null)
            {
                errors.Add(assertion.At, complaint);
            }
        }
    }

    private static string? ComplaintAt(
        GateKind gate,
        Assertion assertion,
        ImmutableArray<Rule> rules,
        PolicyDefault theDefault,
        PolicyFormulas formulas)
    {
        var known = formulas.Of(rules.Where(rule => rule.Gates.Contains(gate))).ToList();
        var stricter = known.Where(rule => rule.Rule.Effect > assertion.Never).Select(rule => Not(rule.Formula));
        var asserted = formulas.Of(assertion.When);
        foreach (var (rule, formula) in known.Where(rule => rule.Rule.Effect == assertion.Never))
        {
            if (Complaint([asserted, formula, .. stricter], $"rule '{rule.Id}'", gate, formulas) is { } complaint)
            {
                return complaint;
            }
        }

        return theDefault.Outcome == assertion.Never
            ? Complaint([asserted, .. known.Select(rule => Not(rule.Formula))], "the default", gate, formulas)
            : null;
    }

    private static string? Complaint(List<Formula> formulas, string culprit, GateKind gate, PolicyFormulas policy) =>
        Search.Run(policy.Atoms, formulas, [policy.IsGate(gate)]) switch
        {
            SearchResult.Impossible => null,
            SearchResult.Found found =>
                $"the assertion does not hold: at {gate.ToText()} {culprit} breaks it when {Shown(found.Model)}",
            _ => $"the assertion cannot be shown to hold: at {gate.ToText()} {culprit} has too many cases; " +
                "write a rule that says the same directly",
        };

    private static Formula.Not Not(Formula formula) => new(formula);

    private static string Shown(ImmutableArray<(Atom Atom, bool Value)> model)
    {
        // The first answer is the gate, which the message names already.
        var answers = model.Skip(1).Where(answer => !IsImplied(answer, model)).Take(ShownAtoms)
            .Select(answer => answer.Value ? $"{answer.Atom}" : $"!({answer.Atom})");
        return string.Join(" && ", answers.DefaultIfEmpty("anything is asked"));
    }

    /// <summary>That a term is not one text goes without saying when it is shown to be another.</summary>
    private static bool IsImplied((Atom Atom, bool Value) answer, ImmutableArray<(Atom Atom, bool Value)> model) =>
        answer is { Atom: Atom.Equal equal, Value: false }
        && model.Any(other => other is { Atom: Atom.Equal shown, Value: true } && shown.Term == equal.Term);
}
