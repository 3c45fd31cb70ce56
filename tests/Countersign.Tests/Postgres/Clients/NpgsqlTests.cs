using Countersign.Core.Actions;
using Countersign.Core.Reviews;
using Countersign.Tests.Postgres.Support;
using Npgsql;
using NpgsqlTypes;

namespace Countersign.Tests.Postgres.Clients;

/// <summary>What .NET programs do with Npgsql beyond single statements.</summary>
public sealed class NpgsqlTests(PostgresServer server)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_prepared_statement_runs_ten_times_with_binary_values_of_many_types()
    {
        await using var host = await PostgresHost.StartAsync(server);
        await using var connection = await host.ConnectAsync();
        await using var command = new NpgsqlCommand(
            "SELECT $1::int + 1, $2::text, $3::numeric, $4::timestamptz, $5::uuid, $6::int[], $7::bytea, $8::bool",
                connection);
        object[] values =
        [
            1, "häß", 1.50m, new DateTime(2020, 1, 2, 3, 4, 5, DateTimeKind.Utc),
                new Guid("6f9619ff-8b86-d011-b42d-00cf4fc964ff"),
            new[] { 1, 2 }, new byte[] { 0, 255 }, true,
        ];
        Array.ForEach(values, value => command.Parameters.Add(new NpgsqlParameter { Value = value }));
        await command.PrepareAsync(Cancelled);

        for (var i = 0; i < 10; i++)
        {
            command.Parameters[0].Value = i;
            await using var reader = await command.ExecuteReaderAsync(Cancelled);
            Assert.True(await reader.ReadAsync(Cancelled));
            Assert.Equal(i + 1, reader.GetInt32(0));
            Assert.Equal(values[1..], Enumerable.Range(1, values.Length - 1).Select(reader.GetValue));
        }
    }

    /// <summary>
    /// With a prepared statement in it, the driver resets a connection of its pool by one query of seven statements.
    /// </summary>
    [Fact]
    public async Task A_pooled_connection_with_a_prepared_statement_is_used_again()
    {
        await using var host = await PostgresHost.StartAsync(server);
        var pooled = new NpgsqlConnectionStringBuilder(host.Agent) { Pooling = true, MaxPoolSize = 1 };
        await using var source = NpgsqlDataSource.Create(pooled.ConnectionString);
        for (var i = 0; i < 3; i++)
        {
            await using var connection = await source.OpenConnectionAsync(Cancelled);
            await using var command = new NpgsqlCommand("SELECT count(*) FROM orders WHERE id > $1", connection);
            command.Parameters.Add(new NpgsqlParameter { Value = i });
            await command.PrepareAsync(Cancelled);
            Assert.Equal(10L - i, await command.ExecuteScalarAsync(Cancelled));
            command.Parameters.Clear();
            command.CommandText = $"SET search_path = pg_catalog, public; SET statement_timeout = {1000 + i}";
            await command.ExecuteNonQueryAsync(Cancelled);
            command.CommandText = "SHOW statement_timeout";
            Assert.Equal(i == 0 ? "1s" : $"{1000 + i}ms", await command.ExecuteScalarAsync(Cancelled));
        }

        await using var last = await source.OpenConnectionAsync(Cancelled);
        await using var show = new NpgsqlCommand("SHOW statement_timeout", last);
        Assert.Equal("0", await show.ExecuteScalarAsync(Cancelled));
    }

    /// <summary>As ORMs write many rows at once; a function, by which statements are looked at, takes 100.</summary>
    [Fact]
    public async Task A_statement_with_hundreds_of_parameters_is_understood_held_and_run()
    {
        await using var host = await PostgresHost.StartAsync(server);
        await using var connection = await host.ConnectAsync();
        await using var insert = new NpgsqlCommand { Connection = connection };
        for (var row = 0; row < 100; row++)
        {
            insert.Parameters.Add(new NpgsqlParameter { Value = 100 + row });
            insert.Parameters.Add(new NpgsqlParameter { Value = $"customer {row}" });
            insert.Parameters.Add(new NpgsqlParameter { Value = row * 10m });
        }

        insert.CommandText = "INSERT INTO orders (id, customer, total) VALUES "
            + Listed(100, row => $"(${3 * row - 2}, ${3 * row - 1}, ${3 * row})");
        var inserting = insert.ExecuteNonQueryAsync(Cancelled);
        var held = await host.UntilAsync(ActionState.Pending);
        Assert.False((bool)held.Facts.Members["opaque"]);
        await host.DecideAsync(held, Decision.Approve);

        Assert.Equal(100, await inserting);
        await using var read = new NpgsqlCommand(
            $"SELECT sum(total) FROM orders WHERE id IN ({Listed(150, n => $"${n}")})", connection);
        foreach (var id in Enumerable.Range(100, 150))
        {
            read.Parameters.Add(new NpgsqlParameter { Value = id });
        }

        Assert.Equal(49_500m, await read.ExecuteScalarAsync(Cancelled));

        static string Listed(int count, Func<int, string> text) =>
            string.Join(", ", Enumerable.Range(1, count).Select(text));
    }

    [Fact]
    public async Task An_error_in_a_batch_ends_it_and_the_connection_goes_on()
    {
        await using var host = await PostgresHost.StartAsync(server);
        await using var connection = await host.ConnectAsync();
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands = { new("SELECT 1"), new("SELECT 1 / (id - 1) FROM orders"), new("SELECT 3") },
        };

        var error = await Assert.ThrowsAsync<PostgresException>(async () =>
        {
            await using var reader = await batch.ExecuteReaderAsync(Cancelled);
            while (await reader.NextResultAsync(Cancelled))
            {
                await reader.ReadAsync(Cancelled);
            }
        });

        Assert.Equal("22012", error.SqlState);
        await using var after = new NpgsqlCommand("SELECT 4", connection);
        Assert.Equal(4, await after.ExecuteScalarAsync(Cancelled));
    }

    [Fact]
    public async Task Rows_are_copied_in_once_people_agree()
    {
        await using var host = await PostgresHost.StartAsync(server);
        await using var connection = await host.ConnectAsync();
        var copying = CopyAsync();
        await host.DecideAsync(await host.UntilAsync(ActionState.Pending), Decision.Approve);
        await copying;

        Assert.Equal(11L, await host.AskDirectlyAsync("SELECT count(*) FROM orders"));

        async Task CopyAsync()
        {
            await using var writer = await connection.BeginBinaryImportAsync(
                "COPY orders (id, customer, total) FROM STDIN (FORMAT BINARY)", Cancelled);
            await writer.StartRowAsync(Cancelled);
            await writer.WriteAsync(77, NpgsqlDbType.Integer, Cancelled);
            await writer.WriteAsync("copied", NpgsqlDbType.Text, Cancelled);
            await writer.WriteAsync(7m, NpgsqlDbType.Numeric, Cancelled);
            await writer.CompleteAsync(Cancelled);
        }
    }

    [Fact]
    public async Task A_transaction_sees_its_approved_delete_and_takes_it_back()
    {
        await using var host = await PostgresHost.StartAsync(server);
        await using var connection = await host.ConnectAsync();
        await using var transaction = await connection.BeginTransactionAsync(Cancelled);
        await using var delete = new NpgsqlCommand("DELETE FROM orders WHERE id = $1", connection, transaction);
        delete.Parameters.Add(new NpgsqlParameter { Value = 4 });
        var deleting = delete.ExecuteNonQueryAsync(Cancelled);
        await host.DecideAsync(await host.UntilAsync(ActionState.Pending), Decision.Approve);

        Assert.Equal(1, await deleting);
        await using var count = new NpgsqlCommand("SELECT count(*) FROM orders", connection, transaction);
        Assert.Equal(9L, await count.ExecuteScalarAsync(Cancelled));
        await transaction.RollbackAsync(Cancelled);
        Assert.Equal(10L, await host.AskDirectlyAsync("SELECT count(*) FROM orders"));
    }
}
