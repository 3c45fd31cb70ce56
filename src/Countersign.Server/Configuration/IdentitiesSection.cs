using System.Collections.Immutable;
using Countersign.Core.Identity;
using Countersign.Core.Policies;
using Countersign.Core.Policies.Documents;
using Countersign.Core.Policies.Yaml;

namespace Countersign.Server.Configuration;

/// <summary>
/// Reads who people and agents are to others: accounts at the identity provider, names that the proxy has for them,
/// subjects of issuers, client certificates.
/// </summary>
internal sealed class IdentitiesSection(Section section, SignInSettings signIn, ImmutableArray<IssuerOptions> issuers)
{
    private const string HashPrefix = "sha256:";
    private const int HashLength = 64;

    private static readonly string[] SubjectKeys = ["issuer", "subject"];
    private static readonly string[] AgentKeys = ["issuer", "subject", "certificate"];

    private readonly List<IdentitySettings> _identities = [];

    public ImmutableArray<IdentitySettings> Identities => [.. _identities];

    /// <summary>Groups that nobody is in by the configuration, because only the provider knows who is.</summary>
    public ImmutableHashSet<GroupName> Managed => signIn.Provider?.Managed ?? [];

    /// <summary>The keys <c>oidc</c> and <c>proxy</c> of <c>accounts</c>.</summary>
    public void ReadPerson(Fields accounts, PersonId person)
    {
        foreach (var item in accounts.Find("oidc") is { } oidc ? Values.ItemsOf(oidc) : [])
        {
            Add(item, OidcOf(item), subject => new IdentitySettings.OfPerson(subject, person));
        }

        if (accounts.Find("proxy") is not { } proxy)
        {
            return;
        }

        if (signIn.Proxy is null)
        {
            section.Complain(proxy, "there is no 'proxy' under sign_in that could know this name");
        }

        foreach (var item in Values.ItemsOf(proxy))
        {
            Add(item, SubjectOf(item, Subject.Proxy), subject => new IdentitySettings.OfPerson(subject, person));
        }
    }

    public void ReadAgent(Fields fields, AgentId agent)
    {
        foreach (var item in section.Items(fields, "identities"))
        {
            if (Fields.Of(item, "an identity", AgentKeys, section.Errors) is { } identity)
            {
                Add(item, IdentityOf(item, identity), subject => new IdentitySettings.OfAgent(subject, agent));
            }
        }
    }

    private Subject? OidcOf(YamlNode item)
    {
        if (item is YamlNode.Mapping)
        {
            return Fields.Of(item, "an account", SubjectKeys, section.Errors) is { } fields ? IssuedTo(fields) : null;
        }

        if (signIn.Provider is { } provider)
        {
            return SubjectOf(item, provider.Issuer.Issuer);
        }

        section.Complain(item, "there is no 'provider' under sign_in that could know this subject");
        return null;
    }

    private Subject? IdentityOf(YamlNode item, Fields fields)
    {
        if (fields.Find("certificate") is not { } node)
        {
            return IssuedTo(fields);
        }

        if (fields.Find("issuer") is not null || fields.Find("subject") is not null)
        {
            section.Complain(item, "an identity is a certificate, or an issuer and its subject");
        }

        return section.Checked(node, "certificate", HashOf) is { } hash
            ? new Subject(Subject.Certificate, hash)
            : null;
    }

    private Subject? IssuedTo(Fields fields)
    {
        var issuer = section.RequiredText(fields, "issuer", "an identity");
        section.ComplainIfLacking(fields, "subject", "an identity needs 'subject'");
        if (issuer is null || fields.Find("subject") is not { } subject)
        {
            return null;
        }

        var known = issuers.Select(each => each.Issuer).ToList();
        if (signIn.Provider is { } provider)
        {
            known.Add(provider.Issuer.Issuer);
        }

        if (!known.Contains(issuer))
        {
            section.Errors.Add(
                fields.Find("issuer")!.At, $"'{issuer}' is not among 'issuers'", Nearest.To(issuer, known));
            return null;
        }

        return SubjectOf(subject, issuer);
    }

    /// <summary>As <c>openssl x509 -fingerprint -sha256</c> prints it, or in lower case without colons.</summary>
    private static string HashOf(string text)
    {
        var hex = text.StartsWith(HashPrefix, StringComparison.Ordinal) ? text[HashPrefix.Length..] : text;
        hex = hex.Replace(":", "", StringComparison.Ordinal).ToLowerInvariant();
        return hex.Length == HashLength && hex.All(char.IsAsciiHexDigitLower)
            ? HashPrefix + hex
            : throw new FormatException(
                "a certificate is named by its SHA-256: 'sha256:' and 64 hex digits ('openssl x509 -noout " +
                "-fingerprint -sha256 -in FILE' prints them)");
    }

    private Subject? SubjectOf(YamlNode node, string issuer) =>
        section.Checked(node, "the name", text => new Subject(issuer, text).Name) is { } name
            ? new Subject(issuer, name)
            : null;

    /// <summary>One identity that stood for two would make one of them the other.</summary>
    private void Add(YamlNode node, Subject? subject, Func<Subject, IdentitySettings> build)
    {
        if (subject is not { } found)
        {
            return;
        }

        if (_identities.Any(known => known.Subject == found))
        {
            section.Complain(node, $"'{found}' is somebody's already; one identity is one person or agent");
            return;
        }

        _identities.Add(build(found));
    }
}
