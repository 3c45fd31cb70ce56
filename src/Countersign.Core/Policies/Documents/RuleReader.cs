using Countersign.Core.Actions;
using Countersign.Core.Policies.Yaml;

namespace Countersign.Core.Policies.Documents;

/// <summary>Reads one item of <c>rules</c>.</summary>
internal sealed class RuleReader(PolicyErrors errors)
{
    private static readonly string[] RuleKeys = ["id", "reason", "when", "then", "record"];

    private static readonly OrderedDictionary<string, RecordMode> Records = Values.WordsOf<RecordMode>();

    private readonly EffectReader _effects = new(errors);

    public RuleDraft? Read(YamlNode node)
    {
        if (Fields.Of(node, "a rule", RuleKeys, errors) is not { } fields)
        {
            return null;
        }

        var id = IdOf(fields);
        var when = Required(fields, "when", "say when it matches, or 'true' for always");
        var condition = when is null ? null : Values.Text(when, "'when'", errors);
        var then = Required(fields, "then", "say allow, deny or require");
        var effect = then is null ? null : _effects.Read(then);
        var record = RecordOf(fields, effect);
        return id is null || condition is null || effect is null
            ? null
            : new RuleDraft(id.Value, ReasonOf(fields, errors), condition, effect, record, fields.Find("id")!.At);
    }

    /// <summary>The optional text shown to agent and reviewer.</summary>
    public static string? ReasonOf(Fields fields, PolicyErrors errors)
    {
        if (fields.Find("reason") is not { } node || Values.Text(node, "'reason'", errors) is not { } reason)
        {
            return null;
        }

        if (reason.Text.Length > PolicyLimits.ReasonLength)
        {
            errors.Add(reason.At, $"'reason' has more than {PolicyLimits.ReasonLength} characters");
        }

        return reason.Text.Trim();
    }

    private RuleId? IdOf(Fields fields)
    {
        var node = Required(fields, "id", "give it a name");
        if (node is null || Values.Text(node, "'id'", errors) is not { } text)
        {
            return null;
        }

        try
        {
            var id = new RuleId(text.Text);
            if (id != RuleId.Default)
            {
                return id;
            }

            errors.Add(text.At, "'default' names the policy's default; give the rule another id");
        }
        catch (ArgumentException invalid)
        {
            errors.Add(text.At, invalid.Message);
        }

        return null;
    }

    private RecordMode? RecordOf(Fields fields, EffectDraft? effect)
    {
        if (fields.Find("record") is not { } node)
        {
            return null;
        }

        if (effect is not (null or EffectDraft.Allow))
        {
            errors.Add(node.At, "only a rule that allows has 'record'; what needs approval is always recorded before");
        }

        return Values.Word(node, "'record'", Records, errors);
    }

    private YamlNode? Required(Fields fields, string key, string remedy)
    {
        if (fields.Lacks(key))
        {
            errors.Add(fields.At, $"a rule has no '{key}'; {remedy}");
        }

        return fields.Find(key);
    }
}
