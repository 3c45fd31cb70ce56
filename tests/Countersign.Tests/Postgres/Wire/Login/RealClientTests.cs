using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Countersign.Gates.Postgres.Wire.Login;
using Npgsql;

namespace Countersign.Tests.Postgres.Wire.Login;

/// <summary>What real clients make of the log-in: Debian's psql, and Npgsql.</summary>
public sealed class RealClientTests : IAsyncDisposable
{
    private const string Psql = "/usr/bin/psql";

    private static readonly AgentSecret s_token =
        new AgentSecret.Scram(ScramVerifier.Derive("token", 4096, "0123456789abcdef"u8));

    private readonly System.Security.Cryptography.X509Certificates.X509Certificate2 _certificate =
        Certificates.SelfSigned();

    private readonly AgentDoor _door;
    private AgentSecret _secret = s_token;

    public RealClientTests() => _door = new AgentDoor(new AgentLoginOptions
    {
        Find = (user, _, _) => new(new AgentAccount(user == "bot" ? [_secret] : [], Problem: null)),
        Tls = new AgentTls(_certificate, null),
    });

    public async ValueTask DisposeAsync()
    {
        await _door.DisposeAsync();
        _certificate.Dispose();
    }

    [Theory]
    [InlineData("sslmode=disable")]
    [InlineData("sslmode=prefer")]
    [InlineData("sslmode=require")]
    [InlineData("sslmode=require channel_binding=disable")]
    [InlineData("sslmode=require channel_binding=require")]
    [InlineData("sslmode=verify-full sslrootcert=ROOT channel_binding=require")]
    public async Task Psql_comes_in_with_its_token(string how)
    {
        var root = Path.GetTempFileName();
        await File.WriteAllTextAsync(root, _certificate.ExportCertificatePem(), TestContext.Current.CancellationToken);

        var (exitCode, output) = await PsqlAsync(how.Replace("ROOT", root, StringComparison.Ordinal), "token");
        File.Delete(root);

        Assert.Equal((0, "bot"), (exitCode, output));
        Assert.Equal(
            how != "sslmode=disable",
            Assert.IsType<AgentArrival.Agent>(await _door.NextAsync()).Connection.IsEncrypted);
    }

    [Fact]
    public async Task Psql_shows_why_a_wrong_token_is_refused()
    {
        var (exitCode, output) = await PsqlAsync("sslmode=disable", "wrong");

        Assert.Equal(2, exitCode);
        Assert.Contains("FATAL:  Authentication failed for agent \"bot\".", output);
        Assert.Contains("HINT:  The user is an agent's id", output);
    }

    [Fact]
    public async Task Psql_gives_a_token_that_is_known_by_hash_inside_tls_only()
    {
        _secret = new AgentSecret.Hashed(SHA256.HashData("token"u8));

        Assert.Equal((0, "bot"), await PsqlAsync("sslmode=require", "token"));
        var (exitCode, output) = await PsqlAsync("sslmode=disable", "token");

        Assert.Equal(2, exitCode);
        Assert.Contains("sslmode=verify-full (or require)", output);
    }

    [Theory]
    [InlineData(Npgsql.SslMode.Disable, ChannelBinding.Prefer)]
    [InlineData(Npgsql.SslMode.Require, ChannelBinding.Disable)]
    [InlineData(Npgsql.SslMode.Require, ChannelBinding.Require)]
    public async Task Npgsql_comes_in_with_its_token(Npgsql.SslMode mode, ChannelBinding binding)
    {
        var settings = new NpgsqlConnectionStringBuilder
        {
            Host = "localhost",
            Port = _door.Port,
            Username = "bot",
            Password = "token",
            Database = "orders",
            Pooling = false,
            SslMode = mode,
            ChannelBinding = binding,
        };
        var builder = new NpgsqlDataSourceBuilder(settings.ConnectionString);
        builder.ConfigureTypeLoading(static types => types.EnableTypeLoading(false));
        await using var source = builder.Build();

        await using var connection = await source.OpenConnectionAsync(TestContext.Current.CancellationToken);

        var agent = Assert.IsType<AgentArrival.Agent>(await _door.NextAsync()).Connection;
        Assert.Equal(("orders", mode == Npgsql.SslMode.Require), (agent.Parameters.Database, agent.IsEncrypted));
        Assert.Empty(agent.Parameters.Ignored);
    }

    [Fact]
    public async Task Npgsql_shows_the_code_of_a_refusal()
    {
        await using var source = NpgsqlDataSource.Create(
            $"Host=127.0.0.1;Port={_door.Port};Username=nobody;Password=token;Database=orders;Pooling=false");

        var refused = await Assert.ThrowsAsync<PostgresException>(
            async () => await source.OpenConnectionAsync(TestContext.Current.CancellationToken));

        Assert.Equal("28P01", refused.SqlState);
    }

    private async Task<(int ExitCode, string Output)> PsqlAsync(string how, string token)
    {
        Assert.SkipUnless(File.Exists(Psql) || Environment.GetEnvironmentVariable("CI") == "true", "psql is missing");
        var port = _door.Port.ToString(CultureInfo.InvariantCulture);
        var start = new ProcessStartInfo(Psql)
        {
            ArgumentList = { $"host=localhost port={port} user=bot dbname=orders {how}", "-XAtc", "SELECT 1" },
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["PGPASSWORD"] = token, ["LC_ALL"] = "C" },
        };
        using var psql = Process.Start(start)!;
        var errors = psql.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = await psql.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await psql.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (psql.ExitCode, (output + await errors).Trim());
    }
}
