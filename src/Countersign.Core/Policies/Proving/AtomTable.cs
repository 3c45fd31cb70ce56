namespace Countersign.Core.Policies.Proving;

/// <summary>Numbers the atoms of a policy and knows which of them speak about the same term.</summary>
internal sealed class AtomTable
{
    private readonly Dictionary<Atom, int> _numbers = [];
    private readonly List<Atom> _atoms = [];
    private readonly Dictionary<string, List<int>> _equals = [];
    private readonly Dictionary<string, List<int>> _bounds = [];

    public int Count => _atoms.Count;

    public Atom this[int number] => _atoms[number];

    public int NumberOf(Atom atom)
    {
        if (_numbers.TryGetValue(atom, out var known))
        {
            return known;
        }

        var number = _atoms.Count;
        _numbers.Add(atom, number);
        _atoms.Add(atom);
        if (GroupOf(atom) is var (groups, term))
        {
            groups.TryAdd(term, []);
            groups[term].Add(number);
        }

        return number;
    }

    /// <summary>
    /// Which other atoms an answer settles, and how: the whole theory the prover knows, with nothing left that would
    /// follow only from a consequence.
    /// </summary>
    public IEnumerable<(int Atom, bool Value)> Consequences(int number, bool value) => _atoms[number] switch
    {
        Atom.Equal equal when value =>
            _equals[equal.Term].Where(other => other != number).Select(other => (other, false)),
        Atom.Below below =>
            _bounds[below.Term].Where(other => Follows(below.Bound, other, value)).Select(other => (other, value)),
        _ => [],
    };

    private bool Follows(long bound, int other, bool value)
    {
        var otherBound = ((Atom.Below)_atoms[other]).Bound;
        return value ? otherBound > bound : otherBound < bound;
    }

    private (Dictionary<string, List<int>> Groups, string Term)? GroupOf(Atom atom) => atom switch
    {
        Atom.Equal equal => (_equals, equal.Term),
        Atom.Below below => (_bounds, below.Term),
        _ => null,
    };
}
