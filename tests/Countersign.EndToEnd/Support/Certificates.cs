using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Countersign.EndToEnd.Support;

/// <summary>
/// An authority of one test, and what it signed: a server on localhost, and a client. All are PEM files.
/// </summary>
internal sealed class Certificates : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("countersign-certificates-");

    public Certificates()
    {
        var now = TimeProvider.System.GetUtcNow();
        var (from, until) = (now.AddHours(-1), now.AddHours(3));
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Countersign tests", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var authority = request.CreateSelfSigned(from, until);
        File.WriteAllText(Authority, authority.ExportCertificatePem());
        Sign(authority, "CN=localhost", from, until, Server, ServerKey);
        Sign(authority, "CN=countersign", from, until, Client, ClientKey);
    }

    public string Authority => In("authority.pem");

    public string Server => In("server.pem");

    public string ServerKey => In("server.key");

    public string Client => In("client.pem");

    public string ClientKey => In("client.key");

    public void Dispose() => _folder.Delete(recursive: true);

    private static void Sign(
        X509Certificate2 authority,
        string name,
        DateTimeOffset from,
        DateTimeOffset until,
        string certificate,
        string keyFile)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var signed = request.Create(authority, from, until, RandomNumberGenerator.GetBytes(8));
        File.WriteAllText(certificate, signed.ExportCertificatePem());
        File.WriteAllText(keyFile, key.ExportPkcs8PrivateKeyPem());
    }

    private string In(string name) => Path.Combine(_folder.FullName, name);
}
