using System.Collections.Immutable;
using Countersign.Core.Redaction;
using Countersign.Gates.Credentials;

namespace Countersign.Gates.Mcp;

/// <summary>What the user wrote about one target of this gate.</summary>
internal sealed record McpOptions(McpUpstream Upstream)
{
    /// <summary>Adds an optional argument <c>countersign_reason</c> to every tool; false by default.</summary>
    public bool AskReason { get; init; }

    /// <summary>
    /// How long a held call may keep a client waiting, by <c>clientInfo.name</c>; overrides the defaults.
    /// </summary>
    public ImmutableDictionary<string, TimeSpan> Patience { get; init; } = ImmutableDictionary<string, TimeSpan>.Empty;

    /// <summary>Which tool says what another one would do: the latter's name, and the name of the former.</summary>
    public ImmutableDictionary<string, string> Previews { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>What is masked of what the server says; nothing by default.</summary>
    public TargetRedaction Redaction { get; init; } = TargetRedaction.None;

    /// <summary>Largest result of a tool in bytes; 10 MiB by default.</summary>
    public int MaxResult { get; init; } = 10 * 1024 * 1024;
}

/// <summary>Where the target's MCP server is.</summary>
internal abstract record McpUpstream
{
    private McpUpstream()
    {
    }

    /// <summary>A server that speaks streamable HTTP.</summary>
    /// <param name="Address">The MCP endpoint.</param>
    /// <param name="Credential">The standing one, asked for before every request; <c>null</c> sends none.</param>
    public sealed record Http(Uri Address, McpCredential? Credential) : McpUpstream
    {
        /// <summary>
        /// Makes the credential of one tool call, which then travels instead of the standing one; <c>null</c> when the
        /// standing one serves calls as well.
        /// </summary>
        public MintCredential? Mint { get; init; }
    }

    /// <summary>A program that speaks MCP on its standard input and output; one process per client session.</summary>
    public sealed record Command(string Program, ImmutableArray<string> Arguments) : McpUpstream
    {
        /// <summary>
        /// Added to a minimal environment (PATH, HOME, LANG, TMPDIR); the gateway's own secrets are not in it.
        /// </summary>
        public ImmutableDictionary<string, string> Environment { get; init; } =
            ImmutableDictionary<string, string>.Empty;
    }
}

/// <summary>A credential of the target: the header it travels in, and who knows its present value.</summary>
internal sealed record McpCredential(string Header, Func<CancellationToken, ValueTask<string>> Value);
