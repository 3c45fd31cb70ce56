using System.Collections.Immutable;
using System.Text.Json;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Actions.Json;
using Countersign.Core.Identity;
using Countersign.Core.Policies;
using Countersign.Core.Reviews;

namespace Countersign.Server.Rosters;

/// <summary>
/// Who decides about a change of people, and what they are shown. An admin, as for a changed policy; and where an admin
/// gains by it, also somebody who does not. Whoever the change would make an admin is none yet.
/// </summary>
internal sealed record PeopleReview(
    ImmutableArray<PersonId> Admins, ImmutableArray<PersonId> Others, ImmutableArray<PersonId> Gainers)
{
    private static readonly TimeSpan ReviewTime = TimeSpan.FromDays(7);
    private static readonly RuleId ByAdmin = new("people-changed");
    private static readonly RuleId ByOther = new("people-changed-other");

    /// <summary>What the change would do, before the lines themselves.</summary>
    public Preview Preview => new(
        Gainers.IsEmpty ? "Nobody gains a right." : $"These gain by it: {string.Join(", ", Gainers)}.")
    {
        Cascades = null,
    };

    /// <summary><c>null</c> when nobody could approve it.</summary>
    public static PeopleReview? Of(RosterChange change, Charter today)
    {
        var gainers = change.Gainers;
        var admins = today.People.Persons.Where(person => person.IsAdmin).Select(person => person.Id).ToHashSet();
        var others = admins.Except(gainers).ToHashSet();
        if (others.Count == 0)
        {
            others = [.. today.PersonsWhoMayReview().Except(gainers)];
        }

        var needsOther = admins.Overlaps(gainers);
        return admins.Count == 0 || (needsOther && others.Count == 0)
            ? null
            : new PeopleReview(Sorted(admins), needsOther ? Sorted(others) : [], Sorted(gainers));
    }

    /// <summary>What an approved change is about; <c>null</c> when it cannot be read.</summary>
    public static (RosterHash From, ImmutableArray<RosterLine> Added, ImmutableArray<RosterLine> Removed)? Read(
        CanonicalJson arguments)
    {
        using var document = JsonDocument.Parse(arguments.Bytes);
        return RosterPayload.Parse(TextsOf(document, "added")) is { } added
            && RosterPayload.Parse(TextsOf(document, "removed")) is { } removed
            ? (RosterHash.Parse(document.RootElement.GetProperty("from").GetString()!), added, removed)
            : null;
    }

    public Verdict VerdictUnder(PolicyHash policy)
    {
        var admin = RequirementOf(
            ByAdmin,
            "The configuration changes who may do what. Nobody has anything by it until an admin approves.",
            Admins);
        var other = RequirementOf(
            ByOther, "An admin gains by this change: one approval has to come from somebody who does not.", Others);
        ImmutableArray<Requirement> requirements = Others.IsEmpty ? [admin] : [admin, other];
        return new Verdict(
            VerdictOutcome.Require,
            [.. requirements.Select(requirement => new MatchedRule(requirement.Rule, requirement.Reason))],
            requirements,
            policy);
    }

    private static Requirement RequirementOf(RuleId rule, string reason, ImmutableArray<PersonId> persons) => new(
        rule,
        reason,
        [new Stage([.. persons.Select(id => new Party.OfPerson(id))], Need: 1, ReviewTime, Escalate: [])],
        Assurance.Token,
        DistinctFrom: [],
        Bounds.None,
        GrantTerms.Default);

    private static ImmutableArray<PersonId> Sorted(IEnumerable<PersonId> persons) =>
        [.. persons.OrderBy(person => person.Value, StringComparer.Ordinal)];

    private static IEnumerable<string> TextsOf(JsonDocument document, string name) =>
        document.RootElement.GetProperty(name).EnumerateArray().Select(text => text.GetString()!);
}
