using System.Collections.Immutable;
using Countersign.Core.Identity;

namespace Countersign.Core.Reviews;

/// <summary>How far the votes carry one track.</summary>
/// <param name="Stage">The first stage that is not met, or the number of stages.</param>
/// <param name="Have">Counted votes per stage.</param>
public sealed record Tally(int Stage, ImmutableArray<int> Have)
{
    /// <summary>
    /// Counts distinct persons, stage after stage, in the order they voted. One person fills one place in a track,
    /// however many of its stages would take them.
    /// </summary>
    public static Tally Of(Track track, int trackIndex, IEnumerable<Vote> votes, Electorate electorate)
    {
        var requirement = track.Requirement;
        var approvals = votes
            .Where(vote => vote.Decision == Decision.Approve && requirement.Takes(vote))
            .Select(vote => vote.Person)
            .Distinct()
            .ToList();
        var have = ImmutableArray.CreateBuilder<int>(requirement.Stages.Length);
        var reached = 0;
        var places = new HashSet<PersonId>();
        for (var stage = 0; stage < requirement.Stages.Length; stage++)
        {
            var at = stage;
            PersonId? PlaceOf(PersonId person) => electorate.MayVote(person, trackIndex, at)
                ? electorate.PlaceOf(person, trackIndex, at)
                : null;
            var counted = Take(approvals, requirement.Stages[stage].Need, places, PlaceOf);
            have.Add(counted);
            if (counted < requirement.Stages[stage].Need)
            {
                break;
            }

            reached = stage + 1;
        }

        while (have.Count < requirement.Stages.Length)
        {
            have.Add(0);
        }

        return new Tally(reached, have.MoveToImmutable());
    }

    private static int Take(
        List<PersonId> approvals, int need, HashSet<PersonId> filled, Func<PersonId, PersonId?> placeOf)
    {
        var taken = new List<PersonId>();
        foreach (var person in approvals)
        {
            if (taken.Count < need && placeOf(person) is { } place && filled.Add(place))
            {
                taken.Add(person);
            }
        }

        approvals.RemoveAll(taken.Contains);
        return taken.Count;
    }
}
