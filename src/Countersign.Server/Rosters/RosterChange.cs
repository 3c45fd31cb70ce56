using System.Collections.Immutable;
using Countersign.Core.Identity;

namespace Countersign.Server.Rosters;

/// <summary>
/// How a configuration differs from the roster in force. Taking away never waits: what gives nobody anything is in
/// <see cref="AtOnce"/>. All else is for people to accept.
/// </summary>
internal sealed class RosterChange
{
    private readonly Roster _before;
    private readonly Roster _after;

    public RosterChange(Roster before, Roster after)
    {
        (_before, _after) = (before, after);
        var removed = before.Except(after);
        Added = after.Except(before);
        AtOnce = [.. removed.Where(OnlyTakes)];
        Removed = [.. removed.Except(AtOnce)];
    }

    /// <summary>What takes effect without anybody's approval.</summary>
    public ImmutableArray<RosterLine> AtOnce { get; }

    /// <summary>What is to be accepted as new.</summary>
    public ImmutableArray<RosterLine> Added { get; }

    /// <summary>What is to be accepted as gone, because somebody gains by it.</summary>
    public ImmutableArray<RosterLine> Removed { get; }

    public bool NeedsApproval => !Added.IsEmpty || !Removed.IsEmpty;

    /// <summary>
    /// Who may do more by what needs approval. Whoever comes to own an agent may do less: approve nothing it asks.
    /// </summary>
    public ImmutableHashSet<PersonId> Gainers =>
        [.. Added.Where(line => line is not RosterLine.Belongs).Concat(Removed).SelectMany(GainersBy)];

    /// <summary>
    /// A group keeps from approving as well as it lets approve: who leaves the group that owns an agent may approve
    /// what it asks from then on, and policies read the groups of who stands behind an agent.
    /// </summary>
    private bool OnlyTakes(RosterLine line) => line switch
    {
        { About: { } person } when _after.People.Find(person) is null => true,
        RosterLine.Called => false,
        RosterLine.InGroup member => !Owns(member.Group) && !StandsBehind(member.Person),
        RosterLine.Belongs agent => _after.People.Find(agent.Agent) is null,
        _ => true,
    };

    private bool Owns(GroupName group) => Agents.Any(agent => agent.Owner == new Party.OfGroup(group));

    private bool StandsBehind(PersonId person) =>
        Agents.Any(agent => agent.Owner == new Party.OfPerson(person))
        || _before.Lines.Concat(_after.Lines).OfType<RosterLine.TokenOfAgent>()
            .Any(token => token.OnBehalfOf == person);

    private IEnumerable<Agent> Agents => _before.People.Agents.Concat(_after.People.Agents);

    private IEnumerable<PersonId> GainersBy(RosterLine line) => line switch
    {
        RosterLine.Away away => [away.Deputy],
        { About: { } person } => [person],
        RosterLine.Belongs agent => MembersOf(agent.Owner),
        RosterLine.TokenOfAgent token => Agents.Where(agent => agent.Id == token.Agent)
            .SelectMany(agent => MembersOf(agent.Owner))
            .Concat(token.OnBehalfOf is { } person ? [person] : []),
        RosterLine.IdentityOfAgent identity => Agents.Where(agent => agent.Id == identity.Agent)
            .SelectMany(agent => MembersOf(agent.Owner)),
        // Whom the provider has in the group is not known here; an admin looks at it all the same.
        RosterLine.GroupFrom => [],
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    private ImmutableHashSet<PersonId> MembersOf(Party party) =>
        _before.People.MembersOf(party).Union(_after.People.MembersOf(party));
}
