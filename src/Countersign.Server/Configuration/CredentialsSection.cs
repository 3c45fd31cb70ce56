using Countersign.Core.Policies.Documents;
using Countersign.Core.Policies.Yaml;
using Countersign.Gates.Credentials;

namespace Countersign.Server.Configuration;

/// <summary>
/// Reads <c>credentials</c> of a target: a standing one (<c>value</c>), a helper that makes one for each call
/// (<c>exec</c>), or both.
/// </summary>
internal sealed class CredentialsSection(Section section)
{
    public static readonly string[] Keys = ["header", "value", "exec", "ttl"];

    private static readonly TimeSpan LongestTimeToLive = TimeSpan.FromDays(1);

    public ((string Header, string Value)? Standing, MintOptions? Mint) Read(Fields fields)
    {
        if (fields.Find("credentials") is not { } node
            || Fields.Of(node, "credentials", Keys, section.Errors) is not { } parts)
        {
            return default;
        }

        return ReadParts(parts, needsValue: true);
    }

    /// <summary>
    /// The same of what is read already, where other ways of having a credential may stand beside these.
    /// </summary>
    public ((string Header, string Value)? Standing, MintOptions? Mint) ReadParts(Fields parts, bool needsValue)
    {
        var mint = parts.Find("exec") is { } exec ? MintOf(parts, exec) : null;
        if (parts.Find("exec") is null && parts.Find("ttl") is { } useless)
        {
            section.Complain(useless, "'ttl' is for credentials that 'exec' makes; a 'value' has no end");
        }

        var hasStanding = parts.Find("value") is not null || needsValue && parts.Find("exec") is null;
        return (hasStanding ? StandingOf(parts) : null, mint);
    }

    private MintOptions? MintOf(Fields parts, YamlNode node)
    {
        var command = section.Texts(parts, "exec");
        var standard = new MintOptions(command);
        var header = parts.Find("header") is null ? standard.Header : section.Text(parts, "header");
        if (command.IsEmpty || command[0].Length == 0)
        {
            section.Complain(node, "'exec' is a program and its arguments, like [mint-token, --short]");
            return null;
        }

        if (header is null)
        {
            return null;
        }

        if (HeaderText.WhyNoName(header) is { } whyNot)
        {
            section.Complain(parts.Find("header") ?? node, whyNot);
            return null;
        }

        // A path is one, relative to the file like every other; a bare name is looked for in PATH.
        var program = command[0].Contains('/', StringComparison.Ordinal) ? section.FilePath(command[0]) : command[0];
        return standard with
        {
            Command = command.SetItem(0, program),
            Header = header,
            TimeToLive = parts.Find("ttl") is { } ttl
                ? Values.Duration(ttl, "ttl", LongestTimeToLive, section.Errors) ?? standard.TimeToLive
                : standard.TimeToLive,
        };
    }

    private (string Header, string Value)? StandingOf(Fields parts)
    {
        var header = parts.Find("exec") is not null && parts.Find("header") is null
            ? "Authorization"
            : section.RequiredText(parts, "header", "credentials");
        if (parts.Find("value") is not { } valueNode)
        {
            section.ComplainIfLacking(parts, "value", "credentials needs 'value', or 'exec' that makes one");
            return null;
        }

        var value = section.Secrets.Resolve(valueNode, "the credential");
        return header is not null && value is not null && CanBeSent(parts, header, value) ? (header, value) : null;
    }

    /// <summary>What HTTP cannot carry would be left out of every request without a word.</summary>
    private bool CanBeSent(Fields parts, string header, string value)
    {
        if (HeaderText.WhyNoValue(value) is { } whyNot)
        {
            return section.Complain(parts.Find("value")!, whyNot);
        }

        return HeaderText.WhyNoName(header) is not { } whyNoName
            || section.Complain(parts.Find("header") ?? parts.Find("value")!, whyNoName);
    }
}
