using System.Collections.Immutable;
using Countersign.Core.Identity;
using Countersign.Core.Policies;
using Countersign.Core.Policies.Checking;
using Countersign.Core.Reviews;

namespace Countersign.Server.Configuration;

/// <summary>
/// Finds requirements that nobody could meet for some agent, because those they ask stand behind the request. The
/// policy alone is no mistake, so this is a warning: the agent may never ask for what the rule is about.
/// </summary>
internal static class OutOfReach
{
    public static ImmutableArray<string> Find(Policy policy, Settings settings)
    {
        var askers = AskersOf(settings);
        var rules = policy.Rules.Where(rule => rule.Requirement is not null)
            .Select(rule => WarningOf(
                $"{rule.At}: the rule '{rule.Id}'", rule.Requirement!, askers.Where(Reaches(rule.Gates, settings))));
        var otherwise = policy.DefaultRequirement is { } requirement
            ? WarningOf("the policy's default", requirement, askers.Where(Reaches(GateSet.All, settings)))
            : null;
        return [.. rules.Append(otherwise).OfType<string>()];

        string? WarningOf(string what, Requirement needed, IEnumerable<Asker> candidates)
        {
            var people = settings.Identified.PossiblePeople(settings.People);
            var stuck = candidates.Where(asker => !CanBeMet(needed, asker, people)).ToList();
            return stuck.Count == 0
                ? null
                : $"{what} cannot be met when {string.Join(" or ", stuck.Select(NameOf))} asks: the owner and the " +
                  "person acted for may not approve, and too few of the others are asked. Ask more people, or give " +
                  "the agent another owner.";
        }
    }

    /// <summary>Everyone who can ask: each agent by itself unless all its tokens act for somebody.</summary>
    private static ImmutableArray<Asker> AskersOf(Settings settings)
    {
        var withTokens = settings.Tokens.OfType<TokenSettings.OfAgent>()
            .Select(token => token.Asker).Distinct().ToList();
        var others = settings.People.Agents.Select(agent => agent.Id)
            .Except(withTokens.Select(asker => asker.Agent))
            .Select(agent => new Asker(agent, OnBehalfOf: null));
        return [.. withTokens.Concat(others).OrderBy(asker => asker.Agent.Value, StringComparer.Ordinal)];
    }

    private static Func<Asker, bool> Reaches(GateSet gates, Settings settings) => asker =>
        settings.Targets.Any(each => gates.Contains(each.Target.Gate) && each.Target.Admits(asker.Agent));

    private static bool CanBeMet(Requirement requirement, Asker asker, People people)
    {
        var chain = people.ActorChain(asker);
        var places = requirement.Stages
            .SelectMany(stage => Enumerable.Repeat(
                people.MembersOf(stage.Of.Concat(stage.Escalate)).Except(chain), stage.Need))
            .ToImmutableArray();
        return Places.CountFillable(places) == places.Length;
    }

    private static string NameOf(Asker asker) => asker.OnBehalfOf is { } person
        ? $"agent '{asker.Agent}' on behalf of {person}"
        : $"agent '{asker.Agent}'";
}
