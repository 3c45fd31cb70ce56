using System.Security.Cryptography;
using System.Text;
using Countersign.Gates.Access;

namespace Countersign.Gates.Postgres.Wire.Login;

/// <summary>How this gate recognises one token of an agent.</summary>
internal abstract record AgentSecret
{
    private AgentSecret()
    {
    }

    /// <summary>Whether a token that came in clear is this one.</summary>
    public abstract bool Matches(string token);

    /// <summary>
    /// A SCRAM-SHA-256 verifier (RFC 5803). Tokens whose verifiers share salt and iterations can all be checked in one
    /// exchange, so whoever derives them for one agent uses one salt.
    /// </summary>
    public sealed record Scram(ScramVerifier Verifier) : AgentSecret
    {
        public override bool Matches(string token) => Verifier.Matches(token);
    }

    /// <summary>Only the SHA-256 of the token is known, so it must come in clear, inside TLS.</summary>
    public sealed record Hashed(ReadOnlyMemory<byte> Sha256) : AgentSecret
    {
        public override bool Matches(string token) =>
            CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(token)), Sha256.Span);
    }

    /// <summary>
    /// What was shown on this connection, a token that an issuer signed or a certificate, and stands for the agent.
    /// </summary>
    public sealed record Shown(Presented Presented) : AgentSecret
    {
        public override bool Matches(string token) => false;
    }
}

/// <summary>What the configuration says about a user and a database.</summary>
/// <param name="Secrets">None: there is no such agent. It is not told so.</param>
/// <param name="Problem">
/// Why this agent may not use this database (no such target: 3D000); it is told after it proved who it is.
/// </param>
internal sealed record AgentAccount(IReadOnlyList<AgentSecret> Secrets, ErrorFields? Problem)
{
    /// <summary>Whether the agent may show tokens that an issuer signed; they come in clear, inside TLS.</summary>
    public bool ShowsIssuedTokens { get; init; }
}

/// <summary>Looks a user and a database up.</summary>
internal delegate ValueTask<AgentAccount> FindAgent(
    string user, string database, CancellationToken cancellationToken);

/// <summary>The user that an issuer's token or a certificate stands for; <c>null</c> for nobody registered.</summary>
internal delegate ValueTask<string?> RecogniseAgent(Presented shown, CancellationToken cancellationToken);
