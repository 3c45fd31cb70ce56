namespace Countersign.Core.Policies.Proving;

/// <summary>Numbers the atoms of a policy and knows which of them speak about the same term.</summary>
internal sealed class AtomTable
{
    private readonly Dictionary<Atom, int> numbers = [];
    private readonly List<Atom> atoms = [];
    private readonly Dictionary<string, List<int>> equals = [];
    private readonly Dictionary<string, List<int>> bounds = [];

    public int Count => atoms.Count;

    public Atom this[int number] => atoms[number];

    public int NumberOf(Atom atom)
    {
        if (numbers.TryGetValue(atom, out var known))
        {
            return known;
        }

        var number = atoms.Count;
        numbers.Add(atom, number);
        atoms.Add(atom);
        if (GroupOf(atom) is var (groups, term))
        {
            groups.TryAdd(term, []);
            groups[term].Add(number);
        }

        return number;
    }

    /// <summary>Which other atoms an answer settles, and how: the whole theory the prover knows.</summary>
    public IEnumerable<(int Atom, bool Value)> Consequences(int number, bool value) => atoms[number] switch
    {
        Atom.Equal equal when value => equals[equal.Term].Where(other => other != number).Select(other => (other, false)),
        Atom.Below below => bounds[below.Term].Where(other => Follows(below.Bound, other, value)).Select(o => (o, value)),
        _ => [],
    };

    private bool Follows(long bound, int other, bool value)
    {
        var otherBound = ((Atom.Below)atoms[other]).Bound;
        return value ? otherBound > bound : otherBound < bound;
    }

    private (Dictionary<string, List<int>> Groups, string Term)? GroupOf(Atom atom) => atom switch
    {
        Atom.Equal equal => (equals, equal.Term),
        Atom.Below below => (bounds, below.Term),
        _ => null,
    };
}
