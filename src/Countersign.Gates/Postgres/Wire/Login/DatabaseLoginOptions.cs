using Countersign.Gates.Credentials;

namespace Countersign.Gates.Postgres.Wire.Login;

/// <summary>As whom this gate logs in to a database, and how.</summary>
internal sealed record DatabaseLoginOptions
{
    public required DatabaseAddress Address { get; init; }

    public required string Database { get; init; }

    public required string User { get; init; }

    /// <summary>Without one, only a server that asks for none lets us in.</summary>
    public Secret? Password { get; init; }

    /// <summary>More for the StartupMessage; client_encoding is always UTF8.</summary>
    public IReadOnlyDictionary<string, string> Parameters { get; init; } = new Dictionary<string, string>();

    /// <summary>0, or 2 to ask for longer keys to cancel; a server that speaks less says so.</summary>
    public int Minor { get; init; }

    /// <summary>
    /// Refuse a server that does not prove, bound to its TLS certificate, that it knows the password.
    /// </summary>
    public bool IsChannelBindingRequired { get; init; }

    public PostgresLimits Limits { get; init; } = new();

    public TimeProvider Time { get; init; } = TimeProvider.System;
}
