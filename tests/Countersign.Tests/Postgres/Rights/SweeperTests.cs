using Countersign.Gates.Postgres.Rights;
using Countersign.Gates.Postgres.Statements;
using Countersign.Tests.Postgres.Support;
using Npgsql;

namespace Countersign.Tests.Postgres.Rights;

/// <summary>What a dead node leaves is ended by another one, and what people approved stays.</summary>
public sealed class SweeperTests(PostgresServer server)
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_rights_and_sessions_of_a_killed_node_are_ended_by_another(bool isSuperuser)
    {
        var database = await RightsDatabase.CreateAsync(server);
        await using var killed = await RightsDatabase.StartAsync(database.OptionsOf(isSuperuser), "killed");
        var lease = await killed.LeaseAsync(RightsDatabase.Token);
        await using var session = await database.ConnectAsync(lease);
        var use = await database.UseAsync("orders", RelationRights.Delete);
        await killed.GrantAsync(lease, use, needsOwner: true, RightsDatabase.Action, RightsDatabase.Token);
        await session.RunAsync("CREATE TABLE made (n int)", RightsDatabase.Token);
        await session.RunAsync("BEGIN; DELETE FROM orders", RightsDatabase.Token);

        await using var other = await RightsDatabase.StartAsync(database.OptionsOf(isSuperuser), "other");
        var whileAlive = await database.MembershipsAsync(lease);
        await database.KillNodeAsync("killed");
        var swept = await other.SweepAsync(RightsDatabase.Token);

        Assert.Equal(3, whileAlive);
        Assert.Equal(1, swept.Leases);
        Assert.Equal(1, await database.MembershipsAsync(lease));
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => session.RunAsync("COMMIT", RightsDatabase.Token));
        Assert.Equal(3L, await database.ValueAsync<long>("SELECT count(*) FROM orders"));
        Assert.Equal(database.Owner, await database.OwnerOfAsync("made"));
        Assert.Equal(1L, await database.ValueAsync<long>("SELECT count(*) FROM countersign.node"));
        Assert.True((await other.SweepAsync(RightsDatabase.Token)).IsNothing);
    }

    [Fact]
    public async Task A_node_that_was_taken_for_gone_can_give_and_take_nothing_by_its_old_lease()
    {
        var database = await RightsDatabase.CreateAsync(server);
        await using var stale = await RightsDatabase.StartAsync(database.Options with { PoolSize = 1 }, "stale");
        var lease = await stale.LeaseAsync(RightsDatabase.Token);
        var use = await database.UseAsync("orders", RelationRights.Delete);
        var grant = await stale.GrantAsync(
            lease, use, needsOwner: false, RightsDatabase.Action, RightsDatabase.Token);
        await database.KillNodeAsync("stale");
        await using var other = await RightsDatabase.StartAsync(database.Options with { PoolSize = 1 }, "other");
        var next = await other.LeaseAsync(RightsDatabase.Token);
        Assert.Equal(lease.Login, next.Login);
        await using var session = await database.ConnectAsync(next);
        await using var nexts = await other.GrantAsync(
            next, use, needsOwner: false, RightsDatabase.Action, RightsDatabase.Token);

        await grant.DisposeAsync();
        await stale.ReturnAsync(lease, RightsDatabase.Token);
        await Assert.ThrowsAsync<RightsException>(() => stale.GrantAsync(
            lease, use, needsOwner: true, RightsDatabase.Action, RightsDatabase.Token));

        await session.RunAsync("DELETE FROM orders", RightsDatabase.Token);
        Assert.Equal(2, await database.MembershipsAsync(next));
        Assert.NotEqual(lease.Login, (await stale.LeaseAsync(RightsDatabase.Token)).Login);
    }

    [Fact]
    public async Task Several_nodes_sweep_at_once_and_take_no_living_one_for_gone()
    {
        var database = await RightsDatabase.CreateAsync(server);
        await using var one = await RightsDatabase.StartAsync(database.Options);
        await using var two = await RightsDatabase.StartAsync(database.Options, "two");
        await using var killed = await RightsDatabase.StartAsync(database.Options, "killed");
        var leases = await Task.WhenAll(new[] { one, two, killed, killed, killed }
            .Select(node => node.LeaseAsync(RightsDatabase.Token)));
        await database.KillNodeAsync("killed");

        var swept = await Task.WhenAll(Enumerable.Range(0, 8)
            .Select(number => (number % 2 == 0 ? one : two).SweepAsync(RightsDatabase.Token)));

        Assert.Equal(3, swept.Sum(one => one.Leases));
        await (await database.ConnectAsync(leases[0])).DisposeAsync();
        await (await database.ConnectAsync(leases[1])).DisposeAsync();
    }

    [Fact]
    public async Task A_grant_whose_time_is_over_is_ended()
    {
        var database = await RightsDatabase.CreateAsync(server);
        await using var rights = await RightsDatabase.StartAsync(
            database.Options with { ActionWithin = TimeSpan.Zero });
        var lease = await rights.LeaseAsync(RightsDatabase.Token);
        await using var grant = await rights.GrantAsync(
            lease,
            await database.UseAsync("orders", RelationRights.Delete),
            needsOwner: true,
            RightsDatabase.Action,
            RightsDatabase.Token);

        var swept = await rights.SweepAsync(RightsDatabase.Token);

        Assert.Equal(2, swept.Memberships);
        Assert.Equal(1, await database.MembershipsAsync(lease));
        Assert.Equal(0L, await database.ValueAsync<long>("SELECT count(*) FROM countersign.action_grant"));
    }

    [Fact]
    public async Task A_running_action_keeps_what_it_was_given_while_what_somebody_added_goes()
    {
        var database = await RightsDatabase.CreateAsync(server);
        await using var rights = await RightsDatabase.StartAsync(database.Options);
        var lease = await rights.LeaseAsync(RightsDatabase.Token);
        await using var session = await database.ConnectAsync(lease);
        await using var grant = await rights.GrantAsync(
            lease,
            await database.UseAsync("orders", RelationRights.Delete),
            needsOwner: false,
            RightsDatabase.Action,
            RightsDatabase.Token);
        await database.RunAsync($"GRANT {database.Owner} TO {lease.Login}");

        var swept = await rights.SweepAsync(RightsDatabase.Token);

        Assert.Equal(1, swept.Memberships);
        await session.RunAsync("DELETE FROM orders", RightsDatabase.Token);
    }

    [Fact]
    public async Task The_roles_of_a_dropped_relation_are_dropped_and_no_others()
    {
        var database = await RightsDatabase.CreateAsync(server);
        await using var rights = await RightsDatabase.StartAsync(database.Options);
        var lease = await rights.LeaseAsync(RightsDatabase.Token);
        foreach (var relation in new[] { "orders", "shop.\"Order lines\"" })
        {
            var use = await database.UseAsync(relation, RelationRights.Delete | RelationRights.Truncate);
            await using var grant = await rights.GrantAsync(
                lease, use, needsOwner: false, RightsDatabase.Action, RightsDatabase.Token);
        }

        var names = new RoleNames(await database.ValueAsync<long>(
            "SELECT oid::bigint FROM pg_database WHERE datname = current_database()"));
        var foreign = names.Relation(4_000_000_000, "delete");
        await database.RunAsync($"DROP TABLE shop.\"Order lines\"; CREATE ROLE {foreign.Quoted}");

        var swept = await rights.SweepAsync(RightsDatabase.Token);

        Assert.Equal(2, swept.Roles);
        Assert.Equal(3L, await database.ValueAsync<long>(
            "SELECT count(*) FROM pg_roles WHERE starts_with(rolname, $1)", names.RelationPrefix));
        await database.RunAsync($"DROP ROLE {foreign.Quoted}");
    }

    [Fact]
    public async Task A_node_whose_connection_broke_stays_who_it_was()
    {
        var database = await RightsDatabase.CreateAsync(server);
        await using var rights = await RightsDatabase.StartAsync(database.Options);
        var lease = await rights.LeaseAsync(RightsDatabase.Token);
        await database.KillNodeAsync("one");

        await rights.SweepAsync(RightsDatabase.Token);
        await using var other = await RightsDatabase.StartAsync(database.Options, "other");

        await (await database.ConnectAsync(lease)).DisposeAsync();
        Assert.Equal(2L, await database.ValueAsync<long>("SELECT count(*) FROM countersign.node"));
    }

    [Fact]
    public async Task A_running_node_sweeps_by_itself_whatever_went_wrong_before()
    {
        var database = await RightsDatabase.CreateAsync(server);
        await using var killed = await RightsDatabase.StartAsync(database.MakerOptions, "killed");
        await killed.LeaseAsync(RightsDatabase.Token);
        await using var rights = await RightsDatabase.StartAsync(
            database.MakerOptions with { SweepEvery = TimeSpan.FromMilliseconds(1) }, "other");
        await database.RunAsync($"ALTER ROLE {database.Maker} NOCREATEROLE");
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(RightsDatabase.Token);
        var running = rights.RunAsync(stop.Token);

        await database.KillNodeAsync("killed");
        await database.RunAsync($"ALTER ROLE {database.Maker} CREATEROLE");
        while (await database.ValueAsync<long>("SELECT count(*) FROM countersign.lease WHERE node IS NOT NULL") > 0)
        {
            Assert.False(running.IsCompleted);
        }

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }
}
