using Countersign.Core.Actions;
using Countersign.Core.Reviews;
using Countersign.Tests.Postgres.Support;

namespace Countersign.Tests.Postgres.Clients;

/// <summary>psql before the gate says what it says before the database.</summary>
public sealed class PsqlTests(PostgresServer server)
{
    [Theory]
    [InlineData(@"\d")]
    [InlineData(@"\dt")]
    // Only one of them: other tests make databases meanwhile.
    [InlineData(@"\l template1")]
    [InlineData(@"\df")]
    [InlineData(@"\d orders")]
    [InlineData(@"\d+ orders")]
    [InlineData(@"\di+")]
    [InlineData(@"\dv")]
    [InlineData(@"\sf twice")]
    [InlineData(@"\dp")]
    public Task What_it_asks_about_definitions_is_answered(string command) => SaysTheSameAsync(command);

    [Theory]
    [InlineData("SELECT id, customer, total FROM orders ORDER BY id")]
    [InlineData("SELECT 1; SELECT 'two'; SELECT 3.50")]
    [InlineData("EXPLAIN (COSTS OFF) SELECT * FROM orders WHERE id = 3")]
    [InlineData("COPY (SELECT * FROM orders ORDER BY id) TO STDOUT WITH (FORMAT csv, HEADER)")]
    [InlineData("SELECT nope FROM orders")]
    [InlineData("SELECT 'é',\n  nope FROM orders")]
    [InlineData("SELEC 1")]
    [InlineData("SELECT 1 / (id - 1) FROM orders")]
    [InlineData("SELECT * FROM nowhere")]
    [InlineData(";")]
    public Task A_statement_says_the_same(string text) => SaysTheSameAsync(text);

    [Fact]
    public Task Transactions_survive_errors_up_to_their_savepoints() => SaysTheSameAsync(
        "BEGIN", "SAVEPOINT a", "SELECT 1/0", "SELECT 1", "ROLLBACK TO a", "SELECT 2", "COMMIT", "COMMIT",
        "BEGIN", "SELECT nope", "COMMIT", "SELECT 3");

    [Fact]
    public Task Cursors_and_prepared_statements_keep_their_names() => SaysTheSameAsync(
        "BEGIN", "DECLARE c CURSOR FOR SELECT id FROM orders ORDER BY id", "FETCH 2 FROM c", "MOVE 3 FROM c",
        "FETCH BACKWARD 1 FROM c", "CLOSE c", "FETCH 1 FROM c", "ROLLBACK", "PREPARE p(int) AS SELECT $1 + 1",
        "EXECUTE p(1)", "EXECUTE p(2)", "DEALLOCATE p", "EXECUTE p(3)");

    [Fact]
    public Task Harmless_settings_are_set() => SaysTheSameAsync(
        "SET work_mem = '8MB'", "SHOW work_mem", "RESET work_mem", "SET TIME ZONE 'Europe/Paris'", "SHOW TimeZone",
        "SET DateStyle = 'German'", "SELECT '2020-01-02'::date", "RESET ALL", "SELECT '2020-01-02'::date",
        "BEGIN", "SET LOCAL work_mem = '1MB'", "SHOW work_mem", "COMMIT");

    [Theory]
    [InlineData("SET client_encoding = 'LATIN1'")]
    [InlineData("SET standard_conforming_strings = off")]
    [InlineData("SET session_replication_role = replica")]
    [InlineData("SET ROLE postgres")]
    public async Task Settings_that_the_gate_relies_on_are_refused(string text)
    {
        await using var host = await PostgresHost.StartAsync(server);

        var said = await AskAsync(host.Agent, text);

        Assert.Contains("through this gateway", said.Errors, StringComparison.Ordinal);
        Assert.Equal(1, said.ExitCode);
    }

    [Fact]
    public async Task A_million_rows_come_through()
    {
        await using var host = await PostgresHost.StartAsync(server);

        var said = await AskAsync(host.Agent, "SELECT n FROM generate_series(1, 1000000) AS n", "SELECT 'after'");

        Assert.Equal("", said.Errors);
        Assert.Contains("(1000000 rows)", said.Output, StringComparison.Ordinal);
        Assert.Contains("after", said.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_delete_waits_for_people_with_the_reason_that_was_set()
    {
        await using var host = await PostgresHost.StartAsync(server);
        var (told, address) = (new TaskCompletionSource(), host.ReviewUrl);
        host.ReviewUrl = id =>
        {
            told.TrySetResult();
            return address(id);
        };
        var asking = AskAsync(
            host.Agent, "SET countersign.reason = 'ticket 7'", "DELETE FROM orders WHERE id <= 2", "SELECT 'after'");
        var held = await host.UntilAsync(ActionState.Pending);
        // A decision that comes before the notice leaves nothing to say.
        await told.Task.WaitAsync(TestContext.Current.CancellationToken);
        await host.DecideAsync(held, Decision.Approve);
        var said = await asking;

        Assert.Equal("ticket 7", held.Claimed.Reason);
        Assert.Contains($"statement held for approval {held.Id}", said.Errors, StringComparison.Ordinal);
        Assert.Contains("DELETE 2", said.Output, StringComparison.Ordinal);
        Assert.Contains("after", said.Output, StringComparison.Ordinal);
        Assert.Equal(8L, await host.AskDirectlyAsync("SELECT count(*) FROM orders"));
    }

    [Theory]
    [InlineData("simple")]
    [InlineData("extended")]
    [InlineData("prepared")]
    public async Task Pgbench_reads_without_an_error(string protocol)
    {
        await using var host = await PostgresHost.StartAsync(server);
        await ClientProgram.RunAsync(host.Database, "pgbench", "-i", "-q", "-s", "1");
        await host.AskDirectlyAsync("GRANT SELECT ON ALL TABLES IN SCHEMA public TO PUBLIC");

        var said = await ClientProgram.RunAsync(
            host.Agent, "pgbench", "-n", "-S", "-M", protocol, "-c", "2", "-t", "200");

        Assert.Equal(0, said.ExitCode);
        Assert.Contains("transactions actually processed: 400/400", said.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pg_dump_writes_the_same_definitions()
    {
        await using var host = await PostgresHost.StartAsync(
            server,
                setUp: "CREATE VIEW big AS SELECT * FROM orders WHERE total > 50; CREATE INDEX ON orders (customer)");

        await host.AskDirectlyAsync("GRANT SELECT ON ALL TABLES IN SCHEMA public TO PUBLIC");

        var gated = await ClientProgram.RunAsync(host.Agent, "pg_dump", "--schema-only", "--schema=public");
        var wanted = await ClientProgram.RunAsync(host.Database, "pg_dump", "--schema-only", "--schema=public");

        Assert.Equal("", gated.Errors);
        Assert.Equal(Definitions(wanted), Definitions(gated));
        Assert.Contains("CREATE VIEW", wanted.Output, StringComparison.Ordinal);
    }

    /// <summary>It locks every table that it finds, the gateway's own among them.</summary>
    [Fact]
    public async Task A_dump_of_all_definitions_passes_and_nobody_reads_the_gates_books()
    {
        await using var host = await PostgresHost.StartAsync(server);
        await host.AskDirectlyAsync("GRANT SELECT ON ALL TABLES IN SCHEMA public TO PUBLIC");

        var gated = await ClientProgram.RunAsync(host.Agent, "pg_dump", "--schema-only");
        var rows = await AskAsync(host.Agent, "SELECT count(*) FROM countersign.lease", "TABLE countersign.node");

        Assert.Equal("", gated.Errors);
        Assert.Contains("CREATE TABLE public.orders", gated.Output, StringComparison.Ordinal);
        Assert.True((long)(await host.AskDirectlyAsync("SELECT count(*) FROM countersign.lease"))! > 0);
        Assert.Contains("     0\n", rows.Output, StringComparison.Ordinal);
        Assert.Contains("(0 rows)", rows.Output, StringComparison.Ordinal);
    }

    /// <summary>Without the key that each dump makes up for itself.</summary>
    private static IEnumerable<string> Definitions(ClientProgram.Said dump) => dump.Output.Split('\n')
        .Where(line => !line.Contains("restrict ", StringComparison.Ordinal));

    private static Task<ClientProgram.Said> AskAsync(string connection, params string[] texts) =>
        ClientProgram.RunAsync(
            connection, "psql", ["-X", "-w", .. texts.SelectMany(text => new[] { "-c", text })]);

    private async Task SaysTheSameAsync(params string[] texts)
    {
        await using var host = await PostgresHost.StartAsync(
            server, setUp: "CREATE FUNCTION twice(i int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT i * 2'");

        var direct = await AskAsync(host.Database, texts);
        var gated = await AskAsync(host.Agent, texts);

        Assert.Equal(direct.Output, gated.Output);
        Assert.Equal(direct.Errors, gated.Errors);
        Assert.Equal(direct.ExitCode, gated.ExitCode);
    }
}
