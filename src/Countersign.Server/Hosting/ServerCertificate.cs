using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Countersign.Server.Configuration;

namespace Countersign.Server.Hosting;

/// <summary>What the listener shows for https: its certificate, and those between it and a root.</summary>
internal sealed record ServerCertificate(X509Certificate2 Certificate, X509Certificate2Collection Chain)
{
    /// <exception cref="ConfigurationException">A file cannot be read, or the two do not belong together.</exception>
    public static ServerCertificate Load(TlsSettings tls)
    {
        try
        {
            // A file from an authority holds the intermediate certificates too; clients need them to find the root.
            var chain = new X509Certificate2Collection();
            chain.ImportFromPemFile(tls.Certificate);
            return new ServerCertificate(X509Certificate2.CreateFromPemFile(tls.Certificate, tls.Key), chain);
        }
        catch (Exception failure) when (failure
            is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            throw new ConfigurationException(
                $"The certificate '{tls.Certificate}' with the key '{tls.Key}' cannot be used: {failure.Message} " +
                "Name two PEM files that belong together under 'tls'.");
        }
    }
}
