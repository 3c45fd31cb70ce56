using Countersign.Gates.Postgres.Rights;
using Countersign.Tests.Postgres.Support;
using Npgsql;

namespace Countersign.Tests.Postgres.Rights;

/// <summary>Roles and databases with which a gate would be pointless are refused, or named.</summary>
public sealed class HostileSetupTests(PostgresServer server)
{
    [Theory]
    [InlineData("ALTER ROLE {reader} SUPERUSER", "NOSUPERUSER")]
    [InlineData("ALTER ROLE {reader} REPLICATION", "NOREPLICATION")]
    [InlineData("ALTER ROLE {owner} BYPASSRLS", "NOBYPASSRLS")]
    [InlineData("GRANT {maker} TO {reader}", "{maker}")]
    [InlineData("GRANT {owner} TO {reader}", "only approved actions")]
    [InlineData("CREATE ROLE {reader}_x; GRANT pg_write_server_files TO {reader}_x; GRANT {reader}_x TO {reader}",
        "{reader} > {reader}_x > pg_write_server_files")]
    [InlineData("GRANT pg_execute_server_program TO {owner}", "pg_execute_server_program")]
    [InlineData("GRANT pg_write_all_data TO {reader}", "pg_write_all_data")]
    [InlineData("GRANT pg_monitor TO {reader} WITH ADMIN OPTION", "REVOKE ADMIN OPTION")]
    [InlineData("DROP OWNED BY {reader}; DROP ROLE {reader}", "CREATE ROLE")]
    public async Task A_role_that_is_too_strong_is_refused_by_name_with_a_remedy(string setup, string named)
    {
        var database = await RightsDatabase.CreateAsync(server);
        await database.RunAsync(Fill(setup, database));

        var refusal = await Assert.ThrowsAsync<RightsException>(() => RightsDatabase.StartAsync(database.Options));

        Assert.Contains(Fill(named, database), refusal.Message, StringComparison.Ordinal);
        Assert.False(await database.ValueAsync<bool>("SELECT to_regnamespace('countersign') IS NOT NULL"));
    }

    [Fact]
    public async Task A_baseline_that_reads_everything_is_none_of_them()
    {
        var database = await RightsDatabase.CreateAsync(server);
        await database.RunAsync($"GRANT pg_read_all_data, pg_monitor TO {database.Reader}");

        await using var rights = await RightsDatabase.StartAsync(database.Options);

        Assert.Empty(rights.Warnings);
    }

    [Theory]
    [InlineData("ALTER ROLE {maker} NOCREATEROLE", "ALTER ROLE \"{maker}\" CREATEROLE")]
    [InlineData("REVOKE CREATE ON DATABASE {name} FROM {maker}, {owner}", "GRANT CREATE ON DATABASE \"{name}\"")]
    [InlineData("REVOKE {owner} FROM {maker}", "GRANT \"{owner}\" TO \"{maker}\"")]
    public async Task An_admin_who_lacks_a_right_is_told_what_to_run(string setup, string remedy)
    {
        var database = await RightsDatabase.CreateAsync(server);
        await database.RunAsync(Fill(setup, database));

        var refusal = await Assert.ThrowsAsync<RightsException>(
            () => RightsDatabase.StartAsync(database.MakerOptions));

        Assert.Contains(Fill(remedy, database), refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("CREATE SCHEMA countersign AUTHORIZATION {reader}")]
    [InlineData("CREATE SCHEMA countersign; CREATE TABLE countersign.lease (login name)")]
    public async Task A_schema_of_that_name_which_somebody_else_made_is_refused(string setup)
    {
        var database = await RightsDatabase.CreateAsync(server);
        await database.RunAsync(Fill(setup, database));

        await Assert.ThrowsAsync<RightsException>(() => RightsDatabase.StartAsync(database.Options));
    }

    [Theory]
    [InlineData("GRANT USAGE ON SCHEMA countersign TO {reader}; GRANT UPDATE ON countersign.lease TO {reader}")]
    [InlineData("ALTER TABLE countersign.action_grant OWNER TO {owner}")]
    [InlineData("GRANT CREATE ON SCHEMA countersign TO PUBLIC")]
    public async Task A_schema_that_others_may_change_is_refused(string setup)
    {
        var database = await RightsDatabase.CreateAsync(server);
        await (await RightsDatabase.StartAsync(database.Options)).DisposeAsync();
        await database.RunAsync(Fill(setup, database));

        var refusal = await Assert.ThrowsAsync<RightsException>(() => RightsDatabase.StartAsync(database.Options));

        Assert.Contains("may change the schema 'countersign'", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_schema_that_another_admin_made_is_refused_with_a_remedy()
    {
        var database = await RightsDatabase.CreateAsync(server);
        await (await RightsDatabase.StartAsync(database.Options)).DisposeAsync();

        var refusal = await Assert.ThrowsAsync<RightsException>(
            () => RightsDatabase.StartAsync(database.MakerOptions));

        Assert.Contains("was made by another admin", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_login_of_that_name_which_somebody_else_made_is_refused_and_left_alone()
    {
        var database = await RightsDatabase.CreateAsync(server);
        var names = new RoleNames(await database.ValueAsync<long>(
            "SELECT oid::bigint FROM pg_database WHERE datname = current_database()"));
        var foreign = names.Agent(1);
        await database.RunAsync($"CREATE ROLE {foreign.Quoted} LOGIN PASSWORD 'theirs'");

        var refusal = await Assert.ThrowsAsync<RightsException>(() => RightsDatabase.StartAsync(database.Options));

        Assert.Contains(foreign.Value, refusal.Message, StringComparison.Ordinal);
        Assert.True(await database.ValueAsync<bool>(
            "SELECT rolcanlogin FROM pg_roles WHERE rolname = $1", foreign.Value));
    }

    [Fact]
    public async Task Logins_that_outlived_their_schema_are_cleaned_before_anybody_gets_one()
    {
        var database = await RightsDatabase.CreateAsync(server);
        await (await RightsDatabase.StartAsync(database.Options)).DisposeAsync();
        var names = new RoleNames(await database.ValueAsync<long>(
            "SELECT oid::bigint FROM pg_database WHERE datname = current_database()"));
        await database.RunAsync(
            $"""
            DROP SCHEMA countersign CASCADE;
            CREATE TABLE made (n int);
            ALTER TABLE made OWNER TO {names.Agent(1).Quoted};
            """);

        await using var rights = await RightsDatabase.StartAsync(database.Options);

        Assert.Equal(database.Owner, await database.OwnerOfAsync("made"));
        await rights.LeaseAsync(RightsDatabase.Token);
    }

    [Theory]
    [InlineData("GRANT TEMPORARY ON DATABASE {name} TO PUBLIC", "REVOKE TEMPORARY ON DATABASE \"{name}\" FROM PUBLIC")]
    [InlineData("GRANT TEMPORARY ON DATABASE {name} TO {reader}",
        "REVOKE TEMPORARY ON DATABASE \"{name}\" FROM \"{reader}\"")]
    [InlineData("GRANT CREATE ON SCHEMA public TO PUBLIC", "objects in public")]
    [InlineData("GRANT CREATE ON DATABASE {name} TO {reader}", "REVOKE CREATE ON DATABASE \"{name}\"")]
    [InlineData("ALTER TABLE orders OWNER TO {reader}", "owns public.orders")]
    [InlineData("GRANT UPDATE ON orders TO {reader}", "may write public.orders")]
    [InlineData("REVOKE CONNECT ON DATABASE {name} FROM PUBLIC", "GRANT CONNECT ON DATABASE \"{name}\"")]
    public async Task What_the_database_allows_to_everybody_is_named_and_left_as_it_is(string setup, string named)
    {
        var database = await RightsDatabase.CreateAsync(server);
        await database.RunAsync(Fill(setup, database));

        await using var rights = await RightsDatabase.StartAsync(database.Options);

        Assert.Contains(Fill(named, database), string.Join('\n', rights.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_that_is_as_it_should_be_is_warned_of_nothing()
    {
        var database = await RightsDatabase.CreateAsync(server);

        await using var rights = await RightsDatabase.StartAsync(database.MakerOptions);

        Assert.Empty(rights.Warnings);
    }

    private static string Fill(string text, RightsDatabase database) => text
        .Replace("{reader}", database.Reader, StringComparison.Ordinal)
        .Replace("{owner}", database.Owner, StringComparison.Ordinal)
        .Replace("{maker}", database.Maker, StringComparison.Ordinal)
        .Replace("{name}", database.Name, StringComparison.Ordinal);
}
