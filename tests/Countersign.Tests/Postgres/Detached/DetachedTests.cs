using System.Text.Json;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Ledger;
using Countersign.Core.Policies;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Tests.Postgres.Bypass;
using Countersign.Tests.Postgres.Support;
using Npgsql;

namespace Countersign.Tests.Postgres.Detached;

/// <summary>Statements over the API: nobody waits for them, and the node that records the decision runs them.</summary>
public sealed class DetachedTests(PostgresServer server)
{
    private const string AtMostFiveRows = """
        version: 1
        default: { require: { stages: [ { of: group:dba, need: 1, within: 15m } ], assurance: token,
                              bounds: { rows: 5 } } }
        rules: []
        """;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_read_that_the_policy_allows_runs_at_once_and_its_rows_are_kept()
    {
        await using var host = await PostgresHost.StartAsync(server);
        await host.AskAsync(
            """{"text":"SELECT id, customer, NULL AS nothing FROM orders WHERE id < $1","parameters":[3]}""");
        var ended = await host.UntilAsync(ActionState.Succeeded);

        Assert.Equal(
            """
            {"commands":["SELECT 2"],"rows":2,"committed":true,"results":[{"command":"SELECT 2","columns":
            [{"name":"id","type":"integer"},{"name":"customer","type":"text"},{"name":"nothing","type":"text"}],
            "rows":[["1","customer 1",null],["2","customer 2",null]],"truncated":false}]}
            """.ReplaceLineEndings(""),
            ResultOf(ended));
    }

    [Fact]
    public async Task A_write_waits_for_people_and_then_the_node_runs_it_with_rights_made_for_it()
    {
        await using var host = await PostgresHost.StartAsync(server);
        var asked = await host.AskAsync("""{"text":"DELETE FROM orders WHERE id <= 3 RETURNING id"}""");
        var held = Assert.IsType<Admission.Held>(asked).Record;

        Assert.Equal((3L, true), (held.Preview?.Rows, held.Preview?.Exact));
        Assert.Equal(10L, await host.AskDirectlyAsync("SELECT count(*) FROM orders"));
        await host.DecideAsync(held, Decision.Approve);
        var ended = await host.UntilAsync(ActionState.Succeeded);

        Assert.Equal(7L, await host.AskDirectlyAsync("SELECT count(*) FROM orders"));
        Assert.Contains("""
            "rows":[["1"],["2"],["3"]]
            """, ResultOf(ended), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_transaction_is_in_the_record_before_it_commits()
    {
        await using var host = await PostgresHost.StartAsync(server);
        var held = Held(await host.AskAsync("""{"text":"UPDATE orders SET total = 0 WHERE id = 1"}"""));
        await host.DecideAsync(held, Decision.Approve);
        await host.UntilAsync(ActionState.Succeeded);

        var intents = host.Store.Entries.Count(entry => entry.Type == EntryType.ExecutionIntent);
        Assert.Equal(2, intents);
    }

    [Fact]
    public async Task The_same_statement_of_a_session_and_of_the_API_is_the_same_action()
    {
        await using var host = await PostgresHost.StartAsync(server);
        await using var connection = await host.ConnectAsync();
        await using var command = new NpgsqlCommand("DELETE FROM orders WHERE id = $1", connection);
        command.Parameters.Add(new NpgsqlParameter { Value = 5 });
        var deleting = command.ExecuteNonQueryAsync(Cancelled);
        var held = await host.UntilAsync(ActionState.Pending);
        var asked = await host.AskAsync("""{"text":"DELETE FROM orders WHERE id = $1","parameters":[5]}""");

        Assert.Equal(held.Id, Held(asked).Id);
        await host.DecideAsync(held, Decision.Deny);
        await Assert.ThrowsAsync<PostgresException>(() => deleting);
    }

    [Fact]
    public async Task What_a_session_asked_for_and_left_runs_once_the_API_asks_for_it_as_well()
    {
        await using var host = await PostgresHost.StartAsync(server);
        var held = await LeaveAsync(host, "DELETE FROM orders WHERE id = 5");
        var asked = Held(await host.AskAsync("""{"text":"DELETE FROM orders WHERE id = 5"}"""));

        Assert.Equal((held.Id, true), (asked.Id, asked.Detached));
        await host.DecideAsync(asked, Decision.Approve);
        var ended = await host.UntilAsync(ActionState.Succeeded);

        Assert.Contains("\"committed\":true", ResultOf(ended), StringComparison.Ordinal);
        Assert.Equal(9L, await host.AskDirectlyAsync("SELECT count(*) FROM orders"));
    }

    [Fact]
    public async Task An_approval_that_no_session_took_runs_when_the_API_asks_for_it()
    {
        await using var host = await PostgresHost.StartAsync(server);
        var held = await LeaveAsync(host, "DELETE FROM orders WHERE id = 5");
        await host.DecideAsync(held, Decision.Approve);
        await host.UntilAsync(ActionState.Approved);
        await host.AskAsync("""{"text":"DELETE FROM orders WHERE id = 5"}""");
        var ended = await host.UntilAsync(ActionState.Succeeded);

        Assert.Equal((held.Id, true), (ended.Id, ended.Detached));
        Assert.Equal(9L, await host.AskDirectlyAsync("SELECT count(*) FROM orders"));
    }

    [Fact]
    public async Task A_session_that_waits_while_the_API_gets_the_approval_asks_again()
    {
        await using var host = await PostgresHost.StartAsync(server);
        await using var connection = await host.ConnectAsync();
        await using var command = new NpgsqlCommand("DELETE FROM orders WHERE id = 5", connection);
        var deleting = command.ExecuteNonQueryAsync(Cancelled);
        await host.UntilAsync(ActionState.Pending);
        var first = Held(await host.AskAsync("""{"text":"DELETE FROM orders WHERE id = 5"}"""));
        await host.DecideAsync(first, Decision.Approve);
        // This one: what the driver asked when it connected has ended long ago.
        var ended = await host.Office.Gatekeeper.WaitForEndAsync(first.Id, TimeSpan.FromMinutes(1), Cancelled);
        var second = await host.UntilAsync(ActionState.Pending);

        Assert.Equal(ActionState.Succeeded, ended!.State);
        Assert.NotEqual(first.Id, second.Id);
        await host.DecideAsync(second, Decision.Approve);
        Assert.Equal(0, await deleting);
        Assert.Equal(9L, await host.AskDirectlyAsync("SELECT count(*) FROM orders"));
    }

    /// <summary>A session asks, and its client goes before people decided.</summary>
    private static async Task<ActionRecord> LeaveAsync(PostgresHost host, string text)
    {
        await using (var session = await RawSession.OpenAsync(host))
        {
            Assert.EndsWith("held", await session.AskAsync(text), StringComparison.Ordinal);
        }

        await host.UntilQuietAsync();
        return await host.UntilAsync(ActionState.Pending);
    }

    [Fact]
    public async Task What_a_session_executed_is_no_answer_to_the_same_statement_over_the_API()
    {
        await using var host = await PostgresHost.StartAsync(server);
        await using var connection = await host.ConnectAsync();
        await using var transaction = await connection.BeginTransactionAsync(Cancelled);
        await using var command = new NpgsqlCommand("DELETE FROM orders WHERE id = 5", connection);
        var deleting = command.ExecuteNonQueryAsync(Cancelled);
        var first = await host.UntilAsync(ActionState.Pending);
        await host.DecideAsync(first, Decision.Approve);
        await deleting;
        await transaction.RollbackAsync(Cancelled);
        var second = Held(await host.AskAsync("""{"text":"DELETE FROM orders WHERE id = 5"}"""));

        Assert.NotEqual(first.Id, second.Id);
        Assert.Equal(first.Action.Digest, second.Action.Digest);
    }

    [Fact]
    public async Task Several_statements_are_one_transaction()
    {
        await using var host = await PostgresHost.StartAsync(server);
        var held = Held(await host.AskAsync(
            """{"text":"DELETE FROM orders WHERE id = 1; INSERT INTO orders VALUES (2, 'twice', 0)"}"""));
        await host.DecideAsync(held, Decision.Approve);
        var failed = await host.UntilAsync(ActionState.Failed);

        Assert.Contains("23505", failed.Outcome?.Error, StringComparison.Ordinal);
        Assert.Equal(10L, await host.AskDirectlyAsync("SELECT count(*) FROM orders"));
    }

    [Fact]
    public async Task Each_statement_of_a_list_has_its_result()
    {
        await using var host = await PostgresHost.StartAsync(server);
        var held = Held(await host.AskAsync(
            """{"text":"UPDATE orders SET total = 1 WHERE id < 3; SELECT sum(total) FROM orders WHERE id < 3"}"""));
        await host.DecideAsync(held, Decision.Approve);
        var ended = await host.UntilAsync(ActionState.Succeeded);

        using var result = JsonDocument.Parse(ResultOf(ended));
        Assert.Equal("""["UPDATE 2","SELECT 1"]""", result.RootElement.GetProperty("commands").GetRawText());
        Assert.Equal("""[["2"]]""", result.RootElement.GetProperty("results")[0].GetProperty("rows").GetRawText());
    }

    [Fact]
    public async Task More_rows_than_were_approved_are_rolled_back()
    {
        await using var host = await PostgresHost.StartAsync(server, AtMostFiveRows);
        var held = Held(await host.AskAsync("""{"text":"UPDATE orders SET total = 0"}"""));
        await host.DecideAsync(held, Decision.Approve);
        var failed = await host.UntilAsync(ActionState.Failed);

        Assert.Contains("more than the 5 rows", failed.Outcome?.Error, StringComparison.Ordinal);
        Assert.Equal(0L, await host.AskDirectlyAsync("SELECT count(*) FROM orders WHERE total = 0"));
    }

    [Fact]
    [Trait("Threat", "THR-022"), Trait("CWE", "367")]
    public async Task What_changed_since_it_was_asked_for_does_not_run()
    {
        await using var host = await PostgresHost.StartAsync(server);
        var held = Held(await host.AskAsync("""{"text":"UPDATE orders SET total = 0 WHERE id = 1"}"""));
        await host.AskDirectlyAsync(
            "CREATE FUNCTION more() RETURNS trigger LANGUAGE plpgsql " +
            "AS $$ BEGIN DELETE FROM orders; RETURN NEW; END $$; " +
            "CREATE TRIGGER more AFTER UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION more()");
        await host.DecideAsync(held, Decision.Approve);
        var failed = await host.UntilAsync(ActionState.Failed);

        Assert.StartsWith("Nothing was sent", failed.Outcome?.Error, StringComparison.Ordinal);
        Assert.Equal(10L, await host.AskDirectlyAsync("SELECT count(*) FROM orders WHERE total > 0"));
    }

    [Fact]
    public async Task Rows_beyond_the_limit_are_not_kept()
    {
        await using var host = await PostgresHost.StartAsync(server);
        await host.AskAsync("""{"text":"SELECT repeat('x', 600000) FROM generate_series(1, 4)"}""");
        var ended = await host.UntilEndAsync();
        Assert.Equal((ActionState.Succeeded, null), (ended.State, ended.Outcome?.Error));

        using var result = JsonDocument.Parse(ResultOf(ended));
        var kept = result.RootElement.GetProperty("results")[0];
        Assert.Equal("SELECT 4", kept.GetProperty("command").GetString());
        Assert.Equal(1, kept.GetProperty("rows").GetArrayLength());
        Assert.True(kept.GetProperty("truncated").GetBoolean());
    }

    [Fact]
    public async Task A_statement_of_an_agent_that_is_stopped_ends()
    {
        await using var host = await PostgresHost.StartAsync(server);
        var held = Held(await host.AskAsync(
            """{"text":"UPDATE orders SET total = 0 WHERE pg_sleep(600) IS NOT NULL"}"""));
        await host.DecideAsync(held, Decision.Approve);
        await host.UntilAsync(ActionState.Executing);
        await host.Office.Agents.StopAsync(held.Asker.Agent, PostgresHost.Alice, comment: null, Cancelled);
        var failed = await host.UntilAsync(ActionState.Failed);

        Assert.NotNull(failed.Outcome?.Error);
        Assert.Equal(0L, await host.AskDirectlyAsync("SELECT count(*) FROM orders WHERE total = 0"));
        Assert.Equal(403, (await host.ReadAsync("""{"text":"SELECT 1"}""")).Problem?.Status);
    }

    [Fact]
    public async Task A_dry_run_says_what_the_policy_would_say_and_opens_nothing()
    {
        await using var host = await PostgresHost.StartAsync(server);
        var (asking, _) = await host.ReadAsync("""{"text":"DROP TABLE orders"}""");
        var answer = await host.Office.DryRun.AskAsync(asking!, Cancelled);

        var forecast = Assert.IsType<DryRunAnswer.Foreseen>(answer).Forecast;
        Assert.Equal(VerdictOutcome.Deny, forecast.Verdict.Outcome);
        Assert.Empty(host.Store.Actions);
    }

    [Theory]
    [InlineData("BEGIN")]
    [InlineData("DELETE FROM orders; COMMIT")]
    [InlineData("COPY orders FROM STDIN")]
    [InlineData("COPY orders TO STDOUT")]
    [InlineData("SET work_mem = '1MB'")]
    [InlineData("SHOW work_mem")]
    [InlineData("LISTEN news")]
    [InlineData("PREPARE p AS SELECT 1")]
    [InlineData("EXPLAIN EXECUTE countersign_begin")]
    [InlineData("DECLARE c CURSOR FOR SELECT 1")]
    [InlineData("DISCARD ALL")]
    [InlineData("VACUUM orders; SELECT 1")]
    [InlineData("SET ROLE postgres")]
    [InlineData("")]
    [InlineData("SELEC 1")]
    [InlineData("SELECT missing FROM orders")]
    [InlineData("SELECT 1; SELECT $1")]
    [InlineData("SELECT $1::int")]
    public async Task What_needs_a_session_or_is_wrong_is_refused_and_opens_nothing(string text)
    {
        await using var host = await PostgresHost.StartAsync(server);
        var (asking, problem) = await host.ReadAsync($$"""{"text":{{JsonSerializer.Serialize(text)}}}""");

        Assert.Null(asking);
        Assert.Equal((400, "malformed-action"), (problem?.Status, problem?.Slug));
        Assert.Empty(host.Store.Actions);
    }

    [Theory]
    [InlineData("{}", "'text'")]
    [InlineData("""{"text":"SELECT 1","paramters":[]}""", "'paramters'")]
    [InlineData("""{"text":"SELECT 1","catalog":"x"}""", "leave it out")]
    [InlineData("""{"text":"SELECT $1","parameters":[[1]]}""", "parameter is a text")]
    [InlineData("""{"text":"SELECT $1","parameters":["1"],"types":["integr"]}""", "type is written")]
    [InlineData("""{"text":"SELECT $1","parameters":["1"],"types":["text","text"]}""", "one type for each")]
    [InlineData("""{"text":"SELECT $1::int","parameters":["1","2"]}""", "has 1 parameters, and 2")]
    public async Task Arguments_that_cannot_be_read_are_named(string arguments, string part)
    {
        await using var host = await PostgresHost.StartAsync(server);
        var (_, problem) = await host.ReadAsync(arguments);

        Assert.Contains(part, problem?.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""["7"]""", "[]")]
    [InlineData("[7]", """["bigint"]""")]
    [InlineData("""[{"binary":"0000000000000007"}]""", """["bigint"]""")]
    public async Task A_parameter_is_bound_as_it_was_shown(string parameters, string types)
    {
        await using var host = await PostgresHost.StartAsync(server);
        var given = types == "[]" ? "" : $",\"types\":{types}";
        await host.AskAsync($$"""{"text":"SELECT $1::bigint + 1 AS next","parameters":{{parameters}}{{given}}}""");

        Assert.Contains(
            """
            "rows":[["8"]]
            """, ResultOf(await host.UntilAsync(ActionState.Succeeded)), StringComparison.Ordinal);
    }

    private static ActionRecord Held(Admission admission) => Assert.IsType<Admission.Held>(admission).Record;

    private static string ResultOf(ActionRecord record) =>
        System.Text.Encoding.UTF8.GetString(record.Outcome!.Result!.Value.Span);
}
