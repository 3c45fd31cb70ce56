using System.Collections.Immutable;
using Countersign.Core.Identity;
using Countersign.Server.Rosters;

namespace Countersign.Server.Configuration;

/// <summary>How people sign in, whose tokens count, and who people and agents are to those.</summary>
internal sealed record Identified(
    SignInSettings SignIn, ImmutableArray<IssuerOptions> Issuers, ImmutableArray<IdentitySettings> Identities)
{
    /// <summary>Whether an agent is known by a client certificate.</summary>
    public bool TakesCertificates =>
        Identities.Any(identity => identity.Subject.Issuer == Subject.Certificate);

    /// <summary>What the provider's groups are here, as the roster says it.</summary>
    public IEnumerable<RosterLine> GroupLines => SignIn.Provider is { } provider
        ? provider.Groups.Select(group => new RosterLine.GroupFrom(provider.Issuer.Issuer, group.Key, group.Value))
        : [];

    /// <summary>
    /// The people as they might be: of its groups the provider may put everybody it knows into each. So what only the
    /// provider can say is no reason to refuse a configuration.
    /// </summary>
    public People PossiblePeople(People people)
    {
        if (SignIn.Provider is not { } provider || provider.Groups.IsEmpty)
        {
            return people;
        }

        var known = Identities.OfType<IdentitySettings.OfPerson>()
            .Where(identity => identity.Subject.Issuer == provider.Issuer.Issuer)
            .Select(identity => identity.Person)
            .ToHashSet();
        return new People(
            people.Persons.Select(person => known.Contains(person.Id)
                ? person with { Groups = person.Groups.Union(provider.Managed) }
                : person),
            people.Agents);
    }
}
