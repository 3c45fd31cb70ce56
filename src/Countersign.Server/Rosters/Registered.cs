using System.Collections.Frozen;
using System.Collections.Immutable;
using Countersign.Core.Identity;
using Countersign.Server.Configuration;

namespace Countersign.Server.Rosters;

/// <summary>
/// What counts of people and agents: what was accepted <em>and</em> still stands in the configuration. So nothing that
/// is only written there counts, and nothing that was taken out.
/// </summary>
internal sealed record Registered(
    People People,
    ImmutableHashSet<(PersonId Person, GroupName Group)> Leaving,
    ImmutableArray<TokenSettings> Tokens,
    Func<RosterLine, bool> Has)
{
    /// <summary>Who people and agents are to others.</summary>
    public FrozenDictionary<Subject, IdentitySettings> Identities { get; private init; } =
        FrozenDictionary<Subject, IdentitySettings>.Empty;

    /// <summary>Who is away when, and who stands in for them.</summary>
    public ImmutableArray<RosterLine.Away> Away { get; private init; } = [];

    public static Registered Of(Roster accepted, Roster written, Settings settings, byte[] key)
    {
        var persons = accepted.People.Persons
            .Where(person => written.People.Find(person.Id) is not null)
            .Select(person => person with
            {
                IsAdmin = person.IsAdmin && written.Has(new RosterLine.Admin(person.Id)),
                MayBreakGlass = person.MayBreakGlass && written.Has(new RosterLine.GlassBreaker(person.Id)),
            })
            .ToList();
        var known = new People(persons, []);
        // An agent whose owner is gone has nobody behind it, and everybody could approve what it asks: it is shut out
        // until its next owner is accepted.
        var agents = accepted.People.Agents.Where(agent =>
            written.People.Find(agent.Id) is not null && !known.MembersOf(agent.Owner).IsEmpty);
        var people = new People(persons, agents);
        bool Has(RosterLine line) => accepted.Has(line) && written.Has(line);
        return new Registered(
            people,
            [
                .. persons.SelectMany(person => person.Groups.Select(group => (person.Id, group)))
                    .Where(member => !written.Has(new RosterLine.InGroup(member.Id, member.group))),
            ],
            [.. settings.Tokens.Where(token => Has(Roster.LineOf(token, key)) && IsOfSomebody(token, people))],
            Has)
        {
            Identities = settings.Identified.Identities
                .Where(identity => Has(Roster.LineOf(identity)) && IsOfSomebody(identity, people))
                .ToFrozenDictionary(identity => identity.Subject),
            Away = [.. settings.Away.Where(away =>
                Has(away) && people.Find(away.Person) is not null && people.Find(away.Deputy) is not null)],
        };
    }

    /// <summary>What a configuration says, before it is known what of it was accepted.</summary>
    public static Registered AsWritten(Settings settings) =>
        new(settings.People, [], settings.Tokens, static _ => true)
        {
            Identities = settings.Identified.Identities.ToFrozenDictionary(identity => identity.Subject),
            Away = settings.Away,
        };

    /// <summary>Whom an issuer, the proxy or a certificate means; <c>null</c> for nobody registered.</summary>
    public IdentitySettings? Find(Subject subject) => Identities.GetValueOrDefault(subject);

    private static bool IsOfSomebody(IdentitySettings identity, People people) => identity switch
    {
        IdentitySettings.OfPerson { Person: var person } => people.Find(person) is not null,
        IdentitySettings.OfAgent { Agent: var agent } => people.Find(agent) is not null,
        _ => false,
    };

    private static bool IsOfSomebody(TokenSettings token, People people) => token switch
    {
        TokenSettings.OfPerson { Person: var person } => people.Find(person) is not null,
        TokenSettings.OfAgent { Asker: var asker } => people.Find(asker.Agent) is not null
            && (asker.OnBehalfOf is not { } person || people.Find(person) is not null),
        _ => false,
    };
}
