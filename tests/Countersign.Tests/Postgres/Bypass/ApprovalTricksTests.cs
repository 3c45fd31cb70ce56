using Countersign.Core.Actions;
using Countersign.Core.Reviews;
using Countersign.Tests.Postgres.Support;
using Npgsql;

namespace Countersign.Tests.Postgres.Bypass;

/// <summary>People approved one thing, and somebody tries to make another one run.</summary>
public sealed class ApprovalTricksTests(PostgresServer server)
{
    private const string Rules = """
        version: 1
        default:
          require:
            stages: [ { of: group:dba, need: 1, within: 15m } ]
            assurance: token
            bounds: { rows: preview }
        rules:
          - id: reads
            when: action.gate == "postgres" && sql.read_only
            then: allow
        """;

    private const string Sensitive = "DELETE FROM orders WHERE id <= 3";
    private const string Count = "SELECT count(*) FROM orders";

    [Theory]
    [InlineData("CREATE TRIGGER t BEFORE DELETE ON orders FOR EACH ROW EXECUTE FUNCTION fire()")]
    [InlineData("CREATE RULE r AS ON DELETE TO orders DO ALSO DELETE FROM other")]
    [InlineData("ALTER TABLE orders RENAME TO was; CREATE VIEW orders AS SELECT * FROM was")]
    [InlineData("CREATE TABLE pays (id int REFERENCES orders ON DELETE CASCADE)")]
    [InlineData("CREATE POLICY p ON orders USING (true); ALTER TABLE orders ENABLE ROW LEVEL SECURITY")]
    public async Task A_definition_that_changed_meanwhile_ends_the_approval(string change)
    {
        await using var host = await StartAsync();
        await using var session = await RawSession.OpenAsync(host);
        Assert.Equal("held", await session.AskAsync(Sensitive));
        var held = await host.UntilAsync(ActionState.Pending);
        await host.AskDirectlyAsync(change);
        await host.DecideAsync(held, Decision.Approve);

        Assert.Equal("error 42501; Z I", await session.AnswerAsync());
        Assert.Equal(10L, await host.AskDirectlyAsync(Count));
    }

    /// <summary>Nobody follows what these call, so any code that changed meanwhile is reason enough (PG-39).</summary>
    [Theory]
    [InlineData("CALL run()")]
    [InlineData("DO $$ BEGIN PERFORM code(); END $$")]
    [InlineData("SELECT code() AS x INTO fresh")]
    [InlineData("EXPLAIN SELECT code()")]
    [InlineData("CREATE INDEX ON orders (code(id))")]
    [InlineData("ALTER TABLE orders ADD COLUMN x int DEFAULT code()")]
    [InlineData("ALTER TABLE orders ADD CHECK (code(id) = 1)")]
    public async Task Code_that_changed_meanwhile_ends_the_approval_of_what_calls_it(string statement)
    {
        await using var host = await StartAsync(PostgresHost.Rules);
        await host.AskDirectlyAsync("""
            CREATE FUNCTION code(int DEFAULT 1) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN 1; END';
            CREATE PROCEDURE run() LANGUAGE plpgsql AS 'BEGIN PERFORM 1; END';
            """);
        await using var session = await RawSession.OpenAsync(host);
        Assert.EndsWith("held", await session.AskAsync(statement), StringComparison.Ordinal);
        var held = await host.UntilAsync(ActionState.Pending);
        await host.AskDirectlyAsync("""
            CREATE OR REPLACE FUNCTION code(int DEFAULT 1) RETURNS int LANGUAGE plpgsql IMMUTABLE SECURITY DEFINER AS
                'BEGIN DELETE FROM orders; RETURN 1; END';
            CREATE OR REPLACE PROCEDURE run() LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN DELETE FROM orders; END';
            """);
        await host.DecideAsync(held, Decision.Approve);

        Assert.Equal("error 42501; Z I", await session.AnswerAsync());
        Assert.Equal(10L, await host.AskDirectlyAsync(Count));
        await host.UntilAsync(ActionState.Failed);
    }

    [Fact]
    public async Task A_definition_that_changes_while_it_waits_for_its_rows_undoes_it()
    {
        await using var host = await StartAsync(PostgresHost.Rules);
        await host.AskDirectlyAsync(
            "CREATE TRIGGER t BEFORE DELETE ON orders FOR EACH ROW EXECUTE FUNCTION pass()");
        await using var direct = new NpgsqlConnection(host.Database);
        await direct.OpenAsync(TestContext.Current.CancellationToken);
        await using var locks = new NpgsqlCommand("BEGIN; SELECT id FROM orders FOR UPDATE", direct);
        await locks.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        await using var session = await RawSession.OpenAsync(host);
        Assert.Equal("held", await session.AskAsync(Sensitive));
        await host.DecideAsync(await host.UntilAsync(ActionState.Pending), Decision.Approve);
        await host.UntilBlockedAsync("DELETE FROM orders%");
        locks.CommandText = """
            CREATE OR REPLACE FUNCTION pass() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
                'BEGIN INSERT INTO other VALUES (OLD.id); RETURN OLD; END';
            COMMIT;
            """;
        await locks.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);

        Assert.Equal("error 42501; Z I", await session.AnswerAsync());
        Assert.Equal(10L, await host.AskDirectlyAsync(Count));
        Assert.Equal(0L, await host.AskDirectlyAsync("SELECT count(*) FROM other"));
        await host.UntilAsync(ActionState.Failed);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task More_rows_than_people_saw_are_rolled_back(int maxRows)
    {
        await using var host = await StartAsync();
        await using var session = await RawSession.OpenAsync(host);
        await session.SendAsync(
            RawSession.Parse($"{Sensitive} RETURNING id"), RawSession.Bind(), RawSession.Execute(maxRows: maxRows),
            RawSession.Sync);
        Assert.EndsWith("held", await session.AnswerAsync(), StringComparison.Ordinal);
        var held = await host.UntilAsync(ActionState.Pending);
        await host.AskDirectlyAsync("INSERT INTO orders VALUES (0, 'new', 1), (-1, 'new', 1)");
        await host.DecideAsync(held, Decision.Approve);

        Assert.Contains("error 54000", await session.AnswerAsync(), StringComparison.Ordinal);
        Assert.Equal(12L, await host.AskDirectlyAsync(Count));
        await host.UntilAsync(ActionState.Failed);
    }

    [Fact]
    public async Task One_approval_is_one_run_for_two_sessions()
    {
        await using var host = await StartAsync();
        await using var one = await RawSession.OpenAsync(host);
        await using var two = await RawSession.OpenAsync(host);
        Assert.Equal("held", await one.AskAsync(Sensitive));
        Assert.Equal("held", await two.AskAsync(Sensitive));
        Assert.Single(host.Store.Actions);
        await host.DecideAsync(await host.UntilAsync(ActionState.Pending), Decision.Approve);

        string[] answers = [await one.AnswerAsync(), await two.AnswerAsync()];
        Assert.Single(answers, answer => answer.Contains("done DELETE 3", StringComparison.Ordinal));
        Assert.Single(answers, answer => answer.EndsWith("held", StringComparison.Ordinal));
        Assert.Equal(7L, await host.AskDirectlyAsync(Count));
    }

    [Fact]
    public async Task A_client_that_left_attaches_again_and_it_runs_once()
    {
        await using var host = await StartAsync();
        await using (var gone = await RawSession.OpenAsync(host))
        {
            Assert.Equal("held", await gone.AskAsync(Sensitive));
        }

        await using var back = await RawSession.OpenAsync(host);
        Assert.Equal("held", await back.AskAsync(Sensitive));
        await host.DecideAsync(await host.UntilAsync(ActionState.Pending), Decision.Approve);

        Assert.Equal("done DELETE 3; Z I", await back.AnswerAsync());
        Assert.Equal(7L, await host.AskDirectlyAsync(Count));
        await host.UntilAsync(ActionState.Succeeded);
    }

    [Fact]
    public async Task Other_parameters_or_settings_are_another_action()
    {
        await using var host = await StartAsync();
        await using var one = await RawSession.OpenAsync(host);
        await using var two = await RawSession.OpenAsync(host);
        await using var three = await RawSession.OpenAsync(host);
        Assert.Equal("held", await one.AskAsync(Sensitive));
        await two.AskAsync("SET search_path = other, public");
        Assert.Equal("held", await two.AskAsync(Sensitive));
        Assert.Equal("held", await three.AskAsync("DELETE FROM orders WHERE id <= 4"));

        Assert.Equal(3, host.Store.Actions.Length);
    }

    [Fact]
    public async Task A_prepared_statement_that_was_approved_runs_by_its_name()
    {
        await using var host = await PostgresHost.StartAsync(server);
        await using var session = await RawSession.OpenAsync(host);
        await session.AskAsync($"PREPARE p AS {Sensitive}");
        Assert.Equal("held", await session.AskAsync("EXECUTE p"));
        var held = await host.UntilAsync(ActionState.Pending);
        Assert.Contains(Sensitive, held.Action.Arguments.ToString(), StringComparison.Ordinal);
        await host.DecideAsync(held, Decision.Approve);

        Assert.Equal("done DELETE 3; Z I", await session.AnswerAsync());
    }

    [Fact]
    public async Task A_database_that_ends_the_session_while_it_runs_leaves_the_outcome_unknown()
    {
        await using var host = await StartAsync();
        await using var direct = new NpgsqlConnection(host.Database);
        await direct.OpenAsync(TestContext.Current.CancellationToken);
        await using var locks = new NpgsqlCommand("BEGIN; SELECT id FROM orders FOR UPDATE", direct);
        await locks.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        await using var session = await RawSession.OpenAsync(host);
        Assert.Equal("held", await session.AskAsync(Sensitive));
        await host.DecideAsync(await host.UntilAsync(ActionState.Pending), Decision.Approve);
        await host.UntilBlockedAsync("DELETE FROM orders%");
        await host.AskDirectlyAsync("""
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock'
            """);

        await host.UntilAsync(ActionState.Unknown);
        Assert.Contains("error", await session.AnswerAsync(), StringComparison.Ordinal);
        Assert.Equal(10L, await host.AskDirectlyAsync(Count));
    }

    [Fact]
    public async Task Names_of_temporary_objects_do_not_stand_for_what_is_read()
    {
        await using var host = await StartAsync();
        await using var session = await RawSession.OpenAsync(host);
        Assert.Equal("held", await session.AskAsync("CREATE TEMP VIEW orders AS SELECT wipe() AS id"));
        await host.DecideAsync(await host.UntilAsync(ActionState.Pending), Decision.Approve);
        var made = await session.AnswerAsync();

        Assert.EndsWith(
            made.Contains("done CREATE VIEW", StringComparison.Ordinal) ? "held" : "Z I",
            await session.AskAsync("SELECT * FROM orders"),
            StringComparison.Ordinal);
        Assert.Equal(10L, await host.AskDirectlyAsync("SELECT count(*) FROM public.orders"));
    }

    private Task<PostgresHost> StartAsync(string rules = Rules) => PostgresHost.StartAsync(server, rules, """
        CREATE SCHEMA other;
        CREATE TABLE other (id int);
        GRANT USAGE ON SCHEMA other TO PUBLIC;
        CREATE FUNCTION fire() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
        CREATE FUNCTION pass() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END';
        CREATE FUNCTION wipe() RETURNS int LANGUAGE plpgsql SECURITY DEFINER AS
            'BEGIN DELETE FROM public.orders; RETURN 1; END';
        """);
}
