using System.Collections.Immutable;
using Countersign.Core.Identity;

namespace Countersign.Core.Reviews;

/// <summary>
/// Who approved whose requests lately. Two people who approve each other's are reciprocal: together they pass every
/// review that asks for one other person.
/// </summary>
public sealed class Favours(IEnumerable<Favour> known)
{
    /// <summary>How far back a card looks, and a rule that names no time.</summary>
    public static readonly TimeSpan Lately = TimeSpan.FromHours(24);

    private readonly ILookup<PersonId, Favour> _of = known.ToLookup(favour => favour.Of);

    public static Favours None { get; } = new([]);

    /// <summary>
    /// The latest approval that a person's approval would return: of something they stand behind, by one of those who
    /// stand behind this.
    /// </summary>
    public Favour? FindOwed(PersonId person, ImmutableHashSet<PersonId> actorChain) => _of[person]
        .Where(favour => actorChain.Contains(favour.By))
        .MaxBy(favour => favour.At);

    /// <summary>What anybody who may vote on a life owes to those who stand behind it, by the person.</summary>
    public ImmutableArray<Favour> FindOwed(Electorate electorate) =>
    [
        .. _of.Select(group => group.Key)
            .Where(electorate.FitsAny)
            .OrderBy(person => person.Value, StringComparer.Ordinal)
            .Select(person => FindOwed(person, electorate.ActorChain))
            .OfType<Favour>(),
    ];

    /// <summary>How far back to look for these requirements.</summary>
    public static TimeSpan WindowFor(IEnumerable<Requirement> requirements) => requirements
        .Where(requirement => requirement.DistinctFrom.Contains(Exclusion.Reciprocal))
        .Select(requirement => requirement.ReciprocalWithin)
        .Append(Lately)
        .Max();
}

/// <summary>The same at one moment, for what a person may do now.</summary>
public readonly record struct FavoursNow(Favours Favours, DateTimeOffset Now)
{
    public Favour? FindOwed(PersonId person, Electorate electorate) =>
        Favours.FindOwed(person, electorate.ActorChain);

    /// <summary>Whether a track would take an approval of the person, as far as returning one goes.</summary>
    public bool IsTakenBy(Track track, PersonId person, Electorate electorate) =>
        !track.Requirement.RefusesReturn(FindOwed(person, electorate), Now);
}
