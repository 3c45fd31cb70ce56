using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Countersign.Server.Configuration;
using Countersign.Server.Hosting;
using Countersign.Tests.Support;

namespace Countersign.Tests.Hosting;

public sealed class ServerCertificateTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_file_with_intermediate_certificates_is_shown_whole()
    {
        using var authority = Make("authority");
        using var server = Make("server");
        var tls = Write("chain", server, server.ExportCertificatePem() + "\n" + authority.ExportCertificatePem());

        var loaded = ServerCertificate.Load(tls);

        Assert.Equal(server.Thumbprint, loaded.Certificate.Thumbprint);
        Assert.True(loaded.Certificate.HasPrivateKey);
        Assert.Contains(authority.Thumbprint, loaded.Chain.Select(certificate => certificate.Thumbprint));
    }

    [Fact]
    public void A_missing_file_is_named_with_its_remedy() =>
        AssertRefused(new TlsSettings(_folder.PathOf("no.pem"), _folder.PathOf("no.key")));

    [Fact]
    public void A_key_of_another_certificate_is_named_with_its_remedy()
    {
        using var one = Make("one");
        using var other = Make("other");

        AssertRefused(Write("one", other, one.ExportCertificatePem()));
    }

    private static void AssertRefused(TlsSettings tls)
    {
        var refused = Assert.Throws<ConfigurationException>(() => ServerCertificate.Load(tls));

        Assert.Contains(tls.Certificate, refused.Message, StringComparison.Ordinal);
        Assert.Contains("under 'tls'", refused.Message, StringComparison.Ordinal);
    }

    private TlsSettings Write(string name, X509Certificate2 keyOf, string certificates)
    {
        var tls = new TlsSettings(_folder.PathOf(name + ".pem"), _folder.PathOf(name + ".key"));
        File.WriteAllText(tls.Certificate, certificates);
        using var key = keyOf.GetECDsaPrivateKey()!;
        File.WriteAllText(tls.Key, key.ExportPkcs8PrivateKeyPem());
        return tls;
    }

    private static X509Certificate2 Make(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var now = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        return new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(now, now + TimeSpan.FromDays(3650));
    }
}
