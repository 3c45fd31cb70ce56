using Countersign.Gates.Postgres.Rights;
using Countersign.Tests.Postgres.Support;
using Npgsql;

namespace Countersign.Tests.Postgres.Rights;

/// <summary>What an approved action made belongs to the owner role, and is never lost.</summary>
public sealed class SettlementTests(PostgresServer server)
{
    private const string Create = "CREATE TABLE made (n int); INSERT INTO made VALUES (1)";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_session_settles_before_its_commit(bool isSuperuser)
    {
        var database = await RightsDatabase.CreateAsync(server);
        await using var rights = await RightsDatabase.StartAsync(database.OptionsOf(isSuperuser));
        var lease = await rights.LeaseAsync(RightsDatabase.Token);
        await using var session = await database.ConnectAsync(lease);

        await using (await GiveOwnerAsync(rights, lease))
        {
            await session.RunAsync(
                $"BEGIN; {Create}; {rights.SettlementOf(lease)}; COMMIT", RightsDatabase.Token);
        }

        Assert.Equal(database.Owner, await database.OwnerOfAsync("made"));
        await Assert.ThrowsAsync<PostgresException>(
            () => session.RunAsync("DROP TABLE made", RightsDatabase.Token));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_gate_settles_after_a_commit(bool isSuperuser)
    {
        var database = await RightsDatabase.CreateAsync(server);
        await using var rights = await RightsDatabase.StartAsync(database.OptionsOf(isSuperuser));
        var lease = await rights.LeaseAsync(RightsDatabase.Token);
        await using var session = await database.ConnectAsync(lease);

        await using (await GiveOwnerAsync(rights, lease))
        {
            await session.RunAsync(Create, RightsDatabase.Token);
            await rights.SettleOwnershipAsync(lease, RightsDatabase.Token);
        }

        Assert.Equal(database.Owner, await database.OwnerOfAsync("made"));
    }

    [Fact]
    public async Task An_approved_table_survives_returns_and_sweeps()
    {
        var database = await RightsDatabase.CreateAsync(server);
        await using var rights = await RightsDatabase.StartAsync(database.Options with { PoolSize = 1 });
        var lease = await rights.LeaseAsync(RightsDatabase.Token);
        await using (await GiveOwnerAsync(rights, lease))
        {
            await using var session = await database.ConnectAsync(lease);
            await session.RunAsync($"{Create}; GRANT SELECT ON made TO PUBLIC", RightsDatabase.Token);
        }

        await rights.ReturnAsync(lease, RightsDatabase.Token);
        await rights.SweepAsync(RightsDatabase.Token);
        var next = await rights.LeaseAsync(RightsDatabase.Token);
        await using var again = await database.ConnectAsync(next);

        Assert.Equal(lease.Login, next.Login);
        Assert.Equal(1L, await again.ValueAsync<long>("SELECT count(*) FROM made", [], RightsDatabase.Token));
        Assert.Equal(database.Owner, await database.OwnerOfAsync("made"));
    }

    [Fact]
    public async Task Without_an_owner_definitions_take_no_rights_and_a_login_that_owns_something_is_put_aside()
    {
        var database = await RightsDatabase.CreateAsync(server);
        await database.RunAsync($"GRANT CREATE ON SCHEMA public TO {database.Reader}");
        Lease lease;
        await using (var ownerless = await RightsDatabase.StartAsync(
            database.Options with { Owner = null, PoolSize = 1 }))
        {
            lease = await ownerless.LeaseAsync(RightsDatabase.Token);
            var refusal = await Assert.ThrowsAsync<RightsException>(() => GiveOwnerAsync(ownerless, lease));
            Assert.Contains("credentials.owner", refusal.Message, StringComparison.Ordinal);
            await using (var session = await database.ConnectAsync(lease))
            {
                await session.RunAsync(Create, RightsDatabase.Token);
            }

            await ownerless.ReturnAsync(lease, RightsDatabase.Token);
            Assert.NotEqual(lease.Login, (await ownerless.LeaseAsync(RightsDatabase.Token)).Login);
            Assert.Equal(lease.Login, await database.OwnerOfAsync("made"));
        }

        await using var rights = await RightsDatabase.StartAsync(database.Options);

        Assert.Equal(database.Owner, await database.OwnerOfAsync("made"));
        Assert.Equal(0L, await database.ValueAsync<long>(
            "SELECT count(*) FROM countersign.lease WHERE unusable IS NOT NULL"));
    }

    [Fact]
    public async Task A_login_whose_objects_cannot_be_given_away_is_put_aside_and_drops_nothing()
    {
        var database = await RightsDatabase.CreateAsync(server);
        await database.RunAsync($"GRANT CREATE ON SCHEMA public TO {database.Reader}");
        await using var rights = await RightsDatabase.StartAsync(database.MakerOptions with { PoolSize = 1 });
        var lease = await rights.LeaseAsync(RightsDatabase.Token);
        await using (var session = await database.ConnectAsync(lease))
        {
            await session.RunAsync(Create, RightsDatabase.Token);
        }

        await database.RunAsync($"REVOKE {database.Owner} FROM {database.Maker}");
        await rights.ReturnAsync(lease, RightsDatabase.Token);

        Assert.NotEqual(lease.Login, (await rights.LeaseAsync(RightsDatabase.Token)).Login);
        Assert.Equal(lease.Login, await database.OwnerOfAsync("made"));
        Assert.Contains(database.Owner, await database.ValueAsync<string>(
            "SELECT unusable FROM countersign.lease WHERE login = $1", lease.Login), StringComparison.Ordinal);
    }

    private static Task<ActionGrant> GiveOwnerAsync(EphemeralRights rights, Lease lease) =>
        rights.GrantAsync(lease, [], needsOwner: true, RightsDatabase.Action, RightsDatabase.Token);
}
