using System.Collections.Immutable;
using System.Diagnostics;

namespace Countersign.Core.Identity;

/// <summary>Everyone who is registered: one immutable answer to "who is this, and who belongs to that".</summary>
public sealed class People
{
    private readonly ImmutableDictionary<PersonId, Person> _people;
    private readonly ImmutableDictionary<AgentId, Agent> _agents;

    public People(IEnumerable<Person> people, IEnumerable<Agent> agents)
    {
        _people = people.ToImmutableDictionary(person => person.Id);
        _agents = agents.ToImmutableDictionary(agent => agent.Id);
    }

    public static People None { get; } = new([], []);

    public IEnumerable<Person> Persons => _people.Values.OrderBy(person => person.Id.Value, StringComparer.Ordinal);

    public IEnumerable<Agent> Agents => _agents.Values.OrderBy(agent => agent.Id.Value, StringComparer.Ordinal);

    public Person? Find(PersonId id) => _people.GetValueOrDefault(id);

    public Agent? Find(AgentId id) => _agents.GetValueOrDefault(id);

    /// <summary>
    /// Memberships that are too young to count for anybody's approval. They keep from approving all the same: who joins
    /// an owning group stands behind what its agents ask.
    /// </summary>
    public ImmutableHashSet<(PersonId Person, GroupName Group)> Young { get; private init; } = [];

    /// <summary>Of which of those it is known when they count.</summary>
    public ImmutableArray<YoungMembership> Waiting { get; private init; } = [];

    /// <summary>
    /// Persons of whom nobody can say now which groups they are in: their provider has not been asked, or not lately.
    /// They are in no group that only it knows of.
    /// </summary>
    public ImmutableHashSet<PersonId> Uncertain { get; init; } = [];

    /// <summary>
    /// Who is away now, and who stands in for them as a reviewer. Who stands in for one who stands in is nobody: rights
    /// pass on once.
    /// </summary>
    public ImmutableDictionary<PersonId, PersonId> Deputies { get; init; } =
        ImmutableDictionary<PersonId, PersonId>.Empty;

    /// <summary>The same people, of whom some do not count in a group yet.</summary>
    public People With(
        ImmutableHashSet<(PersonId Person, GroupName Group)> young, ImmutableArray<YoungMembership> waiting) =>
        new(_people.Values, _agents.Values) 
        {
            Young = young,
            Waiting = waiting,
            Uncertain = Uncertain,
            Deputies = Deputies,
        };

    /// <summary>The same people, of whom some are away.</summary>
    public People With(ImmutableDictionary<PersonId, PersonId> deputies) => new(_people.Values, _agents.Values)
    {
        Young = Young,
        Waiting = Waiting,
        Uncertain = Uncertain,
        Deputies = deputies,
    };

    /// <summary>The persons meant by a party; an unknown name is nobody, never everybody.</summary>
    public ImmutableHashSet<PersonId> MembersOf(Party party) => party is Party.OfGroup group && !Young.IsEmpty
        ? AllOf(party).Where(person => !Young.Contains((person, group.Name))).ToImmutableHashSet()
        : AllOf(party);

    private ImmutableHashSet<PersonId> AllOf(Party party) => party switch
    {
        Party.OfGroup group => [.. _people.Values.Where(p => p.Groups.Contains(group.Name)).Select(p => p.Id)],
        Party.OfPerson person => _people.ContainsKey(person.Id) ? [person.Id] : [],
        _ => throw new UnreachableException(),
    };

    public ImmutableHashSet<PersonId> MembersOf(IEnumerable<Party> parties) =>
        [.. parties.SelectMany(MembersOf)];

    /// <summary>
    /// The persons who stand behind a request: whoever the agent acts for, its owner, every member of an owning group.
    /// None of them may approve it (DESIGN section 2.6), whatever a policy says.
    /// </summary>
    public ImmutableHashSet<PersonId> ActorChain(Asker asker)
    {
        var owner = Find(asker.Agent)?.Owner;
        var chain = owner is null ? [] : AllOf(owner);
        return asker.OnBehalfOf is { } person ? chain.Add(person) : chain;
    }
}
