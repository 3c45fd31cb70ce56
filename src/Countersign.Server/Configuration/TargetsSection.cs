using System.Collections.Immutable;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Policies;
using Countersign.Core.Policies.Documents;
using Countersign.Core.Policies.Yaml;

namespace Countersign.Server.Configuration;

/// <summary>Reads <c>targets:</c>.</summary>
internal sealed class TargetsSection(Section section, People people, RedactionSettings redaction)
{
    private static readonly string[] Keys =
    [
        "gate", "environment", "labels", "upstream", "credentials", "reviewers", "agents", "record", "visibility",
        "deny_for", "ask_reason", "preview", "limits", "default", "redact", "mask", "openapi", "program",
        "environment_variables", "resolver", "graphql", "headers", "status", "report_within",
    ];

    /// <summary>
    /// What this version does not do yet is refused by name: a setting without effect would be a false promise.
    /// </summary>
    private static readonly string[] NotYet = ["limits", "default", "program", "environment_variables"];

    /// <summary>What only the MCP gate knows.</summary>
    private static readonly string[] OfTools = ["ask_reason"];

    private static readonly string[] OfPreviews = ["preview"];

    /// <summary>What only the HTTP gate knows.</summary>
    private static readonly string[] OfRequests = ["openapi", "graphql", "headers", "status"];

    private static readonly string[] OfDatabases = ["resolver"];

    /// <summary>What only targets know that give permits.</summary>
    private static readonly string[] OfPermits = ["report_within"];

    private static readonly TimeSpan LongestDenial = TimeSpan.FromDays(1);

    private static readonly TimeSpan LongestReport = TimeSpan.FromDays(30);

    private static readonly OrderedDictionary<string, GateKind> Gates =
        new(GateNames.All.Select(name => KeyValuePair.Create(name, Enum.Parse<GateKind>(name, ignoreCase: true))));

    private static readonly OrderedDictionary<string, RecordMode> Records = Values.WordsOf<RecordMode>();

    private readonly UpstreamSection _upstreams = new(section);
    private readonly PostgresSection _databases = new(section);
    private readonly HttpSection _servers = new(section);
    private readonly MaskSection _masks = new(section, redaction);

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

        if (gate == GateKind.Command)
        {
            section.Complain(
                gateNode,
                $"gate '{gate.ToText()}' is not part of this version; it has mcp, postgres, http, hook and api");
            return null;
        }

        var labels = section.Texts(fields, "labels");
        var masks = _masks.Read(fields, gate, labels);
        var target = new Target(name, gate, environment)
        {
            Labels = labels,
            Reviewers = fields.Find("reviewers") is { } reviewers ? ReviewersOf(reviewers) : null,
            Agents = fields.Find("agents") is null ? null : AgentsOf(fields),
            DenyFor = DenyForOf(fields),
            ReportWithin = ReportWithinOf(fields),
            VisibleToReviewersOnly = VisibilityOf(fields),
            Record = RecordOf(fields, gate, masks),
            Redaction = masks.Build(key: null),
        };
        RefuseUseless(gate, fields);
        return new TargetSettings(
            target,
            gate == GateKind.Mcp ? _upstreams.Read(name, fields) : null,
            gate == GateKind.Postgres ? _databases.ReadTarget(name, fields) : null)
        {
            Http = gate == GateKind.Http ? _servers.Read(name, fields) : null,
            Masks = masks,
        };
    }

    /// <summary>A setting without effect would be a false promise.</summary>
    private void RefuseUseless(GateKind gate, Fields fields)
    {
        (string[] Keys, string Why) useless = gate switch
        {
            GateKind.Mcp => (
                [.. OfDatabases, .. OfRequests, .. OfPermits], "has no effect at gate mcp; take it out"),
            GateKind.Postgres => (
                [.. OfTools, .. OfPreviews, .. OfRequests, .. OfPermits],
                "has no effect at gate postgres; take it out"),
            GateKind.Http => (
                [.. OfTools, .. OfDatabases, .. OfPermits], "has no effect at gate http; take it out"),
            _ => ([.. OfTools, .. OfPreviews, .. OfDatabases, .. OfRequests, "upstream", "credentials"],
                $"has no effect at gate {gate.ToText()}, which only gives permits; take it out"),
        };
        foreach (var key in useless.Keys)
        {
            if (fields.Find(key) is { } node)
            {
                section.Complain(node, $"'{key}' {useless.Why}");
            }
        }
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

    private TimeSpan ReportWithinOf(Fields fields) => fields.Find("report_within") is { } node
        ? Values.Duration(node, "report_within", LongestReport, section.Errors) ?? Target.DefaultReportWithin
        : Target.DefaultReportWithin;

    private bool VisibilityOf(Fields fields) => fields.Find("visibility") switch
    {
        null => false,
        YamlNode.Scalar { Text: "reviewers" } => true,
        { } other => section.Complain(other, $"visibility is 'reviewers' or left out, not {Values.Shown(other)}"),
    };

    /// <summary>
    /// Reads run before they are recorded only where the gate declares windows for them, and never where something is
    /// masked: who saw what of that must not depend on a clean stop (DESIGN section 2.5).
    /// </summary>
    private RecordMode RecordOf(Fields fields, GateKind gate, RedactionDraft masks)
    {
        if (fields.Find("record") is not { } node
            || Values.Word(node, "record", Records, section.Errors) is not { } mode)
        {
            // Of what is no harmless read, the gate has the intent recorded first whatever is said here.
            return gate == GateKind.Postgres ? RecordMode.With : RecordMode.Before;
        }

        if (mode == RecordMode.Behind && gate is not (GateKind.Postgres or GateKind.Http))
        {
            section.Complain(
                node,
                $"record: behind is for gates postgres and http; gate {gate.ToText()} opens no windows for reads. "
                + "Write 'with' or 'before'");
        }

        if (mode == RecordMode.Behind && !masks.IsNone)
        {
            var what = fields.Find("mask") is not null ? "'mask'" : fields.Find("redact") is not null ? "'redact'"
                : gate == GateKind.Postgres ? "a label that stands for a data class, unless 'redact: none' is said"
                : "the secrets that are masked unless 'redact: none' is said";
            section.Complain(
                node,
                $"record: behind never goes with {what}: what is shown of masked values is recorded first. Write "
                + "'with'");
        }

        return mode;
    }
}
