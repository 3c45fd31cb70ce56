using System.Collections.Immutable;
using System.Text;
using Countersign.Core.Identity;
using Countersign.Core.Policies.Checking;
using Countersign.Core.Policies.Documents;
using Countersign.Core.Policies.Proving;

namespace Countersign.Core.Policies;

/// <summary>
/// Makes a policy of its files: (1) read the documents, (2) compile the conditions, (3) check each rule by itself,
/// (4) check who is asked, (5) compare the rules with each other and with the assertions. The last step runs only when
/// the earlier ones found nothing, because its complaints would follow from theirs.
/// </summary>
internal static class PolicyLoader
{
    public static PolicyLoad Load(IReadOnlyCollection<PolicyText> files, People? people)
    {
        var errors = new PolicyErrors();
        var sorted = files.OrderBy(file => file.Name, StringComparer.Ordinal).ToImmutableArray();
        if (sorted.Length > PolicyLimits.Files)
        {
            errors.Add(new SourcePosition(sorted[0].Name, 1, 1), $"more than {PolicyLimits.Files} files; merge some");
            return new PolicyLoad.Refused(errors.Sorted());
        }

        return Load(sorted, people, errors) is { } policy
            ? new PolicyLoad.Loaded(policy)
            : new PolicyLoad.Refused(errors.Sorted());
    }

    private static Policy? Load(ImmutableArray<PolicyText> files, People? people, PolicyErrors errors)
    {
        // 1, 2.
        var draft = DocumentReader.Read(files, errors);
        var rules = draft.Rules.Select(rule => Compile(rule, errors)).OfType<Rule>()
            .OrderBy(rule => rule.Id.Value, StringComparer.Ordinal).ToImmutableArray();
        var assertions = draft.Assertions.Select(each => Assertion.Compile(each, errors)).OfType<Assertion>()
            .ToImmutableArray();

        // 3.
        foreach (var rule in rules)
        {
            RuleChecks.Check(rule, errors);
        }

        // 4.
        if (people is not null)
        {
            Attainability.Check(draft, people, errors);
        }

        if (errors.Any)
        {
            return null;
        }

        // 5.
        var formulas = new PolicyFormulas();
        var theDefault = PolicyDefault.Of(draft.Default);
        Coverage.Check(rules, formulas, errors);
        Assertions.Check(assertions, rules, theDefault, formulas, errors);
        return errors.Any ? null : new Policy(HashOf(files), rules, theDefault, formulas);
    }

    private static Rule? Compile(RuleDraft draft, PolicyErrors errors)
    {
        if (PolicyCondition.Compile(draft.When, errors) is not { } condition)
        {
            return null;
        }

        var (effect, verb) = draft.Then switch
        {
            EffectDraft.Allow => (VerdictOutcome.Allow, "allows"),
            EffectDraft.Deny => (VerdictOutcome.Deny, "denies"),
            _ => (VerdictOutcome.Require, "requires approval for"),
        };
        var reason = draft.Reason ?? $"The rule '{draft.Id}' {verb} this action.";
        return new Rule(draft.Id, reason, effect, condition, draft.At)
        {
            Record = draft.Record,
            Requirement = (draft.Then as EffectDraft.Require)?.Requirement.For(draft.Id, reason),
        };
    }

    /// <summary>
    /// Hashes the texts with their lengths, so that moving a line from one file to the next is a change.
    /// </summary>
    private static PolicyHash HashOf(ImmutableArray<PolicyText> files)
    {
        var framed = new StringBuilder();
        foreach (var file in files)
        {
            framed.Append(Encoding.UTF8.GetByteCount(file.Text)).Append('\n').Append(file.Text);
        }

        return PolicyHash.Of(Encoding.UTF8.GetBytes(framed.ToString()));
    }
}
