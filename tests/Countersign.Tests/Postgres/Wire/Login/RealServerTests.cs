using Countersign.Gates.Credentials;
using Countersign.Gates.Postgres.Wire;
using Countersign.Gates.Postgres.Wire.Login;
using Countersign.Tests.Postgres.Support;
using Npgsql;
using SslMode = Countersign.Gates.Postgres.Wire.Login.SslMode;

namespace Countersign.Tests.Postgres.Wire.Login;

/// <summary>Our log-in to real PostgreSQL servers, by every method that we speak.</summary>
public sealed class RealServerTests(EncryptedServer encrypted) : IClassFixture<EncryptedServer>
{
    private const int Most = 100_000;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("scram", SslMode.Require)]
    [InlineData("scram", SslMode.Prefer)]
    [InlineData("plain", SslMode.Disable)]
    [InlineData("md5", SslMode.Disable)]
    [InlineData("md5", SslMode.Require)]
    [InlineData("clear", SslMode.Require)]
    [InlineData("trust", SslMode.Prefer)]
    internal async Task Every_method_lets_us_in(string user, SslMode mode)
    {
        await using var connection = await LogInAsync(user, options => options with
        {
            Address = options.Address with { SslMode = mode },
        });

        Assert.Equal(mode != SslMode.Disable, connection.IsEncrypted);
        Assert.Equal(("UTF8", "on"), (
            connection.Parameters["client_encoding"], connection.Parameters["standard_conforming_strings"]));
        Assert.Equal((0, 4), (connection.Minor, connection.Key!.Key.Length));
        Assert.Equal(user, await AskAsync(connection, "SELECT current_user"));
    }

    [Fact]
    public async Task A_bound_channel_is_what_a_server_with_tls_gets()
    {
        await using var connection = await LogInAsync(
            "scram", static options => options with { IsChannelBindingRequired = true });

        Assert.Equal("scram", await AskAsync(connection, "SELECT current_user"));
        var unbound = await FailureAsync("md5", static options => options with { IsChannelBindingRequired = true });
        Assert.Contains("PLUS", unbound.Message);
    }

    [Fact]
    public async Task Asking_for_the_newer_version_is_answered_by_an_older_server()
    {
        await using var connection = await LogInAsync("scram", static options => options with { Minor = 2 });

        Assert.Contains(connection.Minor, new[] { 0, 2 });
        Assert.Equal("scram", await AskAsync(connection, "SELECT current_user"));
    }

    [Fact]
    public async Task Parameters_reach_the_server()
    {
        var parameters = new Dictionary<string, string>
        {
            ["application_name"] = "act_1", ["search_path"] = "pg_catalog", ["client_encoding"] = "LATIN1",
        };
        await using var connection = await LogInAsync("scram", options => options with { Parameters = parameters });

        Assert.Equal("act_1", connection.Parameters["application_name"]);
        Assert.Equal("pg_catalog", await AskAsync(connection, "SHOW search_path"));
        Assert.Equal("UTF8", await AskAsync(connection, "SHOW client_encoding"));
    }

    [Fact]
    public async Task A_wrong_password_and_a_database_that_is_not_there_are_told_apart()
    {
        var wrong = await FailureAsync("scram", static options => options with { Password = new Secret("no") });
        var missing = await FailureAsync("scram", static options => options with { Database = "nowhere" });
        var none = await FailureAsync("scram", static options => options with { Password = null });

        Assert.Equal(("28P01", "3D000"), (wrong.SqlState, missing.SqlState));
        Assert.Contains("none is configured", none.Message);
    }

    [Fact]
    public async Task A_certificate_is_verified_as_far_as_asked()
    {
        await using var full = await LogInAsync(
            "scram", options => Verify(options, SslMode.VerifyFull, encrypted.Root));
        await using var authority = await LogInAsync(
            "scram", options => Verify(options, SslMode.VerifyCa, encrypted.Root));

        Assert.True(full.IsEncrypted && authority.IsEncrypted);
        foreach (var (mode, root) in new[]
        {
            (SslMode.VerifyFull, encrypted.OtherRoot), (SslMode.VerifyCa, encrypted.OtherRoot),
            (SslMode.VerifyFull, null), (SslMode.Require, encrypted.OtherRoot),
        })
        {
            var failure = await FailureAsync("scram", options => Verify(options, mode, root));
            Assert.Contains("proves too little", failure.Message);
        }
    }

    [Fact]
    public async Task A_certificate_of_another_name_is_enough_for_verify_ca_only()
    {
        // The certificate is for localhost and 127.0.0.1; the server listens on this address too.
        const string other = "127.0.0.2";
        await using var named = await LogInAsync(
            "scram", options => Verify(options, SslMode.VerifyCa, encrypted.Root, other));

        Assert.True(named.IsEncrypted);
        var failure = await FailureAsync(
            "scram", options => Verify(options, SslMode.VerifyFull, encrypted.Root, other));
        Assert.Contains("RemoteCertificateNameMismatch", failure.Message);
    }

    [Fact]
    public async Task Direct_tls_to_a_server_that_does_not_know_it_fails_soon()
    {
        var failure = await FailureAsync("scram", static options => options with
        {
            Address = options.Address with { IsTlsDirect = true },
            Limits = options.Limits with { Connect = TimeSpan.FromSeconds(5) },
        });

        Assert.Equal("08006", failure.SqlState);
    }

    [Fact]
    public async Task A_unix_socket_is_a_host_as_well()
    {
        await using var connection = await LogInAsync("trust", options => options with
        {
            Address = options.Address with { Host = encrypted.Folder },
        });

        Assert.Equal("trust", await AskAsync(connection, "SELECT current_user"));
    }

    [Theory]
    [InlineData("scram", SslMode.Prefer)]
    [InlineData("plain", SslMode.Disable)]
    internal async Task A_statement_that_runs_is_cancelled(string user, SslMode mode)
    {
        await using var connection = await LogInAsync(user, options => options with
        {
            Address = options.Address with { SslMode = mode },
        });
        await SendAsync(connection, "SELECT pg_sleep(600)");

        // A cancel that comes before the statement began is lost, as PostgreSQL has it; so it is repeated.
        var answer = connection.Reader.ReadAsync(Most, Cancellation).AsTask();
        while (!answer.IsCompleted)
        {
            await connection.CancelAsync(Cancellation);
        }

        var error = ErrorFields.Read((await SkipToErrorAsync(connection, await answer)).Body);
        Assert.Equal("57014", error.Code);
    }

    [Fact]
    public async Task The_fixture_of_all_tests_lets_us_in_too()
    {
        using var server = new PostgresServer();
        var given = new NpgsqlConnectionStringBuilder(await server.CreateDatabaseAsync());
        await using var connection = await DatabaseLogin.ConnectAsync(
            new DatabaseLoginOptions
            {
                Address = new DatabaseAddress { Host = given.Host!, Port = given.Port },
                Database = given.Database!,
                User = given.Username!,
                Password = new Secret(given.Password!),
            },
            Cancellation);

        Assert.False(connection.IsEncrypted);
        Assert.Equal(given.Database, await AskAsync(connection, "SELECT current_database()"));
    }

    private static DatabaseLoginOptions Verify(
        DatabaseLoginOptions options, SslMode mode, string? root, string? host = null) =>
        options with
        {
            Address = options.Address with
            {
                SslMode = mode,
                RootCertificate = root,
                Host = host ?? options.Address.Host,
            },
        };

    private Task<DatabaseConnection> LogInAsync(string user, Func<DatabaseLoginOptions, DatabaseLoginOptions> change) =>
        DatabaseLogin.ConnectAsync(
            change(new DatabaseLoginOptions
            {
                Address = new DatabaseAddress { Host = "127.0.0.1", Port = encrypted.Port },
                Database = "postgres",
                User = user,
                Password = new Secret(EncryptedServer.Password),
            }),
            Cancellation);

    private Task<DatabaseLoginException> FailureAsync(
        string user, Func<DatabaseLoginOptions, DatabaseLoginOptions> change) =>
        Assert.ThrowsAsync<DatabaseLoginException>(() => LogInAsync(user, change));

    private static async Task SendAsync(DatabaseConnection connection, string sql)
    {
        connection.Writer.WriteParse(""u8, System.Text.Encoding.UTF8.GetBytes(sql), []);
        connection.Writer.WriteBind(""u8, ""u8);
        connection.Writer.WriteExecute(""u8, maxRows: 0);
        connection.Writer.WriteSync();
        await connection.Writer.FlushAsync(Cancellation);
    }

    /// <summary>The first column of the first row.</summary>
    private static async Task<string> AskAsync(DatabaseConnection connection, string sql)
    {
        await SendAsync(connection, sql);
        var answer = "";
        while (await connection.Reader.ReadAsync(Most, Cancellation) is var message
            && message.Type != BackendMessage.ReadyForQuery)
        {
            answer = message.Type == BackendMessage.DataRow ? FirstColumn(message.Body) : answer;
        }

        return answer;
    }

    private static string FirstColumn(ReadOnlySpan<byte> body)
    {
        var row = DataRowBody.Read(body);
        Assert.True(row.MoveNext());
        return System.Text.Encoding.UTF8.GetString(row.Current);
    }

    private static async Task<WireMessage> SkipToErrorAsync(DatabaseConnection connection, WireMessage message)
    {
        while (message.Type != BackendMessage.ErrorResponse)
        {
            message = await connection.Reader.ReadAsync(Most, Cancellation);
        }

        return message;
    }
}
