using System.Security.Cryptography;

namespace Countersign.Gates.Postgres.Wire.Login;

/// <summary>How agents log in here.</summary>
internal sealed record AgentLoginOptions
{
    private const int MockKeyLength = 32;

    public required FindAgent Find { get; init; }

    /// <summary>Who shows tokens of issuers and certificates; nobody, unless somebody says so.</summary>
    public RecogniseAgent Recognise { get; init; } = static (_, _) => ValueTask.FromResult<string?>(null);

    public PostgresLimits Limits { get; init; } = new();

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Without a certificate SSLRequest is answered with N.</summary>
    public AgentTls? Tls { get; init; }

    /// <summary>Refuse whoever comes without TLS.</summary>
    public bool IsTlsRequired { get; init; }

    /// <summary>
    /// Makes the salts of users that do not exist, so that one who asks twice gets the same. Nodes behind one address
    /// need one key.
    /// </summary>
    public ReadOnlyMemory<byte> MockKey { get; init; } = RandomNumberGenerator.GetBytes(MockKeyLength);
}
