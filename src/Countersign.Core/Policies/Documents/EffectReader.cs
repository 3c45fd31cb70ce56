using Countersign.Core.Policies.Yaml;

namespace Countersign.Core.Policies.Documents;

/// <summary>Reads <c>then</c> of a rule, and <c>default</c>.</summary>
internal sealed class EffectReader(PolicyErrors errors)
{
    private static readonly string[] Effects = ["allow", "deny", "require"];
    private static readonly string[] ThenKeys = ["require"];
    private static readonly string[] DefaultKeys = ["require", "deny", "reason"];

    private readonly RequirementReader _requirements = new(errors);

    /// <summary>A rule's effect: <c>allow</c>, <c>deny</c> or <c>{ require: … }</c>.</summary>
    public EffectDraft? Read(YamlNode node)
    {
        if (node is not YamlNode.Scalar scalar)
        {
            return Fields.Of(node, "'then'", ThenKeys, errors)?.Find("require") is { } require
                ? Requirement(require)
                : Missing(node, "'then' is allow, deny or { require: { stages: … } }");
        }

        switch (scalar.Text)
        {
            case "allow":
                return new EffectDraft.Allow();
            case "deny":
                return new EffectDraft.Deny();
            case "require":
                return Missing(
                    node, "'then: require' names nobody; write then: { require: { stages: [ { of: group:dba } ] } }");
            default:
                errors.Add(
                    node.At,
                    $"'then' is allow, deny or {{ require: … }}, not {Values.Shown(node)}",
                    Nearest.To(scalar.Text, Effects));
                return null;
        }
    }

    /// <summary>What holds when no rule matches; never allow (DESIGN section 6.4).</summary>
    public DefaultDraft? ReadDefault(YamlNode node, SourcePosition at)
    {
        if (node is YamlNode.Scalar scalar)
        {
            return Bare(scalar) is { } bare ? new DefaultDraft(bare, Reason: null, at) : null;
        }

        if (Fields.Of(node, "'default'", DefaultKeys, errors) is not { } fields)
        {
            return null;
        }

        var require = fields.Find("require");
        var deny = fields.Find("deny");
        if ((require is null) == (deny is null))
        {
            errors.Add(node.At, "'default' has either 'deny' or 'require'");
            return null;
        }

        return (require is null ? Denial(deny!) : DefaultRequirement(require)) is { } effect
            ? new DefaultDraft(effect, RuleReader.ReasonOf(fields, errors), at)
            : null;
    }

    private EffectDraft? Bare(YamlNode.Scalar scalar)
    {
        switch (scalar.Text)
        {
            case "deny":
                return new EffectDraft.Deny();
            case "require":
                return new EffectDraft.RequireNobody();
            case "allow":
                errors.Add(scalar.At, "default is never allow; write rules for what is harmless");
                return null;
            default:
                errors.Add(
                    scalar.At,
                    $"'default' is deny or {{ require: … }}, not {Values.Shown(scalar)}",
                    Nearest.To(scalar.Text, DefaultKeys));
                return null;
        }
    }

    private EffectDraft? Denial(YamlNode node)
    {
        var isBare = node is YamlNode.Scalar { IsEmpty: true } or YamlNode.Mapping { Members.IsEmpty: true };
        return isBare
            ? new EffectDraft.Deny()
            : Missing(node, "'deny' takes no value; the text for people is 'reason'");
    }

    private EffectDraft? DefaultRequirement(YamlNode node) =>
        node is YamlNode.Scalar { IsEmpty: true } ? new EffectDraft.RequireNobody() : Requirement(node);

    private EffectDraft.Require? Requirement(YamlNode node) =>
        _requirements.Read(node) is { } requirement ? new EffectDraft.Require(requirement) : null;

    private EffectDraft? Missing(YamlNode node, string message)
    {
        errors.Add(node.At, message);
        return null;
    }
}
