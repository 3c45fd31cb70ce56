using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Countersign.Server.Hosting;

/// <summary>Lets callers show a certificate while the connection is made; that proves they have its key.</summary>
internal static class ClientCertificates
{
    /// <summary>
    /// Any certificate is taken that is valid now: who it is of is said by the configuration, by its hash. A chain to
    /// some root would say something only to whoever manages the root.
    /// </summary>
    public static void Accept(HttpsConnectionAdapterOptions https, TimeProvider time)
    {
        https.ClientCertificateMode = ClientCertificateMode.AllowCertificate;
        https.ClientCertificateValidation = (certificate, _, _) => IsInTime(certificate, time.GetUtcNow());
    }

    private static bool IsInTime(X509Certificate2 certificate, DateTimeOffset now) =>
        now >= certificate.NotBefore.ToUniversalTime() && now < certificate.NotAfter.ToUniversalTime();
}
