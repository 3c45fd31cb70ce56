using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Countersign.Gates.Postgres.Wire.Login;

/// <summary>Our certificate, and how TLS is spoken with it.</summary>
internal sealed class AgentTls
{
    /// <summary>Direct TLS must name it, so that no client of another protocol is talked into this one.</summary>
    public static readonly SslApplicationProtocol Postgresql = new("postgresql");

    private readonly SslServerAuthenticationOptions _options;

    /// <param name="certificate">With its private key.</param>
    /// <param name="intermediates">Certificates between it and the root, to be sent along.</param>
    /// <param name="certifiedAt">
    /// Asks clients for a certificate, of which they need not have one, and refuses one that is not valid at the time
    /// this says. Who it is of is said by the configuration, so no chain is built. Without it nobody is asked.
    /// </param>
    public AgentTls(
        X509Certificate2 certificate,
        X509Certificate2Collection? intermediates,
        Func<DateTimeOffset>? certifiedAt = null)
    {
        Binding = EndPointBinding.Of(certificate);
        _options = new SslServerAuthenticationOptions
        {
            ServerCertificateContext = SslStreamCertificateContext.Create(certificate, intermediates, offline: true),
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            ApplicationProtocols = [Postgresql],
            AllowRenegotiation = false,
            ClientCertificateRequired = certifiedAt is not null,
            // What is resumed shows no certificate anew.
            AllowTlsResume = certifiedAt is null,
            CertificateChainPolicy = new X509ChainPolicy
            {
                DisableCertificateDownloads = true,
                RevocationMode = X509RevocationMode.NoCheck,
            },
            RemoteCertificateValidationCallback = certifiedAt is null
                ? null
                : (_, shown, _, _) =>
                    shown is null || (shown is X509Certificate2 known && IsInTime(known, certifiedAt())),
        };
    }

    /// <summary>What SCRAM-SHA-256-PLUS binds to; <c>null</c> when the certificate's signature allows none.</summary>
    public byte[]? Binding { get; }

    public async Task<SslStream> AcceptAsync(Stream stream, bool isDirect, CancellationToken cancellationToken)
    {
        var encrypted = new SslStream(stream, leaveInnerStreamOpen: false);
        try
        {
            await encrypted.AuthenticateAsServerAsync(_options, cancellationToken);
            return !isDirect || encrypted.NegotiatedApplicationProtocol == Postgresql
                ? encrypted
                : throw new AuthenticationException("Direct TLS without the ALPN name 'postgresql'.");
        }
        catch
        {
            await encrypted.DisposeAsync();
            throw;
        }
    }

    private static bool IsInTime(X509Certificate2 shown, DateTimeOffset now) =>
        now >= shown.NotBefore.ToUniversalTime() && now < shown.NotAfter.ToUniversalTime();
}
