using System.Collections.Immutable;
using System.Net;

namespace Countersign.Server.Configuration;

/// <summary>Where the PostgreSQL gate listens (<c>postgres:</c>).</summary>
internal sealed record PostgresSettings(IPEndPoint Listen, TlsSettings? Tls);

/// <summary>How the PostgreSQL gate reaches a target, and with which rights.</summary>
/// <param name="Upstream">Host, port, database and TLS mode, as an Npgsql connection string without a user.</param>
/// <param name="Admin">Connection string of the role that makes the others, or with which all sessions log in.</param>
/// <param name="Mode">Whose rights sessions have.</param>
internal sealed record PostgresTargetSettings(string Upstream, string Admin, RightsMode Mode)
{
    /// <summary>Roles whose rights every session has.</summary>
    public ImmutableArray<string> Grants { get; init; } = [];

    /// <summary>The role that owns the target's objects: what approved DDL runs with.</summary>
    public string? Owner { get; init; }

    /// <summary>Connection string of a primary that analyses statements for a standby.</summary>
    public string? Resolver { get; init; }
}

/// <summary>Whose rights the sessions of a target have.</summary>
internal enum RightsMode
{
    /// <summary>Login roles made for the gateway; an approved action adds to them for as long as it runs.</summary>
    EphemeralRole,

    /// <summary>One role for everything: policy alone stands between an agent and its rights.</summary>
    Static,
}
