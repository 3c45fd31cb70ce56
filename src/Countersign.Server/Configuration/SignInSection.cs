using System.Collections.Immutable;
using Countersign.Core.Identity;
using Countersign.Core.Identity.Tokens;
using Countersign.Core.Policies.Documents;
using Countersign.Core.Policies.Yaml;
using Countersign.Gates.Credentials;
using Countersign.Server.Console.Sessions;
using Countersign.Server.SignIn;

namespace Countersign.Server.Configuration;

/// <summary>Reads <c>sign_in:</c>, how people sign in, and <c>issuers:</c>, whose tokens agents may present.</summary>
internal sealed class SignInSection(Section section)
{
    /// <summary>A shared secret that can be guessed would let anybody be anybody.</summary>
    private const int LeastSecret = 16;

    private static readonly TimeSpan LongestIdle = TimeSpan.FromHours(12);
    private static readonly TimeSpan LongestSession = TimeSpan.FromDays(1);
    private static readonly TimeSpan LongestAge = TimeSpan.FromHours(1);

    private static readonly string[] Keys = ["provider", "proxy", "tokens", "idle", "lifetime"];
    private static readonly string[] IssuerKeys = ["issuer", "audience", "keys", "algorithms"];
    private static readonly string[] ProxyKeys = ["user_header", "secret_header", "secret"];

    private static readonly string[] ProviderKeys =
    [
        "issuer", "client_id", "client_secret", "name", "scopes", "algorithms", "groups_claim", "groups",
        "groups_max_age",
    ];

    public SignInSettings Read(Fields root)
    {
        if (root.Find("sign_in") is not { } node
            || Fields.Of(node, "sign_in", Keys, section.Errors) is not { } fields)
        {
            return new SignInSettings();
        }

        var usual = new SessionLimits();
        var settings = new SignInSettings
        {
            Provider = fields.Find("provider") is { } provider ? ProviderOf(provider) : null,
            Proxy = fields.Find("proxy") is { } proxy ? ProxyOf(proxy) : null,
            TakesTokens = fields.Find("tokens") is null || section.Flag(fields, "tokens"),
            Limits = new SessionLimits
            {
                Idle = DurationOf(fields, "idle", LongestIdle) ?? usual.Idle,
                Absolute = DurationOf(fields, "lifetime", LongestSession) ?? usual.Absolute,
            },
        };
        if (!settings.TakesTokens && fields.Find("provider") is null && fields.Find("proxy") is null)
        {
            section.Complain(
                fields.Find("tokens")!, "without tokens people need another way to sign in: a provider or a proxy");
        }

        return settings;
    }

    /// <summary>The code that signs somebody in comes back to this server, and must not be read on the way.</summary>
    public void RefuseUnsafeReturn(Fields root, SignInSettings settings, Uri address)
    {
        if (settings.Provider is not null && !ProviderHttp.IsSafe(address))
        {
            section.Complain(
                root.Find("sign_in")!,
                "signing in with a provider needs https: let 'public_url', or without it 'listen', be an https " +
                "address");
        }
    }

    public ImmutableArray<IssuerOptions> ReadIssuers(Fields root, ProviderOptions? provider)
    {
        var issuers = ImmutableArray.CreateBuilder<IssuerOptions>();
        foreach (var item in section.Items(root, "issuers"))
        {
            if (Fields.Of(item, "an issuer", IssuerKeys, section.Errors) is not { } fields
                || IssuerOf(fields, "an issuer", "audience") is not { } issuer)
            {
                continue;
            }

            if (issuers.Any(known => known.Issuer == issuer.Issuer))
            {
                section.Complain(item, $"the issuer {issuer.Issuer} is there twice");
            }

            // An ID token says that somebody signed in to this client; it is no request of an agent.
            if (provider?.Issuer.Issuer == issuer.Issuer && provider.ClientId == issuer.Audience)
            {
                section.Complain(
                    item, "agents and the sign-in of people need different audiences: give agents' tokens their own");
            }

            var keys = fields.Find("keys") is { } at ? WebAddress.Read(section, at, "keys") : null;
            RefuseUnsafe(keys, fields.Find("keys"));
            issuers.Add(issuer with { Keys = keys });
        }

        return issuers.ToImmutable();
    }

    private ProviderOptions? ProviderOf(YamlNode node)
    {
        if (Fields.Of(node, "provider", ProviderKeys, section.Errors) is not { } fields
            || IssuerOf(fields, "provider", "client_id") is not { } issuer)
        {
            return null;
        }

        return new ProviderOptions(issuer)
        {
            ClientSecret = fields.Find("client_secret") is { } secret
                && section.Secrets.Resolve(secret, "client_secret") is { } text
                    ? new Secret(text)
                    : null,
            Name = section.Text(fields, "name") ?? new Uri(issuer.Issuer).Host,
            Scopes = section.Texts(fields, "scopes"),
            GroupsClaim = section.Text(fields, "groups_claim") ?? "groups",
            Groups = GroupsOf(fields),
            GroupsMaxAge = DurationOf(fields, "groups_max_age", LongestAge) ?? TimeSpan.FromMinutes(5),
        };
    }

    private ProxyOptions? ProxyOf(YamlNode node)
    {
        if (Fields.Of(node, "proxy", ProxyKeys, section.Errors) is not { } fields)
        {
            return null;
        }

        var user = section.RequiredText(fields, "user_header", "proxy");
        var header = section.RequiredText(fields, "secret_header", "proxy");
        section.ComplainIfLacking(
            fields, "secret", "proxy needs 'secret': without it whoever reaches this server could be anybody");
        if (fields.Find("secret") is not { } at || section.Secrets.Resolve(at, "the secret") is not { } secret
            || user is null || header is null)
        {
            return null;
        }

        if (secret.Length < LeastSecret)
        {
            section.Complain(at, $"the secret of the proxy has at least {LeastSecret} characters");
        }

        if (string.Equals(user, header, StringComparison.OrdinalIgnoreCase))
        {
            section.Complain(node, "the user and the secret are in two headers");
        }

        return new ProxyOptions(user, header, new Secret(secret));
    }

    private IssuerOptions? IssuerOf(Fields fields, string what, string audienceKey)
    {
        var audience = section.RequiredText(fields, audienceKey, what);
        if (fields.Find("issuer") is not { } node)
        {
            section.ComplainIfLacking(fields, "issuer", $"{what} needs 'issuer'");
            return null;
        }

        var address = WebAddress.Read(section, node, "issuer");
        RefuseUnsafe(address, node);
        if (address is null || audience is null)
        {
            return null;
        }

        // As it is written: an issuer is compared as text.
        var text = ((YamlNode.Scalar)node).Text;
        if (text.Contains('?', StringComparison.Ordinal) || text.Contains('#', StringComparison.Ordinal)
            || section.Checked(node, "issuer", issuer => new Subject(issuer, "-").Issuer) is null)
        {
            section.Complain(node, "an issuer is an address without '?' and '#'");
        }

        var issuer = new IssuerOptions(text, audience);
        return fields.Find("algorithms") is null
            ? issuer
            : issuer with { Algorithms = AlgorithmsOf(fields) };
    }

    private ImmutableHashSet<TokenAlgorithm> AlgorithmsOf(Fields fields)
    {
        var algorithms = ImmutableHashSet.CreateBuilder<TokenAlgorithm>();
        foreach (var name in section.Texts(fields, "algorithms"))
        {
            if (TokenAlgorithms.Find(name) is { } algorithm)
            {
                algorithms.Add(algorithm);
                continue;
            }

            section.Complain(
                fields.Find("algorithms")!, $"'{name}' is not taken; the algorithms are RS256, PS256, ES256 and EdDSA");
        }

        return algorithms.ToImmutable();
    }

    private ImmutableDictionary<string, GroupName> GroupsOf(Fields fields)
    {
        if (fields.Find("groups") is not { } node)
        {
            return ImmutableDictionary<string, GroupName>.Empty;
        }

        if (node is not YamlNode.Mapping mapping)
        {
            section.Complain(
                node, "groups is a mapping from the provider's groups to groups here, like { db-owners: dba }");
            return ImmutableDictionary<string, GroupName>.Empty;
        }

        var groups = ImmutableDictionary.CreateBuilder<string, GroupName>(StringComparer.Ordinal);
        foreach (var (key, value) in mapping.Members)
        {
            if (key.Text.Any(char.IsControl) || key.Text.Length == 0)
            {
                section.Complain(key, "the provider's name of a group is a text of one line");
            }

            if (section.Checked(value, $"the group for '{key.Text}'", text => new GroupName(text).Value) is { } group)
            {
                groups[key.Text] = new GroupName(group);
            }
        }

        return groups.ToImmutable();
    }

    private void RefuseUnsafe(Uri? address, YamlNode? node)
    {
        if (address is not null && !ProviderHttp.IsSafe(address))
        {
            section.Complain(node!, "keys and tokens travel over https, except from this very machine");
        }
    }

    private TimeSpan? DurationOf(Fields fields, string key, TimeSpan most) =>
        fields.Find(key) is { } node ? Values.Duration(node, key, most, section.Errors) : null;
}
