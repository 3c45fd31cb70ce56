using System.Collections.Immutable;
using Countersign.Gates.Postgres.Rights;
using Countersign.Gates.Postgres.Statements;
using Countersign.Tests.Postgres.Support;
using Npgsql;

namespace Countersign.Tests.Postgres.Rights;

/// <summary>What an action gets, who else does not, and that it ends.</summary>
public sealed class ActionGrantTests(PostgresServer server)
{
    private const string Delete = "DELETE FROM orders WHERE id = 1";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_grant_has_effect_inside_the_open_transaction_and_ends_there(bool isSuperuser)
    {
        var database = await RightsDatabase.CreateAsync(server);
        await using var rights = await RightsDatabase.StartAsync(database.OptionsOf(isSuperuser));
        var lease = await rights.LeaseAsync(RightsDatabase.Token);
        await using var session = await database.ConnectAsync(lease);
        var use = await database.UseAsync("orders", RelationRights.Delete);
        await using var transaction = await session.BeginTransactionAsync(RightsDatabase.Token);

        var before = await RightsDatabase.IsForbiddenAsync(session, Delete);
        var grant = await GiveAsync(rights, lease, use);
        var during = await RightsDatabase.IsForbiddenAsync(session, Delete);
        var wider = await RightsDatabase.IsForbiddenAsync(session, "UPDATE orders SET note = ''");
        await grant.DisposeAsync();
        var after = await RightsDatabase.IsForbiddenAsync(session, Delete);

        Assert.Equal((true, false, true, true), (before, during, wider, after));
        Assert.Equal(0, rights.PendingRevocations);
    }

    [Fact]
    public async Task A_prepared_statement_in_an_open_transaction_follows_its_rights_across_the_barrier()
    {
        var database = await RightsDatabase.CreateAsync(server);
        await using var rights = await RightsDatabase.StartAsync(database.Options);
        var lease = await rights.LeaseAsync(RightsDatabase.Token);
        await using var session = await database.ConnectAsync(lease);
        var use = await database.UseAsync("orders", RelationRights.Delete | RelationRights.Select);
        var grant = await GiveAsync(rights, lease, use);
        await session.RunAsync($"PREPARE gone AS {Delete}", RightsDatabase.Token);
        await session.RunAsync("BEGIN", RightsDatabase.Token);
        for (var run = 0; run < 3; run++)
        {
            await session.RunAsync("EXECUTE gone", RightsDatabase.Token);
        }

        await grant.DisposeAsync();
        await session.RunAsync(MembershipBarrier.Statement, RightsDatabase.Token);
        var after = await RightsDatabase.IsForbiddenAsync(session, "EXECUTE gone");
        await using var again = await GiveAsync(rights, lease, use);
        await session.RunAsync(MembershipBarrier.Statement, RightsDatabase.Token);

        Assert.True(after);
        Assert.False(await RightsDatabase.IsForbiddenAsync(session, "EXECUTE gone"));
    }

    [Fact]
    public async Task Another_session_gets_nothing_of_a_grant()
    {
        var database = await RightsDatabase.CreateAsync(server);
        await using var rights = await RightsDatabase.StartAsync(database.Options);
        var lease = await rights.LeaseAsync(RightsDatabase.Token);
        await using var other = await database.ConnectAsync(await rights.LeaseAsync(RightsDatabase.Token));
        await using var transaction = await other.BeginTransactionAsync(RightsDatabase.Token);

        await using var grant = await GiveAsync(
            rights, lease, await database.UseAsync("orders", RelationRights.Delete));

        Assert.True(await RightsDatabase.IsForbiddenAsync(other, Delete));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Inserting_works_where_defaults_draw_from_a_sequence(bool isSuperuser)
    {
        var database = await RightsDatabase.CreateAsync(server);
        await using var rights = await RightsDatabase.StartAsync(database.OptionsOf(isSuperuser));
        var lease = await rights.LeaseAsync(RightsDatabase.Token);
        await using var session = await database.ConnectAsync(lease);

        await using (await GiveAsync(rights, lease, await database.UseAsync("orders", RelationRights.Insert)))
        {
            await session.RunAsync("INSERT INTO orders (note) VALUES ('four')", RightsDatabase.Token);
        }

        var use = await database.UseAsync("shop.\"Order lines\"", RelationRights.Insert);
        await using (await GiveAsync(rights, lease, use))
        {
            await session.RunAsync("INSERT INTO shop.\"Order lines\" (n) VALUES (1)", RightsDatabase.Token);
        }

        Assert.Equal(4L, await database.ValueAsync<long>("SELECT count(*) FROM orders"));
    }

    [Fact]
    public async Task What_the_baseline_may_do_takes_no_role()
    {
        var database = await RightsDatabase.CreateAsync(server);
        await using var rights = await RightsDatabase.StartAsync(database.Options);
        var lease = await rights.LeaseAsync(RightsDatabase.Token);

        await using var grant = await GiveAsync(
            rights, lease, await database.UseAsync("orders", RelationRights.Select));

        Assert.Empty(grant.Roles);
    }

    [Fact]
    public async Task A_right_that_two_actions_have_ends_with_the_later_one()
    {
        var database = await RightsDatabase.CreateAsync(server);
        await using var rights = await RightsDatabase.StartAsync(database.Options);
        var lease = await rights.LeaseAsync(RightsDatabase.Token);
        await using var session = await database.ConnectAsync(lease);
        var use = await database.UseAsync("orders", RelationRights.Delete);
        await using var transaction = await session.BeginTransactionAsync(RightsDatabase.Token);

        var first = await GiveAsync(rights, lease, use);
        var second = await GiveAsync(rights, lease, use);
        await first.DisposeAsync();
        await first.DisposeAsync();
        var whileOneStands = await RightsDatabase.IsForbiddenAsync(session, Delete);
        await second.DisposeAsync();

        Assert.False(whileOneStands);
        Assert.True(await RightsDatabase.IsForbiddenAsync(session, Delete));
        Assert.Equal(0L, await database.ValueAsync<long>("SELECT count(*) FROM countersign.action_grant"));
    }

    [Fact]
    public async Task A_grant_is_noted_in_the_transaction_that_gives_it()
    {
        var database = await RightsDatabase.CreateAsync(server);
        await using var rights = await RightsDatabase.StartAsync(database.Options);
        var lease = await rights.LeaseAsync(RightsDatabase.Token);

        await using var grant = await GiveAsync(
            rights, lease, await database.UseAsync("orders", RelationRights.Delete));

        Assert.Equal(
            $"{RightsDatabase.Action} {lease.Login} {grant.Roles.Single()} t",
            await database.ValueAsync<string>(
                "SELECT concat_ws(' ', action, login, role, expires > now()) FROM countersign.action_grant"));
    }

    [Fact]
    public async Task Two_nodes_give_and_take_at_once_without_an_error()
    {
        const int pairs = 150;
        var database = await RightsDatabase.CreateAsync(server);
        await using var one = await RightsDatabase.StartAsync(database.Options with { PoolSize = 4 });
        await using var two = await RightsDatabase.StartAsync(database.Options with { PoolSize = 4 }, "two");
        var uses = await database.UseAsync("orders", RelationRights.Delete | RelationRights.Update);
        uses = uses.AddRange(await database.UseAsync("shop.\"Order lines\"", RelationRights.Insert));

        await Task.WhenAll(new[] { one, two, one, two }.Select(PairsAsync));

        Assert.Equal(0, one.PendingRevocations + two.PendingRevocations);
        Assert.Equal(0L, await database.ValueAsync<long>("SELECT count(*) FROM countersign.action_grant"));

        async Task PairsAsync(EphemeralRights rights)
        {
            var lease = await rights.LeaseAsync(RightsDatabase.Token);
            await using var session = await database.ConnectAsync(lease);
            for (var pair = 0; pair < pairs; pair++)
            {
                await using var grant = await rights.GrantAsync(
                    lease, uses, needsOwner: false, RightsDatabase.Action, RightsDatabase.Token);
                await session.RunAsync("UPDATE orders SET note = note WHERE false", RightsDatabase.Token);
            }

            await Assert.ThrowsAsync<PostgresException>(
                () => session.RunAsync("UPDATE orders SET note = note WHERE false", RightsDatabase.Token));
            await rights.ReturnAsync(lease, RightsDatabase.Token);
        }
    }

    [Fact]
    public async Task Roles_that_several_nodes_need_for_the_first_time_at_once_are_made_once()
    {
        const int tables = 8;
        const int clients = 6;
        var database = await RightsDatabase.CreateAsync(server);
        await using var one = await RightsDatabase.StartAsync(database.Options);
        await using var two = await RightsDatabase.StartAsync(database.Options, "two");
        (EphemeralRights Rights, Lease Lease)[] sessions = await Task.WhenAll(Enumerable.Range(0, clients)
            .Select(number => number % 2 == 0 ? one : two)
            .Select(async rights => (rights, await rights.LeaseAsync(RightsDatabase.Token))));

        for (var table = 0; table < tables; table++)
        {
            await database.RunAsync($"CREATE TABLE fresh{table} (id serial)");
            var use = await database.UseAsync(
                $"fresh{table}", RelationRights.Insert | RelationRights.Update | RelationRights.Delete);
            var grants = await Task.WhenAll(
                sessions.Select(session => GiveAsync(session.Rights, session.Lease, use)));
            await Task.WhenAll(grants.Select(grant => grant.DisposeAsync().AsTask()));
        }

        Assert.Equal(0L, await database.ValueAsync<long>("SELECT count(*) FROM countersign.action_grant"));
    }

    [Theory]
    [InlineData("GRANT UPDATE ON orders TO {0}")]
    [InlineData("GRANT DELETE ON orders TO {0} WITH GRANT OPTION")]
    [InlineData("GRANT DELETE ON shop.\"Order lines\" TO {0}")]
    [InlineData("GRANT pg_read_all_data TO {0}")]
    [InlineData("ALTER ROLE {0} CREATEDB")]
    [InlineData("COMMENT ON ROLE {0} IS NULL")]
    public async Task A_role_that_means_more_than_its_name_is_not_given(string change)
    {
        var database = await RightsDatabase.CreateAsync(server);
        await using var rights = await RightsDatabase.StartAsync(database.Options);
        var lease = await rights.LeaseAsync(RightsDatabase.Token);
        var use = await database.UseAsync("orders", RelationRights.Delete);
        var grant = await GiveAsync(rights, lease, use);
        await grant.DisposeAsync();
        await database.RunAsync(change.Replace("{0}", grant.Roles.Single().Quoted, StringComparison.Ordinal));

        var refusal = await Assert.ThrowsAsync<RightsException>(() => GiveAsync(rights, lease, use));

        Assert.Contains("DROP OWNED BY", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(1, await database.MembershipsAsync(lease));
    }

    [Fact]
    public async Task A_right_that_somebody_took_from_the_role_is_given_to_it_again()
    {
        var database = await RightsDatabase.CreateAsync(server);
        await using var rights = await RightsDatabase.StartAsync(database.Options);
        var lease = await rights.LeaseAsync(RightsDatabase.Token);
        await using var session = await database.ConnectAsync(lease);
        var use = await database.UseAsync("orders", RelationRights.Delete);
        var grant = await GiveAsync(rights, lease, use);
        await grant.DisposeAsync();
        await database.RunAsync($"REVOKE DELETE ON orders FROM {grant.Roles.Single().Quoted}");

        await using var again = await GiveAsync(rights, lease, use);

        await session.RunAsync("DELETE FROM orders", RightsDatabase.Token);
    }

    [Theory]
    [InlineData("pg_catalog.pg_authid")]
    [InlineData("countersign.lease")]
    public async Task Nobody_is_given_the_server_s_or_the_gateway_s_own_tables(string relation)
    {
        var database = await RightsDatabase.CreateAsync(server);
        await using var rights = await RightsDatabase.StartAsync(database.Options);
        var lease = await rights.LeaseAsync(RightsDatabase.Token);
        var use = await database.UseAsync(relation, RelationRights.Update);

        await Assert.ThrowsAsync<RightsException>(() => GiveAsync(rights, lease, use));
    }

    [Fact]
    public async Task An_admin_who_does_not_own_a_table_is_told_what_to_run()
    {
        var database = await RightsDatabase.CreateAsync(server);
        await database.RunAsync("CREATE TABLE foreign_ground (n int)");
        await using var rights = await RightsDatabase.StartAsync(database.MakerOptions);
        var lease = await rights.LeaseAsync(RightsDatabase.Token);
        var use = await database.UseAsync("foreign_ground", RelationRights.Delete);

        var refusal = await Assert.ThrowsAsync<RightsException>(() => GiveAsync(rights, lease, use));

        Assert.Contains("GRANT <owner of public.foreign_ground>", refusal.Message, StringComparison.Ordinal);
        Assert.Contains(database.Maker, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_relation_that_only_the_session_can_see_takes_no_right()
    {
        var database = await RightsDatabase.CreateAsync(server);
        await using var rights = await RightsDatabase.StartAsync(database.Options);
        var lease = await rights.LeaseAsync(RightsDatabase.Token);

        await using var grant = await GiveAsync(
            rights, lease, [new RelationUse(4_000_000_000, new RelationName("public", "new"), RelationRights.Insert)]);

        Assert.Empty(grant.Roles);
    }

    [Fact]
    public async Task An_end_that_fails_taints_the_lease_and_is_made_up_for_by_the_next_sweep()
    {
        var database = await RightsDatabase.CreateAsync(server);
        await using var rights = await RightsDatabase.StartAsync(database.MakerOptions);
        var lease = await rights.LeaseAsync(RightsDatabase.Token);
        var use = await database.UseAsync("orders", RelationRights.Delete);
        var grant = await GiveAsync(rights, lease, use);

        await database.RunAsync($"ALTER ROLE {database.Maker} NOCREATEROLE");
        await grant.DisposeAsync();
        Assert.Equal((1, true), (rights.PendingRevocations, lease.IsTainted));
        await Assert.ThrowsAsync<RightsException>(() => GiveAsync(rights, lease, use));
        await database.RunAsync($"ALTER ROLE {database.Maker} CREATEROLE");
        await rights.SweepAsync(RightsDatabase.Token);

        Assert.Equal((0, false), (rights.PendingRevocations, lease.IsTainted));
        Assert.Equal(1, await database.MembershipsAsync(lease));
        await (await GiveAsync(rights, lease, use)).DisposeAsync();
    }

    private static Task<ActionGrant> GiveAsync(
        EphemeralRights rights, Lease lease, ImmutableArray<RelationUse> uses) =>
        rights.GrantAsync(lease, uses, needsOwner: false, RightsDatabase.Action, RightsDatabase.Token);
}
