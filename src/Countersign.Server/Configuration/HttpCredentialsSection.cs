using System.Text;
using Countersign.Core.Policies.Documents;
using Countersign.Core.Policies.Yaml;
using Countersign.Gates.Credentials;

namespace Countersign.Server.Configuration;

/// <summary>
/// Reads <c>credentials</c> of an HTTP target: a header, <c>bearer</c>, <c>basic</c>, <c>oauth</c>, a certificate, and
/// what a helper makes for each request.
/// </summary>
internal sealed class HttpCredentialsSection(Section section)
{
    private static readonly string[] Standing = ["value", "bearer", "basic", "oauth"];
    private static readonly string[] Keys =
        [.. CredentialsSection.Keys, "bearer", "basic", "oauth", "certificate", "key"];
    private static readonly string[] OAuthKeys = ["token_url", "client_id", "client_secret", "scope", "audience"];
    private static readonly string[] BasicKeys = ["user", "password"];

    private readonly CredentialsSection _common = new(section);

    public HttpSettings Read(Fields fields, HttpSettings settings)
    {
        if (fields.Find("credentials") is not { } node
            || Fields.Of(node, "credentials", Keys, section.Errors) is not { } parts)
        {
            return settings;
        }

        string[] said = [.. Standing.Where(key => parts.Find(key) is not null)];
        if (said.Length > 1)
        {
            section.Complain(node, $"credentials has {string.Join(" and ", said)}; one of them is sent, so name one");
        }

        if (Certificate(parts, node) is { } certificate)
        {
            settings = settings with { Certificate = certificate };
        }

        if (said is [] && parts.Find("exec") is null && parts.Find("header") is null)
        {
            if (settings.Certificate is null)
            {
                section.Complain(
                    node, "credentials needs one of value, bearer, basic, oauth, exec, or certificate and key");
            }

            return settings;
        }

        switch (said.FirstOrDefault())
        {
            case "bearer":
                settings = With(settings, parts, "bearer", secret => $"Bearer {secret}");
                break;
            case "basic":
                settings = Basic(settings, parts.Find("basic")!);
                break;
            case "oauth":
                settings = settings with { OAuth = OAuth(parts.Find("oauth")!) };
                break;
        }

        var isCommon = said is [] or ["value"];
        var (standing, mint) = isCommon || parts.Find("exec") is not null
            ? _common.ReadParts(parts, needsValue: isCommon)
            : default;
        return settings with
        {
            Credential = standing is { } pair ? [pair] : settings.Credential,
            Mint = mint,
        };
    }

    private HttpSettings With(HttpSettings settings, Fields parts, string key, Func<string, string> write)
    {
        var node = parts.Find(key)!;
        if (section.Secrets.Resolve(node, $"the {key} token") is not { } secret)
        {
            return settings;
        }

        var value = write(secret);
        if (HeaderText.WhyNoValue(value) is { } whyNot)
        {
            section.Complain(node, whyNot);
            return settings;
        }

        return settings with { Credential = [("Authorization", value)] };
    }

    private HttpSettings Basic(HttpSettings settings, YamlNode node)
    {
        if (Fields.Of(node, "basic", BasicKeys, section.Errors) is not { } basic
            || section.RequiredText(basic, "user", "basic") is not { } user)
        {
            return settings;
        }

        if (user.Contains(':', StringComparison.Ordinal))
        {
            section.Complain(node, "a user of 'basic' holds no colon (RFC 7617)");
            return settings;
        }

        if (basic.Find("password") is not { } password)
        {
            section.ComplainIfLacking(basic, "password", "basic needs 'password'");
            return settings;
        }

        return section.Secrets.Resolve(password, "the password") is { } secret
            ? settings with
            {
                Credential =
                [
                    ("Authorization", $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{secret}"))}"),
                ],
            }
            : settings;
    }

    private OAuthOptions? OAuth(YamlNode node)
    {
        if (Fields.Of(node, "oauth", OAuthKeys, section.Errors) is not { } oauth)
        {
            return null;
        }

        var address = oauth.Find("token_url") is { } url ? WebAddress.Read(section, url, "token_url") : null;
        section.ComplainIfLacking(oauth, "token_url", "oauth needs 'token_url'");
        var client = section.RequiredText(oauth, "client_id", "oauth");
        section.ComplainIfLacking(oauth, "client_secret", "oauth needs 'client_secret'");
        var secret = oauth.Find("client_secret") is { } secretNode
            ? section.Secrets.Resolve(secretNode, "the client secret")
            : null;
        if (address is { Scheme: "http", IsLoopback: false })
        {
            section.Complain(oauth.Find("token_url")!, "a client secret is sent over https only");
        }

        return address is null || client is null || secret is null
            ? null
            : new OAuthOptions(address, client, new Secret(secret))
            {
                Scope = section.Text(oauth, "scope"),
                Audience = section.Text(oauth, "audience"),
            };
    }

    private TlsSettings? Certificate(Fields parts, YamlNode node)
    {
        var (certificate, key) = (section.Text(parts, "certificate"), section.Text(parts, "key"));
        if ((certificate is null) != (key is null))
        {
            section.Complain(node, "a certificate needs its key, and a key its certificate: name both as PEM files");
        }

        return certificate is null || key is null
            ? null
            : new TlsSettings(section.FilePath(certificate), section.FilePath(key));
    }
}
