using System.Collections;
using System.Collections.Immutable;
using System.Globalization;
using Countersign.Core.Actions;
using Countersign.Core.Policies;
using Countersign.Core.Reviews;

namespace Countersign.Core.Records;

/// <summary>
/// Says in words why an action was held or not: which rules spoke, on which facts, and who could decide. The same lines
/// on the console's page, on the command line, in the API and in receipts.
/// </summary>
public static class Explanation
{
    private const int LongestFact = 120;

    /// <summary>The same without rules and facts, for a page that shows those anyway.</summary>
    public static ImmutableArray<string> Verdict(Verdict verdict) =>
        [Headline(verdict), .. verdict.Requirements.SelectMany(LinesOf)];

    public static ImmutableArray<string> Of(ActionRecord record) => Of(record.Verdict, record.Facts);

    public static ImmutableArray<string> Of(Verdict verdict, Facts facts) =>
    [
        Headline(verdict),
        .. verdict.Rules.Select(rule => $"Rule {rule.Id}: {rule.Reason}".TrimEnd(' ', ':')),
        .. FactLines(facts),
        .. verdict.Requirements.SelectMany(LinesOf),
    ];

    private static string Headline(Verdict verdict) => verdict.Outcome switch
    {
        VerdictOutcome.Allow => "Not held: the policy allows it.",
        VerdictOutcome.Deny => "Not held and not run: the policy forbids it.",
        _ => verdict.Requirements.Length == 1
            ? "Held: a rule of the policy asks for people."
            : $"Held: {verdict.Requirements.Length} rules of the policy ask for people, each for its own approval.",
    };

    private static IEnumerable<string> FactLines(Facts facts) => facts.Members.IsEmpty
        ? []
        : ["Facts that the gate found, which rules read: " + string.Join(
            ", ", facts.Members.Select(fact => $"{facts.Variable}.{fact.Key} = {TextOf(fact.Value)}")) + "."];

    private static string TextOf(object value)
    {
        var text = value switch
        {
            bool flag => flag ? "true" : "false",
            string word => $"\"{word}\"",
            IEnumerable list =>
                $"[{string.Join(", ", list.Cast<object>().Select(TextOf))}]",
            IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
            _ => value.ToString() ?? "",
        };
        return text.Length > LongestFact ? $"{text[..LongestFact]}…" : text;
    }

    private static IEnumerable<string> LinesOf(Requirement requirement)
    {
        foreach (var stage in requirement.Stages)
        {
            var then = stage.Escalate.IsEmpty
                ? "after that it expires"
                : $"after that {string.Join(" or ", stage.Escalate)} are asked as well, and then it expires";
            yield return $"Rule {requirement.Rule}: {stage.Need} of {string.Join(" or ", stage.Of)} could decide " +
                $"within {WordsOf(stage.Within)}; {then}.";
        }

        var others = requirement.DistinctFrom.Contains(Exclusion.PolicyAuthor) ? ", whoever wrote the policy" : "";
        others += requirement.DistinctFrom.Contains(Exclusion.Reciprocal) ? ", whoever returns an approval" : "";
        yield return $"Rule {requirement.Rule}: an approval counts with '{requirement.Assurance.ToText()}' or " +
            $"stronger, and never from whom it is asked for, whoever owns the agent or changed the request{others}.";
    }

    private static string WordsOf(TimeSpan time) => time switch
    {
        { TotalSeconds: < 120 } => $"{time.TotalSeconds:0} seconds",
        { TotalMinutes: < 120 } => $"{time.TotalMinutes:0} minutes",
        { TotalHours: < 48 } => $"{time.TotalHours:0} hours",
        _ => $"{time.TotalDays:0} days",
    };
}
