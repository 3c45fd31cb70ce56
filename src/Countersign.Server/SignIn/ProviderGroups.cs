using System.Collections.Immutable;
using Countersign.Core.Identity;
using Countersign.Server.Configuration;
using Countersign.Server.Rosters;

namespace Countersign.Server.SignIn;

/// <summary>What the identity provider calls the groups that somebody is in, and until when that counts.</summary>
internal sealed record GroupStanding(ImmutableHashSet<string> Names, DateTimeOffset Until);

/// <summary>Puts people into the groups that only the provider knows of.</summary>
internal static class ProviderGroups
{
    /// <summary>
    /// The registered people as they are by what the provider said, and when the next of its words is too old. Of whom
    /// it said nothing that still counts, nobody knows: they are in none of its groups.
    /// </summary>
    public static (People People, DateTimeOffset Lapse) Apply(
        Registered registered,
        ProviderOptions? provider,
        ImmutableDictionary<PersonId, GroupStanding> standings,
        DateTimeOffset now)
    {
        if (provider is null || provider.Groups.IsEmpty)
        {
            return (registered.People, DateTimeOffset.MaxValue);
        }

        var issuer = provider.Issuer.Issuer;
        var known = registered.Identities.Values.OfType<IdentitySettings.OfPerson>()
            .Where(identity => identity.Subject.Issuer == issuer)
            .Select(identity => identity.Person)
            .Distinct()
            .ToDictionary(person => person, standings.GetValueOrDefault);
        var current = known.Where(each => each.Value?.Until > now).ToDictionary(each => each.Key, each => each.Value!);
        var groups = provider.Groups
            .Where(group => registered.Has(new RosterLine.GroupFrom(issuer, group.Key, group.Value)))
            .ToLookup(group => group.Key, group => group.Value);
        var people = registered.People.Persons.Select(person => current.TryGetValue(person.Id, out var standing)
            ? person with { Groups = person.Groups.Union(standing.Names.SelectMany(name => groups[name])) }
            : person);
        return (
            new People(people, registered.People.Agents)
            {
                Uncertain = [.. known.Keys.Where(person => !current.ContainsKey(person))],
            },
            current.Values.Select(standing => standing.Until).DefaultIfEmpty(DateTimeOffset.MaxValue).Min());
    }
}
