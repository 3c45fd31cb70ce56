using System.Collections.Immutable;
using System.Diagnostics;

namespace Countersign.Core.Policies.Proving;

/// <summary>A condition reduced to its atoms, which it names by their numbers in an <see cref="AtomTable"/>.</summary>
internal abstract record Formula
{
    private Formula()
    {
    }

    /// <summary>
    /// The answer as far as a partial valuation settles it; <c>null</c> is still open (Kleene's logic).
    /// </summary>
    public bool? Evaluate(ReadOnlySpan<bool?> valuation) => this switch
    {
        Constant constant => constant.Value,
        Is atom => valuation[atom.Atom],
        Not not => !not.Operand.Evaluate(valuation),
        All all => Fold(all.Operands, valuation, absorbing: false),
        Any any => Fold(any.Operands, valuation, absorbing: true),
        Choice choice => choice.Answer(valuation),
        _ => throw new UnreachableException(),
    };

    /// <summary>An atom that a partial valuation leaves open, if any.</summary>
    public int? FirstOpen(ReadOnlySpan<bool?> valuation)
    {
        switch (this)
        {
            case Constant:
                return null;
            case Is atom:
                return valuation[atom.Atom] is null ? atom.Atom : null;
            case Not not:
                return not.Operand.FirstOpen(valuation);
            case All all:
                return FirstOpenOf(all.Operands, valuation);
            case Any any:
                return FirstOpenOf(any.Operands, valuation);
            case Choice choice:
                return choice.Deciding(valuation).FirstOpen(valuation);
            default:
                throw new UnreachableException();
        }
    }

    private static bool? Fold(ImmutableArray<Formula> operands, ReadOnlySpan<bool?> valuation, bool absorbing)
    {
        bool? result = !absorbing;
        foreach (var operand in operands)
        {
            var value = operand.Evaluate(valuation);
            if (value == absorbing)
            {
                return absorbing;
            }

            result = value is null ? null : result;
        }

        return result;
    }

    private static int? FirstOpenOf(ImmutableArray<Formula> operands, ReadOnlySpan<bool?> valuation)
    {
        foreach (var operand in operands)
        {
            // A settled operand decides nothing any more, whatever is open inside it.
            if (operand.Evaluate(valuation) is null)
            {
                return operand.FirstOpen(valuation);
            }
        }

        return null;
    }

    public sealed record Constant(bool Value) : Formula;

    public sealed record Is(int Atom) : Formula;

    public sealed record Not(Formula Operand) : Formula;

    public sealed record All(ImmutableArray<Formula> Operands) : Formula;

    public sealed record Any(ImmutableArray<Formula> Operands) : Formula;

    /// <summary>
    /// Like the alternatives <c>Test &amp;&amp; Then</c> and <c>!Test &amp;&amp; Else</c>, but the test is evaluated
    /// once: twice in each of many choices inside one another would never end.
    /// </summary>
    public sealed record Choice(Formula Test, Formula Then, Formula Else) : Formula
    {
        public bool? Answer(ReadOnlySpan<bool?> valuation) => Test.Evaluate(valuation) switch
        {
            true => Then.Evaluate(valuation),
            false => Else.Evaluate(valuation),
            null => Then.Evaluate(valuation) == false && Else.Evaluate(valuation) == false ? false : null,
        };

        /// <summary>The part that the answer waits for.</summary>
        public Formula Deciding(ReadOnlySpan<bool?> valuation) => Test.Evaluate(valuation) switch
        {
            true => Then,
            false => Else,
            null => Test,
        };
    }
}
