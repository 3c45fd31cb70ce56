using System.Collections.Immutable;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Policies;
using Countersign.Core.Redaction;
using Countersign.Gates.Credentials;
using Countersign.Server.Channels;
using Countersign.Server.Rosters;
using Countersign.Server.Tracing;

namespace Countersign.Server.Configuration;

/// <summary>The configuration file, read and checked: what <c>serve</c> runs on (DESIGN section 6.1).</summary>
internal sealed record Settings
{
    public Uri Listen { get; init; } = new("http://127.0.0.1:7070");

    /// <summary>Certificate and key for https, as PEM files.</summary>
    public TlsSettings? Tls { get; init; }

    /// <summary>Where the PostgreSQL gate listens; <c>null</c> is nowhere.</summary>
    public PostgresSettings? Postgres { get; init; }

    /// <summary>How people reach the console; links in answers start with it.</summary>
    public Uri? PublicUrl { get; init; }

    /// <summary>Path of the SQLite database.</summary>
    public required string Database { get; init; }

    public required LedgerSettings Ledger { get; init; }

    public required People People { get; init; }

    public ImmutableArray<TokenSettings> Tokens { get; init; } = [];

    /// <summary>How people sign in, and who people and agents are to others.</summary>
    public Identified Identified { get; init; } = new(new SignInSettings(), [], []);

    /// <summary>How the glass may be broken; <c>null</c> where it may not.</summary>
    public BreakGlassSettings? BreakGlass { get; init; }

    /// <summary>Who is away when, and who stands in for them.</summary>
    public ImmutableArray<RosterLine.Away> Away { get; init; } = [];

    public ImmutableArray<TargetSettings> Targets { get; init; } = [];

    public required ImmutableArray<PolicyText> Policies { get; init; }

    public Limits Limits { get; init; } = new();

    /// <summary>What targets share to mask values with.</summary>
    public required RedactionSettings Redaction { get; init; }

    /// <summary>Where spans go; <c>null</c> is nowhere, and then none are made.</summary>
    public TraceSettings? Traces { get; init; }

    /// <summary>Where reviews are shown besides the console.</summary>
    public ChannelSettings Channels { get; init; } = new();

    public ImmutableArray<Freeze> Freezes { get; init; } = [];

    /// <summary>How long somebody has to be in a group before they count there as a reviewer.</summary>
    public TimeSpan MembershipAge { get; init; }

    public ChangesMode Changes { get; init; } = ChangesMode.Proposed;

    public Uri Public => PublicUrl ?? Listen;

    /// <summary>Whether a target hashes or tokenises.</summary>
    public bool NeedsRedactionKey => Targets.Any(target => target.Masks.NeedsKey);

    /// <summary>
    /// The same with a key for what hashes and tokenises; until then that is masked whole, so that forgetting this
    /// shows too little and never too much.
    /// </summary>
    public Settings WithKey(RedactionKey key) => this with
    {
        Targets =
        [
            .. Targets.Select(each => each with
            {
                Target = each.Target with { Redaction = each.Masks.Build(key.ForTokensOf(each.Target.Name.Value)) },
            }),
        ],
    };
}

internal sealed record TlsSettings(string Certificate, string Key);

/// <summary>Where the log's name, keys and head are.</summary>
internal sealed record LedgerSettings(string Origin, string KeyFile, string PayloadKeyFile, string HeadFile)
{
    /// <summary>The key that signed before this one, and signs along until it is taken out.</summary>
    public string? PreviousKeyFile { get; init; }

    /// <summary>What the key files are encrypted under; <c>null</c> leaves them to the rights of the file.</summary>
    public string? Passphrase { get; init; }
}

/// <summary>What a changed policy or people file does.</summary>
internal enum ChangesMode
{
    /// <summary>It is a proposal that people approve like any action.</summary>
    Proposed,

    /// <summary>It takes effect at once, and every receipt says so.</summary>
    Immediate,
}

/// <summary>A token and whom it stands for: a person, or an agent and the person it acts for.</summary>
internal abstract record TokenSettings(TokenSecret Secret)
{
    public sealed record OfPerson(TokenSecret Secret, PersonId Person) : TokenSettings(Secret);

    public sealed record OfAgent(TokenSecret Secret, Asker Asker) : TokenSettings(Secret);
}

/// <summary>A target, and how its gate reaches it; nothing of that for targets that only give permits.</summary>
/// <param name="Target">What policy and people may know.</param>
/// <param name="Upstream">For the MCP gate.</param>
/// <param name="Database">For the PostgreSQL gate.</param>
internal sealed record TargetSettings(Target Target, UpstreamSettings? Upstream, PostgresTargetSettings? Database)
{
    /// <summary>For the HTTP gate.</summary>
    public HttpSettings? Http { get; init; }

    /// <summary>What it masks, from which <see cref="Target.Redaction"/> is built.</summary>
    public RedactionDraft Masks { get; init; } = RedactionDraft.None;
}

/// <summary>How the MCP gate reaches a target.</summary>
internal sealed record UpstreamSettings
{
    public Uri? Url { get; init; }

    /// <summary>Program and arguments of a server that speaks over stdio.</summary>
    public ImmutableArray<string> Command { get; init; } = [];

    public ImmutableDictionary<string, string> EnvironmentVariables { get; init; } =
        ImmutableDictionary<string, string>.Empty;

    /// <summary>Header that carries the target's standing credential, and its value.</summary>
    public (string Header, string Value)? Credential { get; init; }

    /// <summary>
    /// The helper that makes a credential for each call; <c>null</c> when the standing one serves them.
    /// </summary>
    public MintOptions? Mint { get; init; }

    public bool AskReason { get; init; }

    /// <summary>Which tool of the target says what another one would do, by the latter's name.</summary>
    public ImmutableDictionary<string, string> Previews { get; init; } = ImmutableDictionary<string, string>.Empty;
}
