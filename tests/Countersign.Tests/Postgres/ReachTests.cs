using Countersign.Core.Actions;
using Countersign.Gates.Postgres;
using Countersign.Gates.Postgres.Rights;
using Countersign.Tests.Postgres.Bypass;
using Countersign.Tests.Postgres.Support;
using Npgsql;

namespace Countersign.Tests.Postgres;

/// <summary>Databases that cannot be asked everything, or nothing at all for a while.</summary>
public sealed class ReachTests(PostgresServer server, PrimaryAndStandby servers) : IClassFixture<PrimaryAndStandby>
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    /// <summary>It cannot say what a statement does, because that takes a transaction that writes.</summary>
    [Fact]
    public async Task What_a_standby_is_asked_is_opaque_without_a_resolver()
    {
        await using var host = await OnStandbyAsync(hasResolver: false);
        await using var session = await RawSession.OpenAsync(host);

        Assert.Equal("held", await session.AskAsync("SELECT count(*) FROM orders"));

        var held = await host.UntilAsync(ActionState.Pending);
        Assert.Contains("name its primary as resolver", held.Preview!.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_standby_is_asked_is_understood_by_its_primary()
    {
        await using var host = await OnStandbyAsync(hasResolver: true);
        await using var session = await RawSession.OpenAsync(host);

        Assert.EndsWith("row t; done SELECT 1; Z I", await session.AskAsync("SELECT pg_is_in_recovery()"));
        Assert.EndsWith("row 10; done SELECT 1; Z I", await session.AskAsync("SELECT count(*) FROM orders"));
        Assert.Equal("error 42P01; Z I", await session.AskAsync("SELECT * FROM nowhere"));
        Assert.Equal("held", await session.AskAsync("DELETE FROM orders WHERE id = 1"));
    }

    [Fact]
    public async Task A_database_that_takes_no_connections_is_told_and_comes_back()
    {
        await using var host = await PostgresHost.StartAsync(server);
        await using (var first = await host.ConnectAsync())
        {
        }

        var name = new NpgsqlConnectionStringBuilder(host.Database).Database;
        await AskAsync(host, $"ALTER DATABASE {name} ALLOW_CONNECTIONS false");
        await AskAsync(host, $"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
        await AssertUnreachableAsync(host);

        await AskAsync(host, $"ALTER DATABASE {name} ALLOW_CONNECTIONS true");
        await AssertReachableAsync(host);
    }

    [Fact]
    public async Task A_read_is_understood_although_connections_of_the_gate_died_in_between()
    {
        const int patience = 10_000;
        await using var host = await PostgresHost.StartAsync(server);
        await using var session = await RawSession.OpenAsync(host);
        Assert.EndsWith("row 1; done SELECT 1; Z I", await session.AskAsync("SELECT 1 AS first"));

        await host.AskDirectlyAsync($"""
            SELECT count(pg_terminate_backend(pid, {patience})) FROM pg_stat_activity
             WHERE datname = current_database() AND application_name = 'countersign analysis'
            """);

        Assert.EndsWith("row 2; done SELECT 1; Z I", await session.AskAsync("SELECT 2 AS second"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_server_that_is_down_is_told_and_comes_back(bool isOpen)
    {
        var database = await server.CreateDatabaseAsync(servers.Primary);
        var rights = new RightsOptions.EphemeralRole(database) { PoolSize = 2 };
        await using var host = await PostgresHost.StartAsync(database, target => target with { Rights = rights });
        if (isOpen)
        {
            await AssertReachableAsync(host);
        }

        servers.Primary.Pause();
        try
        {
            await AssertUnreachableAsync(host);
        }
        finally
        {
            servers.Primary.Resume();
        }

        await AssertReachableAsync(host);
    }

    private async Task<PostgresHost> OnStandbyAsync(bool hasResolver)
    {
        var primary = await server.CreateDatabaseAsync(servers.Primary);
        var standby = servers.Standby.ConnectionString(new NpgsqlConnectionStringBuilder(primary).Database!);
        var host = await PostgresHost.StartAsync(primary, target => target with
        {
            Address = PostgresHost.AddressOf(standby),
            Rights = new RightsOptions.Static(standby),
            Resolver = hasResolver ? primary : null,
        });
        var written = await host.AskDirectlyAsync("SELECT pg_current_wal_lsn()::text");
        await using var source = NpgsqlDataSource.Create(servers.Standby.ConnectionString("postgres"));
        await using var replayed = source.CreateCommand($"SELECT pg_last_wal_replay_lsn() >= '{written}'");
        while (await replayed.ExecuteScalarAsync(Cancelled) is not true)
        {
            await Task.Yield();
        }

        return host;
    }

    private static async Task AssertUnreachableAsync(PostgresHost host)
    {
        await using var connection = new NpgsqlConnection(host.Agent);
        var error = await Assert.ThrowsAsync<PostgresException>(() => connection.OpenAsync(Cancelled));

        Assert.Equal(("FATAL", "08006"), (error.Severity, error.SqlState));
        Assert.Equal("Target \"orders\" cannot be used now.", error.MessageText);
        Assert.NotEmpty(error.Detail!);
        Assert.Contains("Try again in a moment", error.Hint, StringComparison.Ordinal);
    }

    private static async Task AssertReachableAsync(PostgresHost host)
    {
        await using var connection = await host.ConnectAsync();
        await using var command = new NpgsqlCommand("SELECT 1 + 1", connection);
        Assert.Equal(2, await command.ExecuteScalarAsync(Cancelled));
    }

    /// <summary>From another database of the same server.</summary>
    private static async Task AskAsync(PostgresHost host, string text)
    {
        var other = new NpgsqlConnectionStringBuilder(host.Database) { Database = "postgres" };
        await using var source = NpgsqlDataSource.Create(other.ConnectionString);
        await using var command = source.CreateCommand(text);
        await command.ExecuteNonQueryAsync(Cancelled);
    }
}
