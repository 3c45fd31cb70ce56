using System.Collections.Immutable;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Policies;
using Countersign.Core.Policies.Documents;
using Countersign.Core.Policies.Yaml;

namespace Countersign.Server.Configuration;

/// <summary>Reads <c>targets:</c>.</summary>
internal sealed class TargetsSection(Section section, People people)
{
    private static readonly string[] Keys =
    [
        "gate", "environment", "labels", "upstream", "credentials", "reviewers", "agents", "record", "visibility",
        "deny_for", "ask_reason", "preview", "limits", "default", "redact", "mask", "openapi", "program",
        "environment_variables", "resolver",
    ];

    /// <summary>
    /// What this version does not do yet is refused by name: a setting without effect would be a false promise.
    /// </summary>
    private static readonly string[] NotYet =
        ["limits", "default", "redact", "mask", "openapi", "program", "environment_variables", "resolver"];

    /// <summary>How a gate reaches what executes; no node executes anything for a target that gives permits.</summary>
    private static readonly string[] OfExecutors = ["upstream", "credentials", "ask_reason", "preview"];

    private static readonly TimeSpan LongestDenial = TimeSpan.FromDays(1);

    private static readonly OrderedDictionary<string, GateKind> Gates =
        new(GateNames.All.Select(name => KeyValuePair.Create(name, Enum.Parse<GateKind>(name, ignoreCase: true))));

    private readonly UpstreamSection _upstreams = new(section);

    public ImmutableArray<TargetSettings> Read(Fields root)
    {
        if (root.Find("targets") is not { } node)
        {
            return [];
        }

        if (node is not YamlNode.Mapping mapping)
        {
            section.Complain(node, $"targets is a mapping from names to targets, not {node.Kind}");
            return [];
        }

        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        var targets = new List<TargetSettings>();
        foreach (var (key, value) in mapping.Members)
        {
            if (!names.Add(key.Text))
            {
                section.Complain(key, $"the target name '{key.Text}' differs from another one in case only");
            }

            if (key.Text == PeopleSection.Reserved.Value)
            {
                section.Complain(
                    key, $"'{PeopleSection.Reserved}' is the gateway itself; give the target another name");
            }

            if (section.Checked(key, "a target name", text => new TargetName(text).Value) is { } name
                && ReadTarget(new TargetName(name), value) is { } target)
            {
                targets.Add(target);
            }
        }

        return [.. targets];
    }

    private TargetSettings? ReadTarget(TargetName name, YamlNode node)
    {
        if (Fields.Of(node, $"target '{name}'", Keys, section.Errors) is not { } fields)
        {
            return null;
        }

        RefuseNotYet(name, fields);
        if (fields.Find("gate") is not { } gateNode)
        {
            section.ComplainIfLacking(
                fields, "gate", $"target '{name}' needs 'gate': {string.Join(", ", GateNames.All)}");
            return null;
        }

        if (Values.Word(gateNode, "gate", Gates, section.Errors) is not { } gate
            || section.RequiredText(fields, "environment", $"target '{name}'") is not { } environment)
        {
            return null;
        }

        if (gate is not (GateKind.Mcp or GateKind.Api))
        {
            section.Complain(gateNode, $"gate '{gate.ToText()}' is not part of this version; it has mcp and api");
            return null;
        }

        var target = new Target(name, gate, environment)
        {
            Labels = section.Texts(fields, "labels"),
            Reviewers = fields.Find("reviewers") is { } reviewers ? ReviewersOf(reviewers) : null,
            Agents = fields.Find("agents") is null ? null : AgentsOf(fields),
            DenyFor = DenyForOf(fields),
            VisibleToReviewersOnly = VisibilityOf(fields),
            Record = RecordOf(fields),
        };
        return new TargetSettings(
            target, gate == GateKind.Mcp ? _upstreams.Read(name, fields) : RefuseUpstream(fields));
    }

    private UpstreamSettings? RefuseUpstream(Fields fields)
    {
        foreach (var key in OfExecutors)
        {
            if (fields.Find(key) is { } node)
            {
                section.Complain(node, $"'{key}' has no effect at gate api, which only gives permits; take it out");
            }
        }

        return null;
    }

    private void RefuseNotYet(TargetName name, Fields fields)
    {
        foreach (var key in NotYet)
        {
            if (fields.Find(key) is { } node)
            {
                section.Complain(node, $"'{key}' of target '{name}' is not part of this version; take it out");
            }
        }
    }

    private Party? ReviewersOf(YamlNode node)
    {
        var party = section.Checked(node, "reviewers", Party.Parse);
        if (party is not null && people.MembersOf(party).IsEmpty)
        {
            section.Complain(node, $"the reviewers '{party}' are nobody under people");
        }

        return party;
    }

    private ImmutableHashSet<AgentId> AgentsOf(Fields fields)
    {
        var known = people.Agents.Select(agent => agent.Id.Value).ToList();
        var named = section.Items(fields, "agents")
            .Select(item => Values.Text(item, "an item of agents", section.Errors)).OfType<YamlNode.Scalar>().ToList();
        foreach (var node in named.Where(node => !known.Contains(node.Text)))
        {
            section.Errors.Add(node.At, $"there is no agent '{node.Text}'", Nearest.To(node.Text, known));
        }

        return [.. named.Where(node => known.Contains(node.Text)).Select(node => new AgentId(node.Text))];
    }

    private TimeSpan DenyForOf(Fields fields) => fields.Find("deny_for") is { } node
        ? Values.Duration(node, "deny_for", LongestDenial, section.Errors) ?? Target.DefaultDenyFor
        : Target.DefaultDenyFor;

    private bool VisibilityOf(Fields fields) => fields.Find("visibility") switch
    {
        null => false,
        YamlNode.Scalar { Text: "reviewers" } => true,
        { } other => section.Complain(other, $"visibility is 'reviewers' or left out, not {Values.Shown(other)}"),
    };

    private RecordMode RecordOf(Fields fields)
    {
        switch (fields.Find("record"))
        {
            case null or YamlNode.Scalar { Text: "before" }:
                return RecordMode.Before;
            case YamlNode.Scalar { Text: "with" }:
                return RecordMode.With;
            case var other:
                section.Complain(other, $"record is 'before' or 'with' in this version, not {Values.Shown(other)}");
                return RecordMode.Before;
        }
    }
}
