using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Countersign.Server.Configuration;
using Countersign.Server.Hosting;
using Countersign.Tests.Support;

namespace Countersign.Tests.SignIn;

/// <summary>Agents that show a certificate while the connection is made.</summary>
public sealed class ClientCertificateTests : IAsyncLifetime
{
    private const string OtherToken = "token-of-another-agent-01234";
    private const string BotToken = "token-of-the-bot-0123456789";

    private readonly TemporaryFolder _folder = new();
    private readonly X509Certificate2 _server = Make("localhost", days: 1);
    private readonly X509Certificate2 _bot = Make("bot", days: 1);
    private readonly X509Certificate2 _over = Make("over", days: -1);
    private Node _node = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await File.WriteAllTextAsync(_folder.PathOf("server.pem"), _server.ExportCertificatePem(), Cancel);
        await File.WriteAllTextAsync(
            _folder.PathOf("server.key"), _server.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem(), Cancel);
        await File.WriteAllTextAsync(
            _folder.PathOf("policy.yaml"),
            "version: 1\ndefault: { require: { stages: [ { of: bob, need: 1, within: 30m } ] } }\n",
            Cancel);
        await File.WriteAllTextAsync(
            _folder.PathOf("countersign.yaml"),
            $$"""
            listen: https://127.0.0.1:0
            tls: { certificate: server.pem, key: server.key }
            store: sqlite:countersign.db
            ledger: { origin: test.example/countersign, key: ledger.key }
            people:
              - { id: bob, name: Bob }
              - { id: carol, name: Carol }
            agents:
              - { id: bot, owner: carol, tokens: [ {{BotToken}} ], identities: [ { certificate: "{{HashOf(_bot)}}" } ] }
              - { id: over, owner: carol, identities: [ { certificate: "{{HashOf(_over)}}" } ] }
              - { id: other, owner: carol, tokens: [ {{OtherToken}} ] }
            targets:
              sdk: { gate: api, environment: production }
            policies: policy.yaml
            """,
            Cancel);
        var settings = SettingsFile.Load(_folder.PathOf("countersign.yaml"), static _ => null);
        _node = await Node.StartAsync(settings, new NodeOptions { LogsToTerminal = false }, Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        await _node.DisposeAsync();
        _folder.Dispose();
        Array.ForEach([_server, _bot, _over], certificate => certificate.Dispose());
    }

    [Fact]
    public async Task The_certificate_alone_says_which_agent_asks() =>
        Assert.Equal(HttpStatusCode.Accepted, await AskAsync(_bot, token: null));

    [Fact]
    public async Task Without_one_nobody_does() =>
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(certificate: null, token: null));

    [Fact]
    public async Task A_certificate_of_the_same_name_is_another_one()
    {
        using var copy = Make("bot", days: 1);

        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(copy, token: null));
    }

    [Fact]
    public async Task A_token_of_the_same_agent_may_come_along_and_one_of_another_makes_both_worthless()
    {
        Assert.Equal(HttpStatusCode.Accepted, await AskAsync(_bot, BotToken));
        Assert.Equal(HttpStatusCode.Accepted, await AskAsync(certificate: null, OtherToken));
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(_bot, OtherToken));
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(_bot, "nobodys-token"));
    }

    [Fact]
    public Task A_certificate_that_is_over_makes_no_connection() =>
        Assert.ThrowsAnyAsync<HttpRequestException>(() => AskAsync(_over, token: null));

    private async Task<HttpStatusCode> AskAsync(X509Certificate2? certificate, string? token)
    {
        using var handler = new HttpClientHandler
        {
            ServerCertificateCustomValidationCallback = (_, shown, _, _) => shown?.Thumbprint == _server.Thumbprint,
        };
        if (certificate is not null)
        {
            handler.ClientCertificates.Add(certificate);
        }

        using var client = new HttpClient(handler) { BaseAddress = _node.Address };
        if (token is not null)
        {
            client.DefaultRequestHeaders.Add("Authorization", $"Bearer {token}");
        }

        using var answer = await client.PostAsJsonAsync(
            "/v1/actions", new { target = "sdk", operation = "drop", arguments = new { table = "orders" } }, Cancel);
        return answer.StatusCode;
    }

    private static X509Certificate2 Make(string name, int days)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var end = TimeProvider.System.GetUtcNow().AddDays(days);
        using var certificate = request.CreateSelfSigned(end.AddDays(-3), end);
        return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), password: null,
            X509KeyStorageFlags.Exportable);
    }

    private static string HashOf(X509Certificate2 certificate) =>
        $"sha256:{Convert.ToHexStringLower(SHA256.HashData(certificate.RawData))}";
}
