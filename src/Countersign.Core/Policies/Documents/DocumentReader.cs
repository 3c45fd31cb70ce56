using System.Collections.Immutable;
using Countersign.Core.Policies.Yaml;

namespace Countersign.Core.Policies.Documents;

/// <summary>Reads all files of a policy and merges them: rules and assertions of all, one default over all.</summary>
internal sealed class DocumentReader(PolicyErrors errors)
{
    private static readonly string[] DocumentKeys = ["version", "default", "rules", "assert"];
    private static readonly string[] AssertionKeys = ["never", "when"];

    private static readonly OrderedDictionary<string, VerdictOutcome> Outcomes = Values.WordsOf<VerdictOutcome>();

    private readonly EffectReader _effects = new(errors);
    private readonly RuleReader _ruleReader = new(errors);
    private readonly Dictionary<RuleId, SourcePosition> _ids = [];
    private readonly List<RuleDraft> _rules = [];
    private readonly List<AssertionDraft> _assertions = [];
    private DefaultDraft? _theDefault;
    private SourcePosition? _defaultAt;

    public static PolicyDraft Read(IEnumerable<PolicyText> files, PolicyErrors errors)
    {
        var reader = new DocumentReader(errors);
        foreach (var file in files)
        {
            if (Composer.Compose(file, errors) is { } root)
            {
                reader.ReadFile(root);
            }
        }

        return new PolicyDraft([.. reader._rules], reader._theDefault, [.. reader._assertions]);
    }

    private void ReadFile(YamlNode root)
    {
        if (Fields.Of(root, "a policy", DocumentKeys, errors) is not { } fields)
        {
            return;
        }

        CheckVersion(fields);
        if (fields.Find("default") is { } node)
        {
            ReadDefault(node);
        }

        foreach (var rule in Items(fields, "rules"))
        {
            AddRule(rule);
        }

        foreach (var assertion in Items(fields, "assert"))
        {
            AddAssertion(assertion);
        }
    }

    private void CheckVersion(Fields fields)
    {
        if (fields.Find("version") is not { } version)
        {
            errors.Add(fields.At, "a policy starts with 'version: 1'");
        }
        else if (version is not YamlNode.Scalar { Text: "1" })
        {
            errors.Add(version.At, $"version {Values.Shown(version)} is unknown; this program reads version 1");
        }
    }

    private void ReadDefault(YamlNode node)
    {
        if (_defaultAt is { } first)
        {
            errors.Add(node.At, $"a second default; the first is at {first}. Keep one");
            return;
        }

        _defaultAt = node.At;
        _theDefault = _effects.ReadDefault(node, node.At);
    }

    private ImmutableArray<YamlNode> Items(Fields fields, string key)
    {
        switch (fields.Find(key))
        {
            case null or YamlNode.Scalar { IsEmpty: true }:
                return [];
            case YamlNode.List list:
                return list.Items;
            case var other:
                errors.Add(other.At, $"'{key}' is a list, not {other.Kind}");
                return [];
        }
    }

    private void AddRule(YamlNode node)
    {
        if (_ruleReader.Read(node) is not { } rule)
        {
            return;
        }

        if (_rules.Count == PolicyLimits.Rules)
        {
            errors.Add(rule.At, $"more than {PolicyLimits.Rules} rules; merge rules that say the same");
        }

        if (!_ids.TryAdd(rule.Id, rule.At))
        {
            errors.Add(rule.At, $"the rule id '{rule.Id}' is taken at {_ids[rule.Id]}; ids are unique over all files");
            return;
        }

        if (_rules.Count < PolicyLimits.Rules)
        {
            _rules.Add(rule);
        }
    }

    private void AddAssertion(YamlNode node)
    {
        if (Fields.Of(node, "an assertion", AssertionKeys, errors) is not { } fields)
        {
            return;
        }

        if (fields.Find("never") is not { } never || fields.Find("when") is not { } when)
        {
            errors.Add(fields.At, "an assertion has 'never' and 'when', like { never: allow, when: CONDITION }");
            return;
        }

        if (_assertions.Count == PolicyLimits.Assertions)
        {
            errors.Add(fields.At, $"more than {PolicyLimits.Assertions} assertions");
        }

        if (Values.Word(never, "'never'", Outcomes, errors) is { } outcome
            && Values.Text(when, "'when'", errors) is { } condition
            && _assertions.Count < PolicyLimits.Assertions)
        {
            _assertions.Add(new AssertionDraft(outcome, condition, fields.At));
        }
    }
}
