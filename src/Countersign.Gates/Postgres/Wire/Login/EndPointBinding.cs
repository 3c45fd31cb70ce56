using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Countersign.Gates.Postgres.Wire.Login;

/// <summary>
/// The channel binding <c>tls-server-end-point</c> (RFC 5929 section 4): a hash of the server's certificate, by the
/// hash of its own signature; SHA-256 where that one is weaker.
/// </summary>
internal static class EndPointBinding
{
    /// <summary>
    /// <c>null</c> for a signature that names no single hash (RSASSA-PSS, EdDSA): there is no binding then.
    /// </summary>
    public static byte[]? Of(X509Certificate2 certificate) => certificate.SignatureAlgorithm.Value switch
    {
        "1.2.840.113549.1.1.4" // md5WithRSAEncryption
            or "1.2.840.113549.1.1.5" // sha1WithRSAEncryption
            or "1.2.840.10045.4.1" // ecdsa-with-SHA1
            or "1.2.840.113549.1.1.11" // sha256WithRSAEncryption
            or "1.2.840.10045.4.3.2" => certificate.GetCertHash(HashAlgorithmName.SHA256), // ecdsa-with-SHA256
        "1.2.840.113549.1.1.12" // sha384WithRSAEncryption
            or "1.2.840.10045.4.3.3" => certificate.GetCertHash(HashAlgorithmName.SHA384), // ecdsa-with-SHA384
        "1.2.840.113549.1.1.13" // sha512WithRSAEncryption
            or "1.2.840.10045.4.3.4" => certificate.GetCertHash(HashAlgorithmName.SHA512), // ecdsa-with-SHA512
        _ => null,
    };
}
