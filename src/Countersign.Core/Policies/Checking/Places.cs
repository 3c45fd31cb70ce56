using System.Collections.Immutable;
using Countersign.Core.Identity;

namespace Countersign.Core.Policies.Checking;

/// <summary>How many places can be filled when each takes one of some people and nobody fills two (bipartite matching).</summary>
internal sealed class Places
{
    private readonly ImmutableArray<ImmutableHashSet<PersonId>> places;
    private readonly Dictionary<PersonId, int> placeOf = [];

    private Places(ImmutableArray<ImmutableHashSet<PersonId>> places) => this.places = places;

    public static int CountFillable(ImmutableArray<ImmutableHashSet<PersonId>> places)
    {
        var matching = new Places(places);
        return Enumerable.Range(0, places.Length).Count(place => matching.TryFill(place, []));
    }

    /// <summary>Fills a place, moving those who sit elsewhere if they can sit elsewhere still (Kuhn's algorithm).</summary>
    private bool TryFill(int place, HashSet<PersonId> asked)
    {
        foreach (var person in places[place])
        {
            if (asked.Add(person) && (!placeOf.TryGetValue(person, out var other) || TryFill(other, asked)))
            {
                placeOf[person] = place;
                return true;
            }
        }

        return false;
    }
}
