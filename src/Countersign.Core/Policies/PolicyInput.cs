using System.Collections.Immutable;
using Countersign.Core.Actions;
using Countersign.Core.Identity;

namespace Countersign.Core.Policies;

/// <summary>
/// Everything a policy may know about one request. What is not set is unknown, and unknown makes stricter.
/// </summary>
public sealed record PolicyInput(Asking Asking)
{
    /// <summary>Who answers for the agent: a person's id, or <c>group:</c> and a group's name.</summary>
    public string? Owner { get; init; }

    /// <summary>
    /// The groups of the person the agent acts for, or otherwise of its owner; <c>null</c> when nobody knows that
    /// person, because no groups at all would let a rule that forbids a group pass.
    /// </summary>
    public ImmutableArray<string>? Groups { get; init; }

    public Preview? Preview { get; init; }

    public History? History { get; init; }

    public Calendar? Calendar { get; init; }

    /// <summary>Fills in owner and groups from the people registered now.</summary>
    public static PolicyInput Of(Asking asking, People people)
    {
        var owner = people.Find(asking.Asker.Agent)?.Owner;
        return new PolicyInput(asking)
        {
            Owner = owner is Party.OfPerson person ? person.Id.Value : owner?.ToString(),
            Groups = GroupsOf(asking.Asker, owner, people),
        };
    }

    private static ImmutableArray<string>? GroupsOf(Asker asker, Party? owner, People people)
    {
        if (asker.OnBehalfOf is null && owner is Party.OfGroup group)
        {
            return [group.Name.Value];
        }

        var person = asker.OnBehalfOf ?? (owner as Party.OfPerson)?.Id;
        var groups = person is { } id && !people.Uncertain.Contains(id) ? people.Find(id)?.Groups : null;
        return groups is null ? null : [.. groups.Select(name => name.Value).Order(StringComparer.Ordinal)];
    }
}
