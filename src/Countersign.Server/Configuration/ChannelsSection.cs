using System.Collections.Immutable;
using Countersign.Core.Identity;
using Countersign.Core.Policies.Documents;
using Countersign.Core.Policies.Yaml;
using Countersign.Server.Channels;
using Countersign.Server.Channels.Email;
using Countersign.Server.Channels.Slack;

namespace Countersign.Server.Configuration;

/// <summary>Reads <c>channels:</c>.</summary>
internal sealed class ChannelsSection(Section section)
{
    private const int MaxChannelId = 40;

    private static readonly string[] Keys = ["slack", "teams", "webhook", "email"];
    private static readonly string[] SlackKeys = ["signing_secret", "bot_token", "app_token", "channel", "base_url"];

    public ChannelSettings Read(
        Fields root,
        ImmutableDictionary<ChannelAccount, PersonId> accounts,
        ImmutableDictionary<PersonId, EmailAddress> addresses)
    {
        if (root.Find("channels") is not { } node
            || Fields.Of(node, "channels", Keys, section.Errors) is not { } channels)
        {
            return new ChannelSettings { Accounts = accounts, Addresses = addresses };
        }

        return new ChannelSettings
        {
            Slack = channels.Find("slack") is { } slack ? ReadSlack(slack) : null,
            Webhook = channels.Find("webhook") is { } webhook ? new WebhookSection(section).Read(webhook) : null,
            Email = channels.Find("email") is { } email ? new EmailSection(section).Read(email) : null,
            Teams = channels.Find("teams") is { } teams ? new TeamsSection(section).Read(teams) : null,
            Accounts = accounts,
            Addresses = addresses,
        };
    }

    private SlackOptions? ReadSlack(YamlNode node)
    {
        if (Fields.Of(node, "slack", SlackKeys, section.Errors) is not { } fields)
        {
            return null;
        }

        section.ComplainIfLacking(fields, "bot_token", "slack needs 'bot_token', which begins with xoxb-");
        var (secret, app) = (Secret(fields, "signing_secret"), Secret(fields, "app_token"));
        if (fields.Lacks("signing_secret") && fields.Lacks("app_token"))
        {
            section.Complain(
                node,
                "slack needs 'signing_secret' for interactions over HTTP, or 'app_token' for Socket Mode: without " +
                "either no click would arrive");
        }

        var channel = ChannelOf(fields);
        var baseUrl = BaseUrlOf(fields);
        return Secret(fields, "bot_token") is { } token && channel is not null
            ? new SlackOptions(token, channel)
            {
                SigningSecret = secret,
                AppToken = app,
                BaseUrl = baseUrl,
            }
            : null;
    }

    private string? Secret(Fields fields, string key) =>
        fields.Find(key) is { } node ? section.Secrets.Resolve(node, key) : null;

    private string? ChannelOf(Fields fields)
    {
        if (section.RequiredText(fields, "channel", "slack") is not { } channel)
        {
            return null;
        }

        if (channel.Length is > 1 and <= MaxChannelId
            && channel[0] is 'C' or 'G'
            && channel.All(c => char.IsAsciiDigit(c) || char.IsAsciiLetterUpper(c)))
        {
            return channel;
        }

        section.Complain(
            fields.Find("channel")!,
            $"channel is the id of a channel like C0123, not '{channel}': a name could become another channel's");
        return null;
    }

    /// <summary>The address of the API; a token goes there, so anything but https is for this machine only.</summary>
    private Uri BaseUrlOf(Fields fields)
    {
        if (fields.Find("base_url") is not { } node || WebAddress.Read(section, node, "base_url") is not { } url)
        {
            return SlackOptions.StandardBaseUrl;
        }

        if (url.Scheme != Uri.UriSchemeHttps && !url.IsLoopback)
        {
            section.Complain(node, "base_url is an https address: the bot's token is sent there");
        }
        else if (url.Query.Length > 0 || url.Fragment.Length > 0 || url.UserInfo.Length > 0)
        {
            section.Complain(node, "base_url is an address without query, fragment and user");
        }

        return url.AbsolutePath.EndsWith('/') ? url : new Uri(url.AbsoluteUri + "/");
    }
}
