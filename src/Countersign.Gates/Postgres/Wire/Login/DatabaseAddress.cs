using System.Net;
using System.Net.Sockets;

namespace Countersign.Gates.Postgres.Wire.Login;

/// <summary>How much TLS must prove; the words and meanings are libpq's.</summary>
internal enum SslMode
{
    Disable,
    Prefer,
    Require,
    VerifyCa,
    VerifyFull,
}

/// <summary>Where a database listens and how TLS is spoken with it.</summary>
internal sealed record DatabaseAddress
{
    private const int OrdinaryPort = 5432;

    /// <summary>A name, an IP address, or the folder of a Unix socket.</summary>
    public required string Host { get; init; }

    public int Port { get; init; } = OrdinaryPort;

    public SslMode SslMode { get; init; } = SslMode.Prefer;

    /// <summary>
    /// A PEM file of roots; with <c>require</c> it verifies as <c>verify-ca</c> does. Default: the system's.
    /// </summary>
    public string? RootCertificate { get; init; }

    /// <summary>TLS from the first byte (PostgreSQL 17), without asking.</summary>
    public bool IsTlsDirect { get; init; }

    public bool IsUnixSocket => Host.StartsWith('/');

    public EndPoint EndPoint => IsUnixSocket
        ? new UnixDomainSocketEndPoint($"{Host}/.s.PGSQL.{Port}")
        : IPAddress.TryParse(Host, out var address) ? new IPEndPoint(address, Port) : new DnsEndPoint(Host, Port);

    public override string ToString() => IsUnixSocket ? $"{Host}/.s.PGSQL.{Port}" : $"{Host}:{Port}";
}
