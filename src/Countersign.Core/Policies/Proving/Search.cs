using System.Collections.Immutable;

namespace Countersign.Core.Policies.Proving;

/// <summary>What a search for a common model of some formulas found.</summary>
internal abstract record SearchResult
{
    private SearchResult()
    {
    }

    /// <summary>Answers to the atoms that make all formulas true; an action may have them.</summary>
    public sealed record Found(ImmutableArray<(Atom Atom, bool Value)> Model) : SearchResult;

    /// <summary>No action can make all formulas true.</summary>
    public sealed record Impossible : SearchResult;

    /// <summary>The search was given up at its limit.</summary>
    public sealed record GaveUp : SearchResult;
}

/// <summary>
/// Looks for answers to the atoms under which all formulas are true. It settles one open atom at a time, drops a branch
/// as soon as one formula is false, and so usually looks at few of the 2^n valuations.
/// </summary>
internal sealed class Search
{
    /// <summary>Formulas evaluated in one search; 2^20 valuations of one formula fit.</summary>
    public const int MaxSteps = 2_000_000;

    /// <summary>Atoms settled one inside the other; bounds the stack.</summary>
    public const int MaxDepth = 500;

    private readonly AtomTable _atoms;
    private readonly IReadOnlyList<Formula> _formulas;
    private readonly bool?[] _valuation;
    private readonly List<int> _settled = [];
    private int _steps;

    private Search(AtomTable atoms, IReadOnlyList<Formula> formulas)
    {
        _atoms = atoms;
        _formulas = formulas;
        _valuation = new bool?[atoms.Count];
    }

    /// <summary>
    /// Searches with some atoms given; the order of the formulas is the order in which atoms are tried.
    /// </summary>
    public static SearchResult Run(AtomTable atoms, IReadOnlyList<Formula> formulas, IEnumerable<int> given)
    {
        var search = new Search(atoms, formulas);
        if (!given.All(atom => search.TrySettle(atom, value: true)))
        {
            return new SearchResult.Impossible();
        }

        return search.Extend(depth: 0) switch
        {
            true => new SearchResult.Found(search.Model()),
            false => new SearchResult.Impossible(),
            null => new SearchResult.GaveUp(),
        };
    }

    private bool? Extend(int depth)
    {
        if (depth > MaxDepth)
        {
            return null;
        }

        Formula? open = null;
        foreach (var formula in _formulas)
        {
            if (++_steps > MaxSteps)
            {
                return null;
            }

            var value = formula.Evaluate(_valuation);
            if (value == false)
            {
                return false;
            }

            open ??= value is null ? formula : null;
        }

        return open is null ? true : Branch(open.FirstOpen(_valuation)!.Value, depth);
    }

    private bool? Branch(int atom, int depth)
    {
        foreach (var value in (ReadOnlySpan<bool>)[true, false])
        {
            var mark = _settled.Count;
            var found = TrySettle(atom, value) ? Extend(depth + 1) : false;
            if (found != false)
            {
                return found;
            }

            Undo(mark);
        }

        return false;
    }

    /// <summary>
    /// Settles an atom and what follows from it. Consequences have no others of their own, so nothing recurses, however
    /// many bounds a policy knows.
    /// </summary>
    private bool TrySettle(int atom, bool value)
    {
        if (_valuation[atom] is { } known)
        {
            return known == value;
        }

        Settle(atom, value);
        foreach (var (other, implied) in _atoms.Consequences(atom, value))
        {
            if (_valuation[other] is null)
            {
                Settle(other, implied);
            }
            else if (_valuation[other] != implied)
            {
                return false;
            }
        }

        return true;
    }

    private void Settle(int atom, bool value)
    {
        _valuation[atom] = value;
        _settled.Add(atom);
    }

    private void Undo(int mark)
    {
        foreach (var atom in _settled.Skip(mark))
        {
            _valuation[atom] = null;
        }

        _settled.RemoveRange(mark, _settled.Count - mark);
    }

    private ImmutableArray<(Atom Atom, bool Value)> Model() =>
        [.. _settled.Select(atom => (_atoms[atom], _valuation[atom]!.Value))];
}
