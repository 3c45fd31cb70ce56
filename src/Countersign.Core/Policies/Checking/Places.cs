using System.Collections.Immutable;
using Countersign.Core.Identity;

namespace Countersign.Core.Policies.Checking;

/// <summary>
/// How many places can be filled when each takes one of some people and nobody fills two (bipartite matching).
/// </summary>
internal sealed class Places
{
    private readonly ImmutableArray<ImmutableHashSet<PersonId>> _places;
    private readonly Dictionary<PersonId, int> _placeOf = [];

    private Places(ImmutableArray<ImmutableHashSet<PersonId>> places) => _places = places;

    public static int CountFillable(ImmutableArray<ImmutableHashSet<PersonId>> places)
    {
        var matching = new Places(places);
        return Enumerable.Range(0, places.Length).Count(place => matching.TryFill(place, []));
    }

    /// <summary>
    /// Fills a place, moving those who sit elsewhere if they can sit elsewhere still (Kuhn's algorithm).
    /// </summary>
    private bool TryFill(int place, HashSet<PersonId> asked)
    {
        foreach (var person in _places[place])
        {
            if (asked.Add(person) && (!_placeOf.TryGetValue(person, out var other) || TryFill(other, asked)))
            {
                _placeOf[person] = place;
                return true;
            }
        }

        return false;
    }
}
