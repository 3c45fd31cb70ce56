using Countersign.Core.Policies.Documents;
using Countersign.Core.Policies.Yaml;
using Countersign.Server.Channels.Webhook;

namespace Countersign.Server.Configuration;

/// <summary>Reads <c>webhook:</c> of <c>channels:</c>.</summary>
internal sealed class WebhookSection(Section section)
{
    private static readonly string[] Keys = ["url", "secret"];

    public WebhookOptions? Read(YamlNode node)
    {
        if (Fields.Of(node, "webhook", Keys, section.Errors) is not { } fields)
        {
            return null;
        }

        section.ComplainIfLacking(fields, "url", "webhook needs 'url', where deliveries go");
        section.ComplainIfLacking(
            fields, "secret", "webhook needs 'secret', which signs deliveries: without one anybody could send them");
        var url = UrlOf(fields);
        var secrets = SecretsOf(fields);
        return url is null || secrets.Count == 0 ? null : new WebhookOptions(url, [.. secrets]);
    }

    private Uri? UrlOf(Fields fields)
    {
        if (fields.Find("url") is not { } node || WebAddress.Read(section, node, "url") is not { } url)
        {
            return null;
        }

        if (url.Scheme != Uri.UriSchemeHttps && !url.IsLoopback)
        {
            section.Complain(node, "url is an https address: what people are asked would be readable on the way");
        }
        else if (url.Fragment.Length > 0 || url.UserInfo.Length > 0)
        {
            section.Complain(node, "url is an address without user and fragment: deliveries are signed instead");
        }

        return url;
    }

    private List<WebhookSecret> SecretsOf(Fields fields)
    {
        if (fields.Find("secret") is not { } node)
        {
            return [];
        }

        var nodes = node is YamlNode.List list ? [.. list.Items] : new[] { node };
        if (nodes.Length is 0 or > WebhookLimits.Secrets)
        {
            section.Complain(node, $"secret is one secret, or a list of up to {WebhookLimits.Secrets} that all sign");
            return [];
        }

        return [.. nodes.Select(SecretOf).OfType<WebhookSecret>()];
    }

    private WebhookSecret? SecretOf(YamlNode node)
    {
        if (section.Secrets.Resolve(node, "secret") is not { } text)
        {
            return null;
        }

        try
        {
            return WebhookSecret.Parse(text);
        }
        catch (FormatException unfit)
        {
            section.Complain(node, unfit.Message);
            return null;
        }
    }
}
