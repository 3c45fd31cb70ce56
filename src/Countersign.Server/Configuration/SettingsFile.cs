using System.Collections.Immutable;
using Countersign.Core;
using Countersign.Core.Ledger;
using Countersign.Core.Policies;
using Countersign.Core.Policies.Documents;
using Countersign.Core.Policies.Yaml;
using Countersign.Server.Keys;

namespace Countersign.Server.Configuration;

/// <summary>
/// Reads the configuration file. Every mistake in it is reported at once, with file, line and the nearest known key;
/// nothing is guessed, and nothing unknown is ignored.
/// </summary>
internal static class SettingsFile
{
    private static readonly TimeSpan LongestMembershipAge = TimeSpan.FromDays(30);

    private static readonly string[] Keys =
    [
        "listen", "tls", "postgres", "public_url", "store", "ledger", "people", "agents", "targets", "policies",
        "channels", "changes", "membership_age", "limits", "freezes", "observability", "redaction", "sign_in",
        "issuers", "break_glass",
    ];

    private static readonly string[] LedgerKeys =
        ["origin", "key", "previous_key", "payload_key", "passphrase", "head_file"];

    private static readonly string[] TlsKeys = ["certificate", "key"];

    private static readonly OrderedDictionary<string, ChangesMode> ChangeModes = new()
    {
        ["proposed"] = ChangesMode.Proposed,
        ["immediate"] = ChangesMode.Immediate,
    };

    /// <exception cref="ConfigurationException">The file cannot be used; the message lists why.</exception>
    public static Settings Load(string path, Func<string, string?> environment)
    {
        var file = new PolicyText(path, ReadText(path));
        var errors = new PolicyErrors();
        var settings = Composer.Compose(file, errors) is { } root ? Read(path, root, environment, errors) : null;
        if (errors.Any || settings is null)
        {
            throw new ConfigurationException(string.Join('\n', errors.Sorted()));
        }

        return settings;
    }

    private static string ReadText(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException(
                $"The configuration '{path}' cannot be read: {failure.Message} Name another one with --config FILE.");
        }
    }

    private static Settings? Read(string path, YamlNode root, Func<string, string?> environment, PolicyErrors errors)
    {
        if (Fields.Of(root, "the configuration", Keys, errors) is not { } fields)
        {
            return null;
        }

        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        var section = new Section(folder, new SecretText(folder, environment, errors), errors);
        var signInSection = new SignInSection(section);
        var signIn = signInSection.Read(fields);
        var issuers = signInSection.ReadIssuers(fields, signIn.Provider);
        var identities = new IdentitiesSection(section, signIn, issuers);
        var peopleSection = new PeopleSection(section, identities);
        var people = peopleSection.Read(fields);
        var listen = ListenOf(section, fields);
        var identified = new Identified(signIn, issuers, identities.Identities);
        var ledger = LedgerOf(section, fields);
        var redaction = new RedactionSection(section).Read(fields, ledger.KeyFile);
        var publicUrl = fields.Find("public_url") is { } url ? WebAddress.ReadRoot(section, url, "public_url") : null;
        signInSection.RefuseUnsafeReturn(fields, signIn, publicUrl ?? listen);
        return new Settings
        {
            Listen = listen,
            Tls = TlsOf(section, fields, listen),
            PublicUrl = publicUrl,
            Database = DatabaseOf(section, fields),
            Ledger = ledger,
            People = people,
            Tokens = [.. peopleSection.Tokens],
            Identified = identified,
            Away = peopleSection.Away.Read(people),
            BreakGlass = new BreakGlassSection(section).Read(fields),
            Postgres = new PostgresSection(section).Read(fields),
            Targets = new TargetsSection(section, identified.PossiblePeople(people), redaction).Read(fields),
            Policies = PolicyFiles.Read(section.FilePath(section.Text(fields, "policies") ?? "policies/"), folder),
            Redaction = redaction,
            Limits = new LimitsSection(section).Read(fields),
            Traces = new ObservabilitySection(section, environment).Read(fields),
            Channels = new ChannelsSection(section).Read(fields, peopleSection.Accounts, peopleSection.Addresses),
            Freezes = new FreezesSection(section).Read(fields),
            MembershipAge = fields.Find("membership_age") is { } age
                ? Values.Duration(age, "membership_age", LongestMembershipAge, errors) ?? LongestMembershipAge
                : TimeSpan.Zero,
            Changes = fields.Find("changes") is { } changes
                ? Values.Word(changes, "changes", ChangeModes, errors) ?? ChangesMode.Proposed
                : ChangesMode.Proposed,
        };
    }

    private static Uri ListenOf(Section section, Fields fields) =>
        (fields.Find("listen") is { } node ? WebAddress.ReadRoot(section, node, "listen") : null)
        ?? new Uri("http://127.0.0.1:7070");

    /// <summary>A listener that does not speak what its address says would be found out by a leaked token.</summary>
    private static TlsSettings? TlsOf(Section section, Fields fields, Uri listen)
    {
        var isHttps = listen.Scheme == Uri.UriSchemeHttps;
        if (fields.Find("tls") is not { } node)
        {
            if (isHttps && fields.Lacks("tls"))
            {
                section.Complain(fields.Find("listen")!, "an https address needs 'tls': { certificate: …, key: … }");
            }

            return null;
        }

        if (!isHttps)
        {
            section.Complain(node, "with 'tls' the server speaks https: 'listen' has to begin with https://");
        }

        if (Fields.Of(node, "tls", TlsKeys, section.Errors) is not { } tls)
        {
            return null;
        }

        var certificate = section.RequiredText(tls, "certificate", "tls");
        var key = section.RequiredText(tls, "key", "tls");
        return certificate is null || key is null
            ? null
            : new TlsSettings(section.FilePath(certificate), section.FilePath(key));
    }

    private static string DatabaseOf(Section section, Fields fields)
    {
        const string prefix = "sqlite:";
        var store = section.Text(fields, "store") ?? "sqlite:data/countersign.db";
        if (store.StartsWith(prefix, StringComparison.Ordinal) && store.Length > prefix.Length)
        {
            return section.FilePath(store[prefix.Length..]);
        }

        section.Complain(fields.Find("store")!, $"the store is 'sqlite:path' in this version, not '{store}'");
        return "";
    }

    private static LedgerSettings LedgerOf(Section section, Fields fields)
    {
        var ledger = fields.Find("ledger") is { } node ? Fields.Of(node, "ledger", LedgerKeys, section.Errors) : null;
        string? Text(string key) => ledger is null ? null : section.Text(ledger, key);
        string? KeyPath(string key) => Text(key) is { } path ? KeyPathOf(section, ledger!, key, path) : null;
        var beside = section.FilePath("data/ledger.key");
        var key = KeyPath("key") ?? beside;
        // Nothing is written beside what the service manager hands out.
        beside = ServiceCredential.Contains(key) ? beside : key;
        return new LedgerSettings(
            OriginOf(section, ledger),
            key,
            KeyPath("payload_key") ?? beside + ".payload",
            Text("head_file") is { } head ? section.FilePath(head) : beside + ".head")
        {
            PreviousKeyFile = KeyPath("previous_key"),
            Passphrase = ledger?.Find("passphrase") is { } passphrase
                ? section.Secrets.Resolve(passphrase, "passphrase")
                : null,
        };
    }

    private static string KeyPathOf(Section section, Fields ledger, string key, string path)
    {
        if (!path.StartsWith(ServiceCredential.Prefix, StringComparison.Ordinal))
        {
            return section.FilePath(path);
        }

        if (ServiceCredential.Find(path[ServiceCredential.Prefix.Length..]) is { } credential)
        {
            return credential;
        }

        section.Complain(ledger.Find(key)!, $"'{path}' is not there: the service manager gives no such credential; see "
            + "LoadCredential= of systemd");
        return path;
    }

    private static string OriginOf(Section section, Fields? ledger) =>
        (ledger?.Find("origin") is { } node
            ? section.Checked(node, "origin", text => new KeyName(text).Value)
            : null)
        ?? "localhost/countersign";
}
