using System.Collections.Immutable;
using Countersign.Core.Policies.Cel;
using Countersign.Core.Policies.Inputs;
using Countersign.Core.Policies.Proving;

namespace Countersign.Core.Policies.Judging;

/// <summary>
/// What must hold before a condition can be true: one fact is, or holds, one of a few texts. A rule whose selector does
/// not hold is false whatever else it asks, errors included, because <c>false &amp;&amp; error</c> is false.
/// </summary>
internal sealed record Selector(PolicyFact Fact, ImmutableHashSet<string> Texts)
{
    /// <summary>
    /// Every selector of a formula; the caller takes the one that tells most rules apart. A choice has none: when its
    /// test has no answer, neither has the choice, even where both branches are false.
    /// </summary>
    public static IEnumerable<Selector> Of(Formula formula, AtomTable atoms) => formula switch
    {
        Formula.Is atom => OfAtom(atoms[atom.Atom]) is { } selector ? [selector] : [],
        Formula.All all => all.Operands.SelectMany(operand => Of(operand, atoms)),
        Formula.Any any => OfAlternatives(any, atoms) is { } selector ? [selector] : [],
        _ => [],
    };

    private static Selector? OfAtom(Atom atom) => atom switch
    {
        Atom.Equal equal => Named(equal.Term, equal.Value),
        Atom.Contains contains => Named(contains.List, contains.Value),
        _ => null,
    };

    private static Selector? Named(string name, string text) =>
        PolicySchema.Instance.Facts.TryGetValue(name, out var fact) && HoldsTexts(fact.Fact.Type)
            ? new Selector(fact, [text])
            : null;

    /// <summary>A fact of any type may hold something that is no text, and so cannot be looked up.</summary>
    private static bool HoldsTexts(CelType type) => type == CelType.String || type == CelType.ListOf(CelType.String);

    /// <summary>Alternatives select when each of them selects by the same fact.</summary>
    private static Selector? OfAlternatives(Formula.Any any, AtomTable atoms)
    {
        var selectors = any.Operands.Select(operand => Of(operand, atoms).FirstOrDefault()).ToList();
        return selectors is [{ } first, ..] && selectors.All(selector => selector?.Fact == first.Fact)
            ? first with { Texts = [.. selectors.SelectMany(selector => selector!.Texts)] }
            : null;
    }
}
