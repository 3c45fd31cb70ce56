using System.Collections.Immutable;
using Countersign.Core.Policies.Documents;
using Countersign.Core.Policies.Yaml;
using Countersign.Server.Channels.Teams;
using Countersign.Server.SignIn;

namespace Countersign.Server.Configuration;

/// <summary>Reads <c>channels: teams:</c>.</summary>
internal sealed class TeamsSection(Section section)
{
    private const int MaxId = 200;

    private static readonly string[] Keys =
        ["app_id", "app_password", "tenant", "team_channel", "metadata_url", "token_url", "service_urls"];

    public TeamsOptions? Read(YamlNode node)
    {
        if (Fields.Of(node, "teams", Keys, section.Errors) is not { } fields)
        {
            return null;
        }

        section.ComplainIfLacking(
            fields, "app_password", "teams needs 'app_password', a client secret of the registered application");
        var password = fields.Find("app_password") is { } secret
            ? section.Secrets.Resolve(secret, "app_password")
            : null;
        var (app, tenant, channel) = (IdOf(fields, "app_id"), TenantOf(fields), ChannelOf(fields));
        var (metadata, token) = (AddressOf(fields, "metadata_url"), AddressOf(fields, "token_url"));
        var services = ServicesOf(fields);
        return app is not null && password is not null && tenant is { } home
            ? new TeamsOptions(app, password, home)
            {
                TeamChannel = channel,
                Metadata = metadata ?? TeamsOptions.StandardMetadata,
                TokenAddress = token,
                Services = services,
            }
            : null;
    }

    private string? IdOf(Fields fields, string key)
    {
        if (section.RequiredText(fields, key, "teams") is not { } id)
        {
            return null;
        }

        if (id.Length <= MaxId && id.All(c => char.IsAsciiLetterOrDigit(c) || c is '-'))
        {
            return id;
        }

        section.Complain(fields.Find(key)!, $"{key} is the application's id like an UUID, not '{id}'");
        return null;
    }

    private Guid? TenantOf(Fields fields)
    {
        if (section.RequiredText(fields, "tenant", "teams") is not { } text)
        {
            return null;
        }

        if (Guid.TryParseExact(text, "D", out var tenant))
        {
            return tenant;
        }

        section.Complain(
            fields.Find("tenant")!,
            $"tenant is the id of one Entra tenant like 6f9619ff-8b86-4d01-b42d-00cf4fc964ff, not '{text}': a name " +
            "could become another tenant's");
        return null;
    }

    private string? ChannelOf(Fields fields)
    {
        if (fields.Find("team_channel") is not { } node
            || Values.Text(node, "team_channel", section.Errors) is not { Text: var channel })
        {
            return null;
        }

        if (channel.Length is > 3 and <= MaxId
            && channel.StartsWith("19:", StringComparison.Ordinal)
            && channel.All(c => char.IsAsciiLetterOrDigit(c) || c is ':' or '@' or '.' or '_' or '-'))
        {
            return channel;
        }

        section.Complain(
            node, $"team_channel is the id of a channel like 19:0123abcd@thread.tacv2, not '{channel}'");
        return null;
    }

    private ImmutableArray<Uri> ServicesOf(Fields fields)
    {
        if (fields.Find("service_urls") is not { } node)
        {
            return TeamsOptions.StandardServices;
        }

        ImmutableArray<Uri> services =
            [.. Values.ItemsOf(node).Select(item => AddressOf(item, "service_urls")).OfType<Uri>()];
        if (services.IsEmpty)
        {
            section.Complain(node, "service_urls names at least one address: the first is where reviews are posted");
            return TeamsOptions.StandardServices;
        }

        return services;
    }

    private Uri? AddressOf(Fields fields, string key) =>
        fields.Find(key) is { } node ? AddressOf(node, key) : null;

    /// <summary>Keys are believed and tokens sent there, so anything but https is for this machine only.</summary>
    private Uri? AddressOf(YamlNode node, string key)
    {
        if (WebAddress.Read(section, node, key) is not { } url)
        {
            return null;
        }

        if (!ProviderHttp.IsSafe(url))
        {
            section.Complain(node, $"{key} is an https address: keys and tokens go over it");
        }
        else if (url.Query.Length > 0 || url.Fragment.Length > 0 || url.UserInfo.Length > 0)
        {
            section.Complain(node, $"{key} is an address without query, fragment and user");
        }

        return url;
    }
}
