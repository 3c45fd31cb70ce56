using System.Collections.Immutable;
using System.Diagnostics;
using Countersign.Core.Identity;
using Countersign.Core.Policies.Documents;

namespace Countersign.Core.Policies.Checking;

/// <summary>Refuses requirements that the registered people cannot meet, whoever asks; only what is certain.</summary>
internal sealed class Attainability
{
    private readonly People _people;
    private readonly PolicyErrors _errors;
    private readonly ImmutableHashSet<Party> _known;

    private Attainability(People people, PolicyErrors errors)
    {
        _people = people;
        _errors = errors;
        _known =
        [
            .. people.Persons.Select(person => new Party.OfPerson(person.Id)),
            .. people.Persons.SelectMany(person => person.Groups).Select(group => new Party.OfGroup(group)),
        ];
    }

    public static void Check(PolicyDraft policy, People people, PolicyErrors errors)
    {
        var check = new Attainability(people, errors);
        foreach (var requirement in policy.Rules.Select(rule => rule.Then).Append(policy.Default?.Then)
            .OfType<EffectDraft.Require>())
        {
            check.Check(requirement.Requirement.Stages);
        }
    }

    private void Check(ImmutableArray<StageDraft> stages)
    {
        var unknown = stages.SelectMany(stage => stage.Of.Concat(stage.Escalate))
            .Where(party => !_known.Contains(party.Party)).ToList();
        foreach (var party in unknown)
        {
            Complain(party);
        }

        if (unknown.Count == 0 && stages.All(HasEnough))
        {
            CheckTogether(stages);
        }
    }

    private void Complain(PartyDraft unknown)
    {
        var isGroup = unknown.Party is Party.OfGroup;
        var name = NameOf(unknown.Party);
        var suggestion = Nearest.To(name, _known.Where(party => party is Party.OfGroup == isGroup).Select(NameOf));
        _errors.Add(
            unknown.At,
            isGroup
                ? $"nobody is in the group '{name}'"
                : $"nobody is called '{name}'; a group is written group:{name}",
            suggestion);
    }

    private bool HasEnough(StageDraft stage)
    {
        var members = MembersOf(stage).Count;
        if (members >= stage.Need)
        {
            return true;
        }

        _errors.Add(stage.At, $"the stage needs {stage.Need} people and asks {members}; nobody could ever meet it");
        return false;
    }

    /// <summary>
    /// A person counts once in all stages of a rule, so each stage may have enough and all together too few.
    /// </summary>
    private void CheckTogether(ImmutableArray<StageDraft> stages)
    {
        var places = stages.SelectMany(stage => Enumerable.Repeat(MembersOf(stage), stage.Need)).ToImmutableArray();
        var filled = Places.CountFillable(places);
        if (filled < places.Length)
        {
            _errors.Add(
                stages[0].At,
                $"the stages need {places.Length} different people and those they ask can fill {filled} places, " +
                "because one person counts once in all stages of a rule");
        }
    }

    private ImmutableHashSet<PersonId> MembersOf(StageDraft stage) =>
        _people.MembersOf(stage.Of.Concat(stage.Escalate).Select(party => party.Party));

    private static string NameOf(Party party) => party switch
    {
        Party.OfGroup group => group.Name.Value,
        Party.OfPerson person => person.Id.Value,
        _ => throw new UnreachableException(),
    };
}
