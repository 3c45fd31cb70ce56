using Npgsql;

namespace Countersign.Tests.Postgres.Support;

/// <summary>The server that the other tests stand on.</summary>
public sealed class PostgresServerTests(PostgresServer server)
{
    [Fact]
    public async Task Each_test_gets_an_empty_database_of_its_own()
    {
        await using var source = NpgsqlDataSource.Create(await server.CreateDatabaseAsync());
        await using var count = source.CreateCommand(
            "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace");

        Assert.Equal(0L, await count.ExecuteScalarAsync(TestContext.Current.CancellationToken));
    }
}
