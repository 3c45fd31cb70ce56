using System.Collections.Immutable;
using Countersign.Core.Actions.Json;
using Countersign.Core.Identity;
using Countersign.Server.Channels;
using Countersign.Server.Configuration;

namespace Countersign.Server.Rosters;

/// <summary>
/// Who is registered and what each of them has: everything of <c>people:</c> and <c>agents:</c> that a right follows
/// from, line by line. Of a token it holds the fingerprint.
/// </summary>
internal sealed class Roster
{
    private readonly ImmutableHashSet<RosterLine> _lines;

    public Roster(IEnumerable<RosterLine> lines)
    {
        _lines = [.. lines];
        Hash = RosterHash.Of(ToJson(_lines).Bytes.Span);
        People = PeopleOf(_lines);
    }

    public RosterHash Hash { get; }

    /// <summary>The same as persons and agents.</summary>
    public People People { get; }

    public IEnumerable<RosterLine> Lines => Sorted(_lines);

    /// <summary>What a configuration says.</summary>
    public static Roster Of(Settings settings, byte[] key)
    {
        var persons = settings.People.Persons.SelectMany(person => person.Groups
            .Select(RosterLine (group) => new RosterLine.InGroup(person.Id, group))
            .Append(new RosterLine.Called(person.Id, person.DisplayName))
            .Concat(person.IsAdmin ? [new RosterLine.Admin(person.Id)] : [])
            .Concat(person.MayBreakGlass ? [new RosterLine.GlassBreaker(person.Id)] : []));
        var agents = settings.People.Agents.Select(agent => new RosterLine.Belongs(agent.Id, agent.Owner));
        return new Roster(
        [
            .. persons,
            .. agents,
            .. settings.Tokens.Select(token => LineOf(token, key)),
            .. settings.Channels.Accounts.Select(account => LineOf(account.Value, account.Key)),
            .. settings.Identified.Identities.Select(LineOf),
            .. settings.Identified.GroupLines,
            .. settings.Away,
        ]);
    }

    public static RosterLine LineOf(TokenSettings token, byte[] key) => token switch
    {
        TokenSettings.OfPerson { Person: var person } =>
            new RosterLine.TokenOfPerson(person, TokenMark.Of(token.Secret, key)),
        TokenSettings.OfAgent { Asker: var asker } =>
            new RosterLine.TokenOfAgent(asker.Agent, TokenMark.Of(token.Secret, key), asker.OnBehalfOf),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    public static RosterLine LineOf(IdentitySettings identity) => identity switch
    {
        IdentitySettings.OfPerson { Person: var person } => new RosterLine.IdentityOfPerson(person, identity.Subject),
        IdentitySettings.OfAgent { Agent: var agent } => new RosterLine.IdentityOfAgent(agent, identity.Subject),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    public static RosterLine LineOf(PersonId person, ChannelAccount account) =>
        new RosterLine.Account(person, account);

    public static ImmutableArray<RosterLine> Sorted(IEnumerable<RosterLine> lines) =>
        [.. lines.OrderBy(line => line.ToString(), StringComparer.Ordinal)];

    public static CanonicalJson ToJson(IEnumerable<RosterLine> lines) =>
        CanonicalJson.ArrayOf(Sorted(lines).Select(line => CanonicalJson.Of(line.ToString())));

    public bool Has(RosterLine line) => _lines.Contains(line);

    public ImmutableArray<RosterLine> Except(Roster other) => Sorted(_lines.Except(other._lines));

    public Roster With(IEnumerable<RosterLine> added, IEnumerable<RosterLine> removed) =>
        new(_lines.Except(removed).Union(added));

    private static People PeopleOf(ImmutableHashSet<RosterLine> lines)
    {
        var groups = lines.OfType<RosterLine.InGroup>().ToLookup(line => line.Person, line => line.Group);
        return new People(
            lines.OfType<RosterLine.Called>().Select(line => new Person(
                line.Person,
                line.Name,
                [.. groups[line.Person]],
                lines.Contains(new RosterLine.Admin(line.Person)))
            {
                MayBreakGlass = lines.Contains(new RosterLine.GlassBreaker(line.Person)),
            }),
            lines.OfType<RosterLine.Belongs>().Select(line => new Agent(line.Agent, line.Owner)));
    }
}
