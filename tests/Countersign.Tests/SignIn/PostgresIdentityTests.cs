using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Countersign.Server.Configuration;
using Countersign.Server.Hosting;
using Countersign.Tests.Postgres.Support;
using Countersign.Tests.Postgres.Wire.Login;
using Countersign.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Countersign.Tests.SignIn;

/// <summary>
/// Agents at the PostgreSQL gate that show what their platform gave them: a token of an issuer as the password, or a
/// certificate. A whole node, a real database, Npgsql.
/// </summary>
public sealed class PostgresIdentityTests(PostgresServer server) : IAsyncLifetime
{
    private const string Audience = "https://countersign.example.com";
    private const string BotToken = "token-of-the-bot-0123456789";

    private readonly TemporaryFolder _folder = new();
    private readonly X509Certificate2 _door = Certificates.SelfSigned();
    private readonly X509Certificate2 _batch = Certificates.SelfSigned();
    private readonly X509Certificate2 _stranger = Certificates.SelfSigned();
    private ProviderDouble _issuer = null!;
    private Node _node = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _issuer = await ProviderDouble.StartAsync();
        await File.WriteAllTextAsync(_folder.PathOf("server.pem"), _door.ExportCertificatePem(), Cancel);
        await File.WriteAllTextAsync(
            _folder.PathOf("server.key"), _door.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem(), Cancel);
        await File.WriteAllTextAsync(
            _folder.PathOf("policy.yaml"),
            "version: 1\ndefault: { require: { stages: [ { of: alice, need: 1, within: 30m } ] } }\n",
            Cancel);
        var file = _folder.PathOf("countersign.yaml");
        await File.WriteAllTextAsync(file, await ConfigurationAsync(), Cancel);
        var settings = SettingsFile.Load(file, static _ => null);
        _node = await Node.StartAsync(settings, new NodeOptions { LogsToTerminal = false }, Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        await _node.DisposeAsync();
        await _issuer.DisposeAsync();
        _folder.Dispose();
        Array.ForEach([_door, _batch, _stranger], certificate => certificate.Dispose());
    }

    [Fact]
    public async Task A_token_of_the_issuer_is_the_password_inside_tls()
    {
        Assert.Null(await OpenAsync("shop", TokenOf("repo:acme/shop")));
        Assert.Equal("28P01", await OpenAsync("shop", TokenOf("repo:acme/shop"), SslMode.Disable));
    }

    [Fact]
    [Trait("Threat", "THR-003"), Trait("CWE", "863")]
    public async Task A_token_of_another_agent_or_of_a_person_opens_nothing()
    {
        Assert.Equal("28P01", await OpenAsync("shop", TokenOf("helper")));
        Assert.Equal("28P01", await OpenAsync("shop", TokenOf("sub-alice")));
        Assert.Equal("28P01", await OpenAsync("bot", TokenOf("repo:acme/shop")));
        Assert.Equal("28P01", await OpenAsync("nobody", TokenOf("repo:acme/shop")));
    }

    [Theory]
    [InlineData("aud", "somebody-else")]
    [InlineData("exp", "1700000000")]
    [InlineData("cnf", "{\"x5t#S256\":\"bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2\"}")]
    public async Task A_token_that_says_something_else_opens_nothing(string claim, string value)
    {
        var token = TokenOf("repo:acme/shop", claims => claims[claim] = value[0] is '{' or '1'
            ? JsonNode.Parse(value)
            : value);

        Assert.Equal("28P01", await OpenAsync("shop", token));
    }

    [Fact]
    public async Task A_token_bound_to_a_certificate_takes_the_connection_of_its_key()
    {
        var print = System.Buffers.Text.Base64Url.EncodeToString(SHA256.HashData(_stranger.RawData));
        var token = TokenOf("repo:acme/shop", claims => claims["cnf"] = new JsonObject { ["x5t#S256"] = print });

        Assert.Null(await OpenAsync("shop", token, certificate: _stranger));
        Assert.Equal("28P01", await OpenAsync("shop", token));
    }

    [Fact]
    public async Task Beside_it_a_token_of_the_configuration_goes_on_working()
    {
        Assert.Null(await OpenAsync("bot", BotToken, SslMode.Disable));
        Assert.Null(await OpenAsync("bot", BotToken));
        Assert.Null(await OpenAsync("bot", TokenOf("bot-client")));
        Assert.Equal("28P01", await OpenAsync("bot", "token-of-nobody-0123456789"));
    }

    [Fact]
    public async Task A_certificate_is_enough_for_its_agent_and_keeps_others_out()
    {
        Assert.Null(await OpenAsync("batch", "nothing", certificate: _batch));
        Assert.Equal("28P01", await OpenAsync("batch", "nothing", certificate: _stranger));
        Assert.Equal("28P01", await OpenAsync("batch", "nothing"));
        // The right token of one agent and the certificate of another are nobody's.
        Assert.Equal("28P01", await OpenAsync("bot", BotToken, certificate: _batch));
        Assert.Null(await OpenAsync("bot", BotToken, certificate: _stranger));
    }

    [Fact]
    public async Task A_certificate_that_is_over_makes_no_connection()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=over", key, HashAlgorithmName.SHA256);
        var end = TimeProvider.System.GetUtcNow().AddDays(-1);
        using var over = request.CreateSelfSigned(end.AddDays(-3), end);

        await Assert.ThrowsAnyAsync<NpgsqlException>(() => OpenAsync("bot", BotToken, certificate: over));
    }

    [Fact]
    public async Task An_exchanged_token_opens_for_the_agent_that_acts_and_for_nobody_else()
    {
        var known = TokenOf("sub-alice", claims => claims["act"] = new JsonObject { ["sub"] = "repo:acme/shop" });
        var unknown = TokenOf("sub-alice", claims => claims["act"] = new JsonObject { ["sub"] = "repo:acme/other" });

        Assert.Null(await OpenAsync("shop", known));
        Assert.Equal("28P01", await OpenAsync("helper", known));
        Assert.Equal("28P01", await OpenAsync("shop", unknown));
    }

    /// <summary>The state of the refusal; <c>null</c> when the session opened.</summary>
    private async Task<string?> OpenAsync(
        string agent, string password, SslMode mode = SslMode.Require, X509Certificate2? certificate = null)
    {
        var settings = new NpgsqlConnectionStringBuilder
        {
            Host = "127.0.0.1",
            Port = _node.Services.GetRequiredService<PostgresHosting>().Address.Port,
            Username = agent,
            Password = password,
            Database = "orders",
            Pooling = false,
            SslMode = mode,
        };
        var builder = new NpgsqlDataSourceBuilder(settings.ConnectionString);
        builder.ConfigureTypeLoading(static types => types.EnableTypeLoading(false));
        builder.UseSslClientAuthenticationOptionsCallback(tls =>
            tls.ClientCertificates = certificate is null ? [] : [certificate]);
        await using var source = builder.Build();
        try
        {
            await using var connection = await source.OpenConnectionAsync(Cancel);
            return null;
        }
        catch (PostgresException refused)
        {
            return refused.SqlState;
        }
    }

    private string TokenOf(string subject, Action<JsonObject>? alter = null)
    {
        var now = TimeProvider.System.GetUtcNow();
        var claims = new JsonObject
        {
            ["iss"] = _issuer.Issuer,
            ["aud"] = Audience,
            ["sub"] = subject,
            ["iat"] = now.ToUnixTimeSeconds(),
            ["exp"] = now.AddMinutes(5).ToUnixTimeSeconds(),
        };
        alter?.Invoke(claims);
        return _issuer.Signer.Sign(claims);
    }

    private async Task<string> ConfigurationAsync()
    {
        var admin = await server.CreateDatabaseAsync();
        var database = new NpgsqlConnectionStringBuilder(admin);
        return $$"""
            listen: http://127.0.0.1:0
            postgres: { listen: "127.0.0.1:0", tls: { certificate: server.pem, key: server.key } }
            store: sqlite:countersign.db
            ledger: { origin: test.example/countersign, key: ledger.key }
            people:
              - { id: alice, name: Alice, accounts: { oidc: { issuer: "{{_issuer.Issuer}}", subject: sub-alice } } }
              - { id: carol, name: Carol }
            agents:
              - { id: shop, owner: carol, identities: [ { issuer: "{{_issuer.Issuer}}", subject: "repo:acme/shop" } ] }
              - { id: helper, owner: carol, identities: [ { issuer: "{{_issuer.Issuer}}", subject: helper } ] }
              - id: bot
                owner: carol
                tokens: [ {{BotToken}} ]
                identities: [ { issuer: "{{_issuer.Issuer}}", subject: bot-client } ]
              - { id: batch, owner: carol, identities: [ { certificate: "{{HashOf(_batch)}}" } ] }
            issuers: [ { issuer: "{{_issuer.Issuer}}", audience: "{{Audience}}" } ]
            targets:
              orders:
                gate: postgres
                environment: production
                upstream: "postgresql://127.0.0.1:{{database.Port}}/{{database.Database}}"
                credentials: { admin: '{{admin}}', mode: ephemeral-role }
            policies: policy.yaml
            """;
    }

    private static string HashOf(X509Certificate2 certificate) =>
        $"sha256:{Convert.ToHexStringLower(SHA256.HashData(certificate.RawData))}";
}
