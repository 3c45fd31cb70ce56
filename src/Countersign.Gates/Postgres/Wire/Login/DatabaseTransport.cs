using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Countersign.Gates.Postgres.Wire.Login;

/// <summary>A connection to a database before the first message: TCP, and TLS as its address demands.</summary>
internal sealed class DatabaseTransport : IAsyncDisposable
{
    private DatabaseTransport(Socket socket, Stream stream) => (Socket, Stream) = (socket, stream);

    public Socket Socket { get; }

    public Stream Stream { get; private set; }

    public bool IsEncrypted => Stream is SslStream;

    /// <summary>What SCRAM-SHA-256-PLUS binds to; <c>null</c> without TLS.</summary>
    public byte[]? Binding
    {
        get
        {
            using var certificate = Stream is SslStream { RemoteCertificate: { } raw }
                ? X509CertificateLoader.LoadCertificate(raw.GetRawCertData())
                : null;
            return certificate is null ? null : EndPointBinding.Of(certificate);
        }
    }

    /// <exception cref="ProtocolViolation">The server's answer to SSLRequest is none.</exception>
    /// <exception cref="AuthenticationException">
    /// There is no TLS where it is required, or it proves too little.
    /// </exception>
    public static async Task<DatabaseTransport> OpenAsync(DatabaseAddress address, CancellationToken cancellationToken)
    {
        var socket = address.IsUnixSocket
            ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
            : new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        DatabaseTransport? transport = null;
        try
        {
            await socket.ConnectAsync(address.EndPoint, cancellationToken);
            transport = new DatabaseTransport(socket, new NetworkStream(socket, ownsSocket: true));
            await transport.EncryptAsync(address, cancellationToken);
            return transport;
        }
        catch
        {
            await (transport?.DisposeAsync() ?? default);
            socket.Dispose();
            throw;
        }
    }

    public ValueTask DisposeAsync() => Stream.DisposeAsync();

    private async Task EncryptAsync(DatabaseAddress address, CancellationToken cancellationToken)
    {
        if (address.SslMode == SslMode.Disable || address.IsUnixSocket)
        {
            return;
        }

        if (address.IsTlsDirect || await IsTlsOfferedAsync(cancellationToken))
        {
            Stream = await HandshakeAsync(address, cancellationToken);
        }
        else if (address.SslMode != SslMode.Prefer)
        {
            throw new AuthenticationException("the server offers no TLS; switch it on there, or lower sslmode");
        }
    }

    /// <summary>
    /// One byte answers SSLRequest. What an attacker put behind it must not count as sent inside TLS, and a text in its
    /// place comes from nobody in particular, so it is shown to nobody.
    /// </summary>
    private async Task<bool> IsTlsOfferedAsync(CancellationToken cancellationToken)
    {
        using var writer = new WireWriter(Stream);
        writer.WriteSslRequest();
        await writer.FlushAsync(cancellationToken);
        var answer = new byte[1];
        await Stream.ReadExactlyAsync(answer, cancellationToken);
        return (answer[0], Socket.Available) switch
        {
            ((byte)'S', 0) => true,
            ((byte)'N', 0) => false,
            _ => throw new ProtocolViolation("The server answered SSLRequest with something else than S or N.")
            {
                IsFatal = true,
            },
        };
    }

    private async Task<SslStream> HandshakeAsync(DatabaseAddress address, CancellationToken cancellationToken)
    {
        var problems = SslPolicyErrors.None;
        var encrypted = new SslStream(Stream, leaveInnerStreamOpen: false);
        try
        {
            await encrypted.AuthenticateAsClientAsync(Options(address, found => problems = found), cancellationToken);
            return !address.IsTlsDirect || encrypted.NegotiatedApplicationProtocol == AgentTls.Postgresql
                ? encrypted
                : throw new AuthenticationException("the server does not take direct TLS; it needs PostgreSQL 17");
        }
        catch (AuthenticationException) when (problems != SslPolicyErrors.None)
        {
            await encrypted.DisposeAsync();
            throw new AuthenticationException(
                $"its certificate proves too little for sslmode {address.SslMode} ({problems}); name its root in"
                + " sslrootcert, and connect by a name that it carries");
        }
        catch
        {
            await encrypted.DisposeAsync();
            throw;
        }
    }

    private static SslClientAuthenticationOptions Options(DatabaseAddress address, Action<SslPolicyErrors> refuse)
    {
        var verifies = address.SslMode >= SslMode.VerifyCa || address.RootCertificate is not null;
        return new SslClientAuthenticationOptions
        {
            TargetHost = address.Host,
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            ApplicationProtocols = [AgentTls.Postgresql],
            CertificateChainPolicy = ChainPolicy(address.RootCertificate),
            RemoteCertificateValidationCallback = (_, certificate, _, problems) =>
            {
                var isTrusted = certificate is not null && (!verifies || IsTrusted(address.SslMode, problems));
                if (!isTrusted)
                {
                    refuse(problems);
                }

                return isTrusted;
            },
        };
    }

    private static bool IsTrusted(SslMode mode, SslPolicyErrors problems) =>
        problems == SslPolicyErrors.None
        || (mode < SslMode.VerifyFull && problems == SslPolicyErrors.RemoteCertificateNameMismatch);

    /// <summary>No answer of a server makes this gate fetch anything from elsewhere.</summary>
    private static X509ChainPolicy ChainPolicy(string? rootCertificate)
    {
        var policy = new X509ChainPolicy
        {
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        if (rootCertificate is not null)
        {
            policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            policy.CustomTrustStore.ImportFromPemFile(rootCertificate);
        }

        return policy;
    }
}
