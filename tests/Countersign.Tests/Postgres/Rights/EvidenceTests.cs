using Countersign.Gates.Postgres.Rights;
using Countersign.Gates.Postgres.Statements;
using Countersign.Tests.Postgres.Support;
using Npgsql;

namespace Countersign.Tests.Postgres.Rights;

/// <summary>The server's own word on a transaction, and the mode that makes no roles.</summary>
public sealed class EvidenceTests(PostgresServer server)
{
    [Fact]
    public async Task The_server_says_what_became_of_a_transaction()
    {
        var database = await RightsDatabase.CreateAsync(server);
        await using var rights = await RightsDatabase.StartAsync(database.MakerOptions);
        await using var session = new NpgsqlConnection(database.Options.AdminConnectionString);
        await session.OpenAsync(RightsDatabase.Token);

        var running = await BeginAsync(session);
        Assert.Equal(TransactionFate.InProgress, await rights.FateOfAsync(running, RightsDatabase.Token));
        await session.RunAsync("COMMIT", RightsDatabase.Token);
        Assert.Equal(TransactionFate.Committed, await rights.FateOfAsync(running, RightsDatabase.Token));
        var failed = await BeginAsync(session);
        await session.RunAsync("ROLLBACK", RightsDatabase.Token);
        Assert.Equal(TransactionFate.Aborted, await rights.FateOfAsync(failed, RightsDatabase.Token));
        Assert.Equal(TransactionFate.Unknown, await rights.FateOfAsync(1UL << 40, RightsDatabase.Token));
        Assert.Equal(TransactionFate.Unknown, await rights.FateOfAsync(ulong.MaxValue, RightsDatabase.Token));
    }

    [Fact]
    public async Task Static_credentials_give_nothing_and_say_so()
    {
        var database = await RightsDatabase.CreateAsync(server);
        var options = new RightsOptions.Static(database.MakerOptions.AdminConnectionString);
        await using var rights = await StaticRights.StartAsync(options, RightsDatabase.Token);

        var lease = await rights.LeaseAsync(RightsDatabase.Token);
        await using var session = await database.ConnectAsync(lease);
        await using var grant = await rights.GrantAsync(
            lease,
            await database.UseAsync("orders", RelationRights.Delete),
            needsOwner: true,
            RightsDatabase.Action,
            RightsDatabase.Token);

        Assert.Equal(database.Maker, lease.Login);
        Assert.Empty(grant.Roles);
        Assert.Contains("static", grant.Note, StringComparison.Ordinal);
        Assert.Contains("CREATEROLE", string.Join('\n', rights.Warnings), StringComparison.Ordinal);
        Assert.Equal(TransactionFate.Unknown, await rights.FateOfAsync(1UL << 40, RightsDatabase.Token));
    }

    private static async Task<ulong> BeginAsync(NpgsqlConnection session)
    {
        await session.RunAsync("BEGIN", RightsDatabase.Token);
        return (ulong)await session.ValueAsync<long>(
            "SELECT pg_current_xact_id()::text::bigint", [], RightsDatabase.Token);
    }
}
