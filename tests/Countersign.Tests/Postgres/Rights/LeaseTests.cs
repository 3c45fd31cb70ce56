using System.Collections.Immutable;
using Countersign.Gates.Postgres.Rights;
using Countersign.Tests.Postgres.Support;
using Npgsql;

namespace Countersign.Tests.Postgres.Rights;

/// <summary>A login is one session's, has the baseline, and is useless before and after.</summary>
public sealed class LeaseTests(PostgresServer server)
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_session_has_the_baseline_and_no_more(bool isSuperuser)
    {
        var database = await RightsDatabase.CreateAsync(server);
        await using var rights = await RightsDatabase.StartAsync(database.OptionsOf(isSuperuser));
        var lease = await rights.LeaseAsync(RightsDatabase.Token);
        await using var session = await database.ConnectAsync(lease);

        Assert.Equal(3L, await session.ValueAsync<long>("SELECT count(*) FROM orders", [], RightsDatabase.Token));
        var refusal = await Assert.ThrowsAsync<PostgresException>(
            () => session.RunAsync("DELETE FROM orders", RightsDatabase.Token));
        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refusal.SqlState);
        // Everybody sees that the gate's books are there, and nobody what is in them.
        foreach (var book in (string[])["node", "lease", "action_grant"])
        {
            Assert.Equal(0L, await session.ValueAsync<long>(
                $"SELECT count(*) FROM countersign.{book}", [], RightsDatabase.Token));
            var closed = await Assert.ThrowsAsync<PostgresException>(
                () => session.RunAsync($"DELETE FROM countersign.{book}", RightsDatabase.Token));
            Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, closed.SqlState);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Trait("Threat", "THR-032"), Trait("CWE", "324")]
    public async Task A_returned_lease_ends_its_session_and_its_password(bool isSuperuser)
    {
        var database = await RightsDatabase.CreateAsync(server);
        await using var rights = await RightsDatabase.StartAsync(database.OptionsOf(isSuperuser) with { PoolSize = 1 });
        var lease = await rights.LeaseAsync(RightsDatabase.Token);
        await using var session = await database.ConnectAsync(lease);

        await rights.ReturnAsync(lease, RightsDatabase.Token);

        await Assert.ThrowsAnyAsync<NpgsqlException>(() => session.RunAsync("SELECT 1", RightsDatabase.Token));
        await Assert.ThrowsAsync<PostgresException>(() => database.ConnectAsync(lease));
        var next = await rights.LeaseAsync(RightsDatabase.Token);
        Assert.Equal(lease.Login, next.Login);
        var wrong = await Assert.ThrowsAsync<PostgresException>(() => database.ConnectAsync(lease));
        Assert.Equal(PostgresErrorCodes.InvalidPassword, wrong.SqlState);
        await (await database.ConnectAsync(next)).DisposeAsync();
    }

    [Fact]
    public async Task Leases_of_several_nodes_are_different_logins_and_more_are_made_when_they_do_not_suffice()
    {
        const int each = 20;
        var database = await RightsDatabase.CreateAsync(server);
        await using var one = await RightsDatabase.StartAsync(database.Options);
        await using var two = await RightsDatabase.StartAsync(database.Options, "two");

        var leases = await Task.WhenAll(Enumerable.Range(0, each * 2)
            .Select(number => (number % 2 == 0 ? one : two).LeaseAsync(RightsDatabase.Token)));

        Assert.Equal(each * 2, leases.Select(lease => lease.Login).Distinct().Count());
    }

    [Fact]
    public async Task A_lease_beyond_the_limit_is_refused_until_one_is_returned()
    {
        var database = await RightsDatabase.CreateAsync(server);
        await using var rights = await RightsDatabase.StartAsync(database.Options with { MostLeases = 1 });
        var lease = await rights.LeaseAsync(RightsDatabase.Token);

        await Assert.ThrowsAsync<RightsException>(() => rights.LeaseAsync(RightsDatabase.Token));
        await rights.ReturnAsync(lease, RightsDatabase.Token);

        Assert.Equal(lease.Login, (await rights.LeaseAsync(RightsDatabase.Token)).Login);
    }

    [Fact]
    public async Task A_return_that_fails_is_made_up_for_by_the_next_sweep()
    {
        var database = await RightsDatabase.CreateAsync(server);
        await using var rights = await RightsDatabase.StartAsync(database.MakerOptions with { PoolSize = 1 });
        var lease = await rights.LeaseAsync(RightsDatabase.Token);

        await database.RunAsync($"ALTER ROLE {database.Maker} NOCREATEROLE");
        await rights.ReturnAsync(lease, RightsDatabase.Token);
        await database.RunAsync($"ALTER ROLE {database.Maker} CREATEROLE");
        await (await database.ConnectAsync(lease)).DisposeAsync();
        await rights.SweepAsync(RightsDatabase.Token);

        await Assert.ThrowsAsync<PostgresException>(() => database.ConnectAsync(lease));
        Assert.Equal(lease.Login, (await rights.LeaseAsync(RightsDatabase.Token)).Login);
    }

    [Fact]
    public async Task Defaults_of_the_database_do_not_reach_the_gateway()
    {
        var database = await RightsDatabase.CreateAsync(server);
        await database.RunAsync(
            $"""
            ALTER DATABASE {database.Name} SET default_transaction_read_only = on;
            ALTER DATABASE {database.Name} SET default_transaction_isolation = 'repeatable read';
            """);
        var facts = await AdminDatabase.OpenAsync(database.Options.AdminConnectionString, 1, RightsDatabase.Token);
        await using (facts)
        {
            Assert.Equal("read committed", await facts.InTransactionAsync(
                (connection, _) => connection.ValueAsync<string>(
                    "SELECT current_setting('transaction_isolation')", [], RightsDatabase.Token),
                RightsDatabase.Token));
        }

        await using var rights = await RightsDatabase.StartAsync(database.Options);
        await rights.ReturnAsync(await rights.LeaseAsync(RightsDatabase.Token), RightsDatabase.Token);
    }

    [Fact]
    public async Task The_server_sees_no_password_of_a_lease()
    {
        var database = await RightsDatabase.CreateAsync(server);
        await using var rights = await RightsDatabase.StartAsync(database.Options);
        var lease = await rights.LeaseAsync(RightsDatabase.Token);

        var kept = await database.ValueAsync<string>(
            "SELECT rolpassword FROM pg_authid WHERE rolname = $1", lease.Login);
        var seen = await database.ValueAsync<long>(
            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%' || $1 || '%' AND pid <> pg_backend_pid()",
            lease.Password.Reveal());

        Assert.StartsWith("SCRAM-SHA-256$4096:", kept, StringComparison.Ordinal);
        Assert.Equal(0, seen);
        Assert.DoesNotContain(
            lease.Password.Reveal(), $"{lease} {lease.Password} {lease.Key}", StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_login_is_open_for_a_while_and_for_one_connection()
    {
        var database = await RightsDatabase.CreateAsync(server);
        await using var rights = await RightsDatabase.StartAsync(database.Options);
        var lease = await rights.LeaseAsync(RightsDatabase.Token);

        await using var session = await database.ConnectAsync(lease);
        var second = await Assert.ThrowsAsync<PostgresException>(() => database.ConnectAsync(lease));

        Assert.Equal(PostgresErrorCodes.TooManyConnections, second.SqlState);
        Assert.True(await database.ValueAsync<bool>(
            """
            SELECT rolvaliduntil BETWEEN now() AND now() + interval '1 minute' AND NOT rolsuper AND NOT rolreplication
            FROM pg_roles WHERE rolname = $1
            """,
            lease.Login));
    }

    [Fact]
    public async Task What_a_session_changed_about_its_role_is_undone_for_the_next_one()
    {
        var database = await RightsDatabase.CreateAsync(server);
        await using var rights = await RightsDatabase.StartAsync(database.Options with
        {
            PoolSize = 1,
            Settings = ImmutableSortedDictionary<string, string>.Empty.Add("statement_timeout", "7s"),
        });
        var lease = await rights.LeaseAsync(RightsDatabase.Token);
        await using (var session = await database.ConnectAsync(lease))
        {
            await session.RunAsync(
                $"""
                ALTER ROLE CURRENT_USER SET statement_timeout = '1h';
                ALTER ROLE CURRENT_USER IN DATABASE {database.Name} SET search_path = evil;
                """,
                RightsDatabase.Token);
        }

        await database.RunAsync(
            $"GRANT {database.Owner} TO {lease.Login}; GRANT DELETE ON orders TO {lease.Login}");
        await rights.ReturnAsync(lease, RightsDatabase.Token);
        var next = await rights.LeaseAsync(RightsDatabase.Token);

        await using var again = await database.ConnectAsync(next);
        Assert.Equal(lease.Login, next.Login);
        Assert.Equal(
            "7s \"$user\", public",
            await again.ValueAsync<string>(
                "SELECT current_setting('statement_timeout') || ' ' || current_setting('search_path')",
                [],
                RightsDatabase.Token));
        Assert.False(await again.ValueAsync<bool>(
            "SELECT has_table_privilege('orders', 'DELETE')", [], RightsDatabase.Token));
    }

    [Fact]
    public async Task A_login_that_somebody_armed_is_given_to_nobody()
    {
        var database = await RightsDatabase.CreateAsync(server);
        await using var rights = await RightsDatabase.StartAsync(database.Options with { PoolSize = 2 });
        var lease = await rights.LeaseAsync(RightsDatabase.Token);
        await rights.ReturnAsync(lease, RightsDatabase.Token);
        await database.RunAsync($"ALTER ROLE {lease.Login} REPLICATION");

        Lease[] leases =
        [
            await rights.LeaseAsync(RightsDatabase.Token),
            await rights.LeaseAsync(RightsDatabase.Token),
            await rights.LeaseAsync(RightsDatabase.Token),
        ];

        Assert.DoesNotContain(lease.Login, leases.Select(other => other.Login));
    }
}
