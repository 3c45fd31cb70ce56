using System.Collections.Immutable;
using Countersign.Core.Identity;
using Countersign.Core.Records;
using Countersign.Core.Reviews;

namespace Countersign.Core.Receipts;

/// <summary>
/// Part of step 11: whether enough different persons approved. Group members are the gateway's word; that each person
/// counts once, whatever they approved with, and that nobody who stands behind the request counts, is checked here.
/// </summary>
internal sealed class VoteCount(Findings findings, SaidRequest request, IReadOnlyList<SaidVote> votes)
{
    public void Check(SaidEntry decided)
    {
        if (request.Verdict.Requirements.IsEmpty)
        {
            findings.Question(
                Doubt.VerdictDiffers, $"Entry {decided.Index} says approved, and no rule asked for an approval.");
        }

        foreach (var vote in votes)
        {
            CheckSelf(vote);
        }

        foreach (var requirement in request.Verdict.Requirements)
        {
            CheckRule(requirement);
        }
    }

    private void CheckSelf(SaidVote vote)
    {
        if (!vote.Approves || !StandsBehind(vote))
        {
            return;
        }

        findings.Question(
            Doubt.SelfApproval,
            $"{vote.Person} approved in entry {vote.Entry.Index} what they asked for or changed themselves.");
    }

    private bool StandsBehind(string person) =>
        person == request.OnBehalfOf || request.Modifiers.Contains(person);

    private bool StandsBehind(SaidVote vote) => StandsBehind(vote.Person) || StandsBehind(vote.Place);

    private void CheckRule(Requirement requirement)
    {
        var counted = votes
            .Where(vote => vote.Approves && vote.Assurance >= requirement.Assurance && !StandsBehind(vote))
            .ToList();
        // Whoever is away and their deputy are one, and so is a deputy of several.
        var places = counted.Select(vote => vote.Place).ToImmutableHashSet();
        var persons = Math.Min(places.Count, counted.Select(vote => vote.Person).Distinct().Count());
        var needed = requirement.Stages.Sum(stage => stage.Need);
        var lacking = requirement.Stages.Any(stage => NamedOf(stage) is { } named
            && named.Intersect(places).Count < stage.Need);
        if (persons < needed || lacking)
        {
            findings.Question(
                Doubt.TooFewVotes,
                $"Rule {requirement.Rule} needs {needed} different persons; {persons} who may count approved " +
                $"with '{requirement.Assurance.ToText()}' or stronger.");
            return;
        }

        findings.Prove(
            11,
            $"Rule {requirement.Rule} needs {needed}: approved by "
            + $"{string.Join(", ", counted.Select(vote => vote.Name).Distinct().Order())}.");
    }

    /// <summary>The persons of a stage that names persons only; <c>null</c> when a group is among them.</summary>
    private static ImmutableHashSet<string>? NamedOf(Stage stage)
    {
        var parties = stage.Of.AddRange(stage.Escalate);
        return parties.All(party => party is Party.OfPerson)
            ? [.. parties.Select(party => ((Party.OfPerson)party).Id.Value)]
            : null;
    }
}
