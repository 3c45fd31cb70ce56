using System.Net;
using Countersign.Core.Actions;
using Countersign.Core.Policies.Documents;
using Countersign.Core.Policies.Yaml;
using Npgsql;

namespace Countersign.Server.Configuration;

/// <summary>Reads <c>postgres:</c>, and what targets of that gate say of their database.</summary>
internal sealed class PostgresSection(Section section)
{
    private static readonly string[] Keys = ["listen", "tls"];
    private static readonly string[] TlsKeys = ["certificate", "key"];
    private static readonly string[] CredentialKeys = ["admin", "mode", "grants", "owner"];

    private static readonly OrderedDictionary<string, RightsMode> Modes = new()
    {
        ["ephemeral-role"] = RightsMode.EphemeralRole,
        ["static"] = RightsMode.Static,
    };

    public PostgresSettings? Read(Fields root)
    {
        if (root.Find("postgres") is not { } node
            || Fields.Of(node, "postgres", Keys, section.Errors) is not { } fields
            || ListenOf(fields) is not { } listen)
        {
            return null;
        }

        return new PostgresSettings(listen, TlsOf(fields));
    }

    public PostgresTargetSettings? ReadTarget(TargetName name, Fields fields)
    {
        var upstream = fields.Find("upstream") is { } address ? DatabaseOf(address, "upstream") : null;
        section.ComplainIfLacking(
            fields, "upstream", $"target '{name}' needs 'upstream', like postgresql://db.internal:5432/orders");
        section.ComplainIfLacking(
            fields, "credentials", $"target '{name}' needs 'credentials': {{ admin: …, mode: ephemeral-role }}");
        if (upstream is { Password: not null } or { Username: not null })
        {
            section.Complain(
                fields.Find("upstream")!, "a name or password in 'upstream' is never used; use 'credentials'");
        }

        if (fields.Find("credentials") is not { } node
            || Fields.Of(node, "credentials", CredentialKeys, section.Errors) is not { } credentials
            || AdminOf(credentials) is not { } admin
            || upstream is null)
        {
            return null;
        }

        var mode = credentials.Find("mode") is { } word
            ? Values.Word(word, "mode", Modes, section.Errors) ?? RightsMode.EphemeralRole
            : RightsMode.EphemeralRole;
        RefuseUseless(credentials, mode);
        return new PostgresTargetSettings(upstream.ConnectionString, admin, mode)
        {
            Grants = section.Texts(credentials, "grants"),
            Owner = section.Text(credentials, "owner"),
            Resolver = fields.Find("resolver") is { } resolver ? SecretDatabase(resolver, "resolver") : null,
        };
    }

    private void RefuseUseless(Fields credentials, RightsMode mode)
    {
        foreach (var key in (string[])["grants", "owner"])
        {
            if (mode == RightsMode.Static && credentials.Find(key) is { } node)
            {
                section.Complain(node, $"'{key}' has no effect with mode 'static', where one role does everything");
            }
        }
    }

    private IPEndPoint? ListenOf(Fields fields)
    {
        if (fields.Find("listen") is not { } node)
        {
            section.ComplainIfLacking(fields, "listen", "postgres needs 'listen', like 127.0.0.1:6432");
            return null;
        }

        if (Values.Text(node, "listen", section.Errors) is not { } text)
        {
            return null;
        }

        if (IPEndPoint.TryParse(text.Text, out var address) && text.Text.Contains(':', StringComparison.Ordinal))
        {
            return address;
        }

        section.Complain(node, $"listen is an address and a port like 127.0.0.1:6432, not '{text.Text}'");
        return null;
    }

    private TlsSettings? TlsOf(Fields fields)
    {
        if (fields.Find("tls") is not { } node || Fields.Of(node, "tls", TlsKeys, section.Errors) is not { } tls)
        {
            return null;
        }

        var certificate = section.RequiredText(tls, "certificate", "tls");
        var key = section.RequiredText(tls, "key", "tls");
        return certificate is null || key is null
            ? null
            : new TlsSettings(section.FilePath(certificate), section.FilePath(key));
    }

    private string? AdminOf(Fields credentials)
    {
        section.ComplainIfLacking(
            credentials, "admin", "credentials needs 'admin': the DSN of the role that makes the sessions' roles");
        return credentials.Find("admin") is { } node ? SecretDatabase(node, "admin") : null;
    }

    private string? SecretDatabase(YamlNode node, string what) =>
        section.Secrets.Resolve(node, what) is { } text ? Parse(node, text, what)?.ConnectionString : null;

    private NpgsqlConnectionStringBuilder? DatabaseOf(YamlNode node, string what) =>
        Values.Text(node, what, section.Errors) is { } text ? Parse(node, text.Text, what) : null;

    /// <summary>A URL as libpq takes it, or a connection string as Npgsql does. Errors never repeat a secret.</summary>
    private NpgsqlConnectionStringBuilder? Parse(YamlNode node, string text, string what)
    {
        try
        {
            var dsn = text.StartsWith("postgres://", StringComparison.Ordinal)
                || text.StartsWith("postgresql://", StringComparison.Ordinal)
                ? DatabaseUrl.Parse(text)
                : new NpgsqlConnectionStringBuilder(text);
            if (!string.IsNullOrEmpty(dsn.Host) && !string.IsNullOrEmpty(dsn.Database))
            {
                return dsn;
            }
        }
        catch (Exception invalid) when (invalid is ArgumentException or FormatException or KeyNotFoundException)
        {
            // Said below, without what was written: it may hold a password.
        }

        section.Complain(
            node, $"{what} is a database like postgresql://user@host:5432/name or Host=…;Database=…;Username=…");
        return null;
    }
}
