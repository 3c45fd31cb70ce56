using System.Collections.Immutable;
using Countersign.Core.Identity;
using Countersign.Core.Policies.Checking;

namespace Countersign.Core.Reviews;

/// <summary>
/// Who may vote on one action right now, worked out from today's people: persons per track and stage, after every
/// exclusion. It is data, so that the lifecycle can stay a pure function of it.
/// </summary>
public sealed class Electorate
{
    private readonly ImmutableArray<ImmutableArray<ImmutableHashSet<PersonId>>> _eligible;

    // Of those who are asked only because somebody else is away: in whose place.
    private ImmutableArray<ImmutableArray<ImmutableDictionary<PersonId, PersonId>>> _places = [];

    public Electorate(
        ImmutableHashSet<PersonId> actorChain,
        ImmutableArray<ImmutableArray<ImmutableHashSet<PersonId>>> eligible)
    {
        ActorChain = actorChain;
        _eligible = eligible;
    }

    public static Electorate Nobody { get; } = new([], []);

    /// <summary>Those who stand behind the request: they may deny, never approve.</summary>
    public ImmutableHashSet<PersonId> ActorChain { get; }

    /// <summary>Who will be asked, and is not yet because their membership is too young.</summary>
    public ImmutableDictionary<PersonId, YoungMembership> Waiting { get; private init; } =
        ImmutableDictionary<PersonId, YoungMembership>.Empty;

    /// <summary>Of whom nobody can say now which groups they are in.</summary>
    public ImmutableHashSet<PersonId> Uncertain { get; private init; } = [];

    /// <summary>Who may break the glass: never somebody who stands behind the request.</summary>
    public ImmutableHashSet<PersonId> GlassBreakers { get; init; } = [];

    /// <summary>Works out who may vote on a life, from the people registered now.</summary>
    public static Electorate Of(Life life, Asker asker, People people, ImmutableHashSet<PersonId> policyAuthors)
    {
        var chain = people.ActorChain(asker).Union(life.Modifiers);
        var asked = life.Tracks.Select(track => PerStage(track, chain, people, policyAuthors)).ToImmutableArray();
        return new Electorate(chain, [.. asked.Select(track => track.Select(each => each.Eligible).ToImmutableArray())])
        {
            _places = [.. asked.Select(track => track.Select(each => each.Places).ToImmutableArray())],
            Waiting = people.Waiting.IsEmpty ? Nobody.Waiting : WaitingFor(life, people),
            Uncertain = people.Uncertain,
            GlassBreakers =
            [
                .. people.Persons.Where(person => person.MayBreakGlass && !chain.Contains(person.Id))
                    .Select(person => person.Id),
            ],
        };
    }

    private static ImmutableDictionary<PersonId, YoungMembership> WaitingFor(Life life, People people)
    {
        var asked = life.Tracks.SelectMany(track => track.Requirement.Stages)
            .SelectMany(stage => stage.Of)
            .OfType<Party.OfGroup>()
            .Select(group => group.Name)
            .ToHashSet();
        return people.Waiting
            .Where(young => asked.Contains(young.Membership.Group))
            .GroupBy(young => young.Membership.Person)
            .ToImmutableDictionary(person => person.Key, person => person.MinBy(young => young.CountsFrom)!);
    }

    /// <summary>
    /// The first track that today's people could not meet any more, whoever votes and whatever escalates; <c>null</c>
    /// when each can be met.
    /// </summary>
    public static Track? FindUnmeetable(
        Life life, Asker asker, People people, ImmutableHashSet<PersonId> policyAuthors)
    {
        // A stage that escalated counts its escalation, so all stages are taken as over and escalated.
        var over = life with
        {
            Tracks = [.. life.Tracks.Select(track => track with
            {
                Stage = track.Requirement.Stages.Length, EscalatedStages = -1,
            })],
        };
        var everybody = Of(over, asker, people, policyAuthors);
        return life.Tracks.Where((track, i) =>
        {
            var places = track.Requirement.Stages
                .SelectMany((stage, at) => Enumerable.Repeat(everybody.At(i, at), stage.Need))
                .ToImmutableArray();
            return Places.CountFillable(places) < places.Length;
        }).FirstOrDefault();
    }

    /// <summary>What a requirement asks for, like <c>1 of group:dba, then 2 of group:leads</c>.</summary>
    public static string TextOf(Requirement requirement) => string.Join(
        ", then ", requirement.Stages.Select(stage => $"{stage.Need} of {string.Join(" or ", stage.Of)}"));

    public bool MayVote(PersonId person, int track, int stage) =>
        track < _eligible.Length && stage < _eligible[track].Length && _eligible[track][stage].Contains(person);

    /// <summary>
    /// Whose place a person fills in a stage: their own, or that of somebody who is away. A place is filled once, so
    /// whoever is away and their deputy count as one.
    /// </summary>
    public PersonId PlaceOf(PersonId person, int track, int stage) =>
        track < _places.Length && stage < _places[track].Length
            ? _places[track][stage].GetValueOrDefault(person, person)
            : person;

    /// <summary>For whom a person would answer; <c>null</c> when it is for themselves.</summary>
    public PersonId? InPlaceOf(PersonId person) => Enumerable.Range(0, _places.Length)
        .SelectMany(track => Enumerable.Range(0, _places[track].Length).Select(stage => (track, stage)))
        .Where(at => MayVote(person, at.track, at.stage))
        .Select(at => PlaceOf(person, at.track, at.stage))
        .ToList() is [_, ..] places && !places.Contains(person)
            ? places[0]
            : null;

    /// <summary>Whether a person fits any stage of the track, now or later.</summary>
    public bool FitsTrack(PersonId person, int track) =>
        track < _eligible.Length && _eligible[track].Any(stage => stage.Contains(person));

    public bool FitsAny(PersonId person) =>
        Enumerable.Range(0, _eligible.Length).Any(track => FitsTrack(person, track));

    public ImmutableHashSet<PersonId> At(int track, int stage) =>
        track < _eligible.Length && stage < _eligible[track].Length ? _eligible[track][stage] : [];

    private static ImmutableArray<(
        ImmutableHashSet<PersonId> Eligible, ImmutableDictionary<PersonId, PersonId> Places)> PerStage(
        Track track, ImmutableHashSet<PersonId> chain, People people, ImmutableHashSet<PersonId> policyAuthors)
    {
        var excluded = track.Requirement.DistinctFrom.Contains(Exclusion.PolicyAuthor)
            ? chain.Union(policyAuthors)
            : chain;
        return [.. track.Requirement.Stages
            .Select((stage, index) => WithDeputies(Asked(track, stage, index, people), excluded, people.Deputies))];
    }

    /// <summary>
    /// A deputy has what the person who is away has, and nothing of somebody who may not approve this: rights that were
    /// passed on never come back to who stands behind the request (THR-015).
    /// </summary>
    private static (ImmutableHashSet<PersonId> Eligible, ImmutableDictionary<PersonId, PersonId> Places) WithDeputies(
        ImmutableHashSet<PersonId> asked,
        ImmutableHashSet<PersonId> excluded,
        ImmutableDictionary<PersonId, PersonId> deputies)
    {
        var places = ImmutableDictionary.CreateBuilder<PersonId, PersonId>();
        foreach (var (away, deputy) in deputies.OrderBy(each => each.Key.Value, StringComparer.Ordinal))
        {
            if (asked.Contains(away) && !excluded.Contains(away) && !asked.Contains(deputy))
            {
                places.TryAdd(deputy, away);
            }
        }

        return (asked.Union(places.Keys).Except(excluded), places.ToImmutable());
    }

    private static ImmutableHashSet<PersonId> Asked(Track track, Stage stage, int index, People people)
    {
        var members = people.MembersOf(stage.Of);
        // A stage that was met while escalated keeps the votes it was met with; one that never escalated gains nobody.
        return track.HasEscalated(index) ? members.Union(people.MembersOf(stage.Escalate)) : members;
    }
}
