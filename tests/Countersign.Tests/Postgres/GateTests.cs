using Countersign.Core.Actions;
using Countersign.Core.Reviews;
using Countersign.Tests.Postgres.Support;
using Npgsql;

namespace Countersign.Tests.Postgres;

/// <summary>An agent's connection from log-in to approved statement, with a driver that nobody here wrote.</summary>
public sealed class GateTests(PostgresServer server)
{
    private const string AtMostFiveRows = """
        version: 1
        default: deny
        rules:
          - id: reads
            when: sql.read_only
            then: allow
          - id: few
            reason: Five rows at most.
            when: sql.writes.exists(relation, relation == "public.orders")
            then:
              require:
                stages: [ { of: group:dba, need: 1, within: 15m } ]
                assurance: token
                bounds: { rows: 5 }
        """;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_read_that_the_policy_allows_gets_its_rows()
    {
        await using var host = await PostgresHost.StartAsync(server);
        await using var connection = await host.ConnectAsync();
        await using var command = new NpgsqlCommand("SELECT count(*) FROM orders WHERE total > $1", connection);
        command.Parameters.Add(new NpgsqlParameter { Value = 50m });

        Assert.Equal(5L, await command.ExecuteScalarAsync(Cancelled));
    }

    [Fact]
    public async Task A_row_larger_than_any_buffer_arrives_whole()
    {
        await using var host = await PostgresHost.StartAsync(server);
        await using var connection = await host.ConnectAsync();
        await using var command = new NpgsqlCommand(
            "SELECT repeat('x', 600000) FROM generate_series(1, 4)", connection);
        var lengths = new List<int>();
        await using (var rows = await command.ExecuteReaderAsync(Cancelled))
        {
            while (await rows.ReadAsync(Cancelled))
            {
                lengths.Add(rows.GetString(0).Length);
            }
        }

        Assert.Equal([600000, 600000, 600000, 600000], lengths);
    }

    [Fact]
    public async Task A_write_waits_for_people_and_then_runs_once()
    {
        await using var host = await PostgresHost.StartAsync(server);
        await using var connection = await host.ConnectAsync();
        await using var command = new NpgsqlCommand("DELETE FROM orders WHERE id <= 3", connection);
        var deleting = command.ExecuteNonQueryAsync(Cancelled);
        var held = await host.UntilAsync(ActionState.Pending);

        Assert.Equal(10L, await host.AskDirectlyAsync("SELECT count(*) FROM orders"));
        Assert.Equal((3L, true), (held.Preview?.Rows, held.Preview?.Exact));
        await host.DecideAsync(held, Decision.Approve);

        Assert.Equal(3, await deleting);
        Assert.Equal(7L, await host.AskDirectlyAsync("SELECT count(*) FROM orders"));
        Assert.Equal(ActionState.Succeeded, (await host.UntilAsync(ActionState.Succeeded)).State);
    }

    [Theory]
    [InlineData("")]
    [InlineData("SET TimeZone = 'Europe/Berlin'")]
    public async Task A_statement_that_runs_alone_may_come_when_the_gate_has_to_ask_for_settings(string before)
    {
        await using var host = await PostgresHost.StartAsync(server);
        await using var connection = await host.ConnectAsync();
        await using var first = new NpgsqlCommand(before.Length > 0 ? before : "RESET TimeZone", connection);
        await first.ExecuteNonQueryAsync(Cancelled);
        await using var command = new NpgsqlCommand("DISCARD ALL", connection);

        Assert.Equal(-1, await command.ExecuteNonQueryAsync(Cancelled));
    }

    [Theory]
    [InlineData("UPDATE orders SET total = 0")]
    [InlineData("UPDATE orders SET total = 0 RETURNING id")]
    public async Task A_statement_that_concerns_more_rows_than_it_may_is_rolled_back(string text)
    {
        await using var host = await PostgresHost.StartAsync(server, AtMostFiveRows);
        await using var connection = await host.ConnectAsync();
        await using var command = new NpgsqlCommand(text, connection);
        var updating = command.ExecuteNonQueryAsync(Cancelled);
        await host.DecideAsync(await host.UntilAsync(ActionState.Pending), Decision.Approve);

        // The statement may be over before the cancellation that its sixth row causes.
        await Assert.ThrowsAsync<PostgresException>(() => updating);
        Assert.Equal(0L, await host.AskDirectlyAsync("SELECT count(*) FROM orders WHERE total = 0"));
        Assert.Equal(ActionState.Failed, (await host.UntilAsync(ActionState.Failed)).State);
    }

    [Fact]
    public async Task A_denied_statement_never_reaches_the_database()
    {
        await using var host = await PostgresHost.StartAsync(server);
        await using var connection = await host.ConnectAsync();
        await using var command = new NpgsqlCommand("DELETE FROM orders", connection);
        var deleting = command.ExecuteNonQueryAsync(Cancelled);
        await host.DecideAsync(await host.UntilAsync(ActionState.Pending), Decision.Deny, "Not tonight.");

        var error = await Assert.ThrowsAsync<PostgresException>(() => deleting);
        Assert.Equal("42501", error.SqlState);
        Assert.Contains("Not tonight.", error.MessageText, StringComparison.Ordinal);
        Assert.Equal(10L, await host.AskDirectlyAsync("SELECT count(*) FROM orders"));
    }

    [Fact]
    public async Task What_the_policy_forbids_is_refused_with_the_rule()
    {
        await using var host = await PostgresHost.StartAsync(server);
        await using var connection = await host.ConnectAsync();
        await using var command = new NpgsqlCommand("DROP TABLE orders", connection);

        var error = await Assert.ThrowsAsync<PostgresException>(() => command.ExecuteNonQueryAsync(Cancelled));
        Assert.Equal("42501", error.SqlState);
        Assert.Contains("no-drops", error.MessageText, StringComparison.Ordinal);
        Assert.Equal(10L, await host.AskDirectlyAsync("SELECT count(*) FROM orders"));
    }

    [Fact]
    public async Task A_wrong_token_is_told_what_a_token_is()
    {
        await using var host = await PostgresHost.StartAsync(server);
        var wrong = new NpgsqlConnectionStringBuilder(host.Agent) { Password = "another" };
        await using var connection = new NpgsqlConnection(wrong.ConnectionString);

        var error = await Assert.ThrowsAsync<PostgresException>(() => connection.OpenAsync(Cancelled));
        Assert.Equal("28P01", error.SqlState);
    }

    [Fact]
    public async Task An_unknown_target_is_no_database()
    {
        await using var host = await PostgresHost.StartAsync(server);
        var wrong = new NpgsqlConnectionStringBuilder(host.Agent) { Database = "nowhere" };
        await using var connection = new NpgsqlConnection(wrong.ConnectionString);

        var error = await Assert.ThrowsAsync<PostgresException>(() => connection.OpenAsync(Cancelled));
        Assert.Equal("3D000", error.SqlState);
    }
}
