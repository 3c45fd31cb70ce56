using System.Collections.Immutable;
using Countersign.Core.Actions;
using Countersign.Core.Policies.Documents;
using Countersign.Core.Policies.Yaml;
using Countersign.Gates.Mcp;

namespace Countersign.Server.Configuration;

/// <summary>
/// Reads how the MCP gate reaches a target: <c>upstream</c>, <c>credentials</c>, <c>ask_reason</c> and <c>preview</c>.
/// </summary>
internal sealed class UpstreamSection(Section section)
{
    private static readonly string[] UpstreamKeys = ["url", "command", "args", "environment_variables"];
    private static readonly string[] OfPrograms = ["args", "environment_variables"];

    private readonly CredentialsSection _credentials = new(section);

    public UpstreamSettings? Read(TargetName name, Fields fields)
    {
        if (fields.Find("upstream") is not { } node)
        {
            section.ComplainIfLacking(
                fields,
                "upstream",
                $"target '{name}' needs 'upstream': {{ url: … }} or {{ command: [program, …] }}");
            return null;
        }

        if (Fields.Of(node, "an upstream", UpstreamKeys, section.Errors) is not { } upstream)
        {
            return null;
        }

        var program = section.Texts(upstream, "command");
        if ((upstream.Find("url") is null) == program.IsEmpty)
        {
            section.Complain(node, $"the upstream of '{name}' has either 'url' or 'command'");
            return null;
        }

        var url = upstream.Find("url") is { } address ? UrlOf(address, upstream) : null;
        if (!program.IsEmpty && fields.Find("credentials") is { } useless)
        {
            section.Complain(
                useless,
                "'credentials' go to an upstream 'url': a program serves all calls of a session, so none of them can " +
                "have its own; give it its secrets in environment_variables");
        }

        var (credential, mint) = program.IsEmpty ? _credentials.Read(fields) : default;
        return new UpstreamSettings
        {
            Url = url,
            Command = program.AddRange(section.Texts(upstream, "args")),
            EnvironmentVariables = VariablesOf(upstream),
            Credential = credential,
            Mint = mint,
            AskReason = section.Flag(fields, "ask_reason"),
            Previews = PreviewsOf(fields),
        };
    }

    private Uri? UrlOf(YamlNode node, Fields upstream)
    {
        foreach (var key in OfPrograms)
        {
            if (upstream.Find(key) is { } useless)
            {
                section.Complain(useless, $"'{key}' is for an upstream 'command' and has no effect with 'url'");
            }
        }

        var url = WebAddress.Read(section, node, "url");
        if (url is { UserInfo.Length: > 0 })
        {
            section.Complain(node, "a name or password in 'url' is never sent; use 'credentials' of the target");
        }

        return url;
    }

    private ImmutableDictionary<string, string> VariablesOf(Fields upstream)
    {
        if (upstream.Find("environment_variables") is not { } node)
        {
            return ImmutableDictionary<string, string>.Empty;
        }

        if (node is not YamlNode.Mapping mapping)
        {
            section.Complain(node, $"environment_variables is a mapping from names to values, not {node.Kind}");
            return ImmutableDictionary<string, string>.Empty;
        }

        return mapping.Members
            .Select(member => (member.Key.Text, Value: section.Secrets.Resolve(member.Value, member.Key.Text)))
            .Where(member => member.Value is not null)
            .ToImmutableDictionary(member => member.Text, member => member.Value!);
    }

    /// <summary>
    /// Naming a tool here is the operator's word that it changes nothing: it runs before anybody decided.
    /// </summary>
    private ImmutableDictionary<string, string> PreviewsOf(Fields fields)
    {
        var previews = ImmutableDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        if (fields.Find("preview") is not { } node)
        {
            return previews.ToImmutable();
        }

        if (node is not YamlNode.Mapping mapping)
        {
            section.Complain(node, $"preview is a mapping from tools to the tools that preview them, not {node.Kind}");
            return previews.ToImmutable();
        }

        foreach (var (tool, value) in mapping.Members)
        {
            if (Values.Text(value, $"the preview of '{tool.Text}'", section.Errors) is { } by
                && CanPreview(mapping, tool, by))
            {
                previews[tool.Text] = by.Text;
            }
        }

        return previews.ToImmutable();
    }

    private bool CanPreview(YamlNode.Mapping previews, YamlNode.Scalar tool, YamlNode.Scalar by) => 0 switch
    {
        _ when tool.Text == by.Text => section.Complain(
            by, $"'{tool.Text}' cannot preview itself: that would run it before anybody decided"),
        _ when previews.Members.Any(other => other.Key.Text == by.Text) => section.Complain(
            by, $"'{by.Text}' has a preview of its own, so it is no tool to run before anybody decided"),
        _ when by.Text.Length == 0 => section.Complain(by, $"the preview of '{tool.Text}' is the name of a tool"),
        _ when ApprovalTools.IsReserved(tool.Text) || ApprovalTools.IsReserved(by.Text) => section.Complain(
            by, $"'{tool.Text}: {by.Text}' names a tool of the gateway; name the target's own tools"),
        _ => true,
    };
}
