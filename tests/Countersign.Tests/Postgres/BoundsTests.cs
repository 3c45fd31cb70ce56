using Countersign.Core.Actions;
using Countersign.Core.Reviews;
using Countersign.Tests.Postgres.Bypass;
using Countersign.Tests.Postgres.Support;

namespace Countersign.Tests.Postgres;

/// <summary>What people agreed to in rows and bytes is what may come back.</summary>
public sealed class BoundsTests(PostgresServer server)
{
    [Theory]
    [InlineData("rows: 3", "SELECT id FROM orders ORDER BY id", 3)]
    [InlineData("output: 40", "SELECT id FROM orders ORDER BY id", 3)]
    [InlineData("output: 40", "DELETE FROM orders RETURNING id", 3)]
    [InlineData("output: 10KB", "SELECT repeat('x', 100000)", 0)]
    [InlineData("rows: 0", "SELECT repeat('x', 100000)", 0)]
    [InlineData("output: 40", "COPY orders (id) TO STDOUT", 5)]
    [InlineData("rows: 3", "COPY orders (id) TO STDOUT", 5)]
    [Trait("Threat", "THR-022"), Trait("CWE", "367")]
    public async Task Nothing_beyond_a_bound_is_passed_on(string bounds, string text, int rows)
    {
        await using var host = await StartAsync(bounds);
        await using var session = await RawSession.OpenAsync(host);
        await ApproveAsync(host, await session.AskAsync(text));

        Assert.EndsWith("error 54000; Z I", await session.AnswerAsync(), StringComparison.Ordinal);
        Assert.Equal(
            rows, session.Heard.Count(each => each == "d" || each.StartsWith("row", StringComparison.Ordinal)));
        Assert.Equal(10L, await host.AskDirectlyAsync("SELECT count(*) FROM orders"));
        await host.UntilAsync(ActionState.Failed);
    }

    [Fact]
    public async Task What_stays_within_its_bounds_succeeds()
    {
        await using var host = await StartAsync("rows: 10, output: 1MB");
        await using var session = await RawSession.OpenAsync(host);
        await ApproveAsync(host, await session.AskAsync("DELETE FROM orders RETURNING id"));

        Assert.EndsWith("done DELETE 10; Z I", await session.AnswerAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("rows: 3")]
    [InlineData("output: 60")]
    public async Task The_rest_of_a_portal_is_within_no_bound(string bounds)
    {
        await using var host = await StartAsync(bounds);
        await using var session = await RawSession.OpenAsync(host);
        await session.AskAsync("BEGIN");
        await session.SendAsync(
            RawSession.Parse("SELECT id FROM orders ORDER BY id"), RawSession.Bind(),
            RawSession.Execute(maxRows: 3), RawSession.Execute(), RawSession.Sync);
        await ApproveAsync(host, await session.AnswerAsync());

        Assert.EndsWith("error 54000; Z E", await session.AnswerAsync(), StringComparison.Ordinal);
        Assert.Equal(3, session.Heard.Count(each => each.StartsWith("row", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_cursor_for_what_is_bounded_is_not_opened()
    {
        await using var host = await StartAsync("rows: 3");
        await using var session = await RawSession.OpenAsync(host);
        await session.AskAsync("BEGIN");
        await ApproveAsync(host, await session.AskAsync("DECLARE c CURSOR FOR SELECT id FROM orders"));

        Assert.Equal("error 0A000; Z E", await session.AnswerAsync());
    }

    [Fact]
    [Trait("Threat", "THR-022"), Trait("CWE", "367")]
    public async Task A_cursor_for_what_is_bounded_is_not_opened_by_another_name_either()
    {
        await using var host = await StartAsync("rows: 3");
        await using var session = await RawSession.OpenAsync(host);
        await session.AskAsync("BEGIN");
        await session.SendAsync(
            RawSession.Parse("DECLARE c CURSOR FOR SELECT id FROM orders", "p"), RawSession.Sync);
        await session.AnswerAsync();
        await ApproveAsync(host, await session.AskAsync("EXECUTE p"));

        Assert.Equal("error 0A000; Z E", await session.AnswerAsync());
    }

    [Theory]
    [InlineData("rows: 3")]
    [InlineData("output: 1KB")]
    [Trait("Threat", "THR-022"), Trait("CWE", "367")]
    public async Task From_a_cursor_that_bounded_code_opened_nothing_is_fetched(string bounds)
    {
        await using var host = await StartAsync(bounds, OpensCursor);
        await using var session = await RawSession.OpenAsync(host);
        await session.AskAsync("BEGIN");
        await ApproveAsync(host, await session.AskAsync("SELECT opens_cursor()"));
        Assert.EndsWith("row c; done SELECT 1; Z T", await session.AnswerAsync(), StringComparison.Ordinal);

        Assert.Equal("error 0A000; Z E", await session.AskAsync("FETCH ALL FROM c"));
        await session.AskAsync("ROLLBACK");
        await session.ExtendedAsync("FETCH ALL FROM c");
        Assert.Contains("error 0A000", await session.AnswerAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task From_a_cursor_that_code_without_a_bound_opened_is_fetched()
    {
        await using var host = await StartAsync("seconds: 60", OpensCursor);
        await using var session = await RawSession.OpenAsync(host);
        await session.AskAsync("BEGIN");
        await ApproveAsync(host, await session.AskAsync("SELECT opens_cursor()"));
        await session.AnswerAsync();

        Assert.EndsWith("done FETCH 10; Z T", await session.AskAsync("FETCH ALL FROM c"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "00:01:01")]
    [InlineData("BEGIN", "00:01:01")]
    [InlineData("SET statement_timeout = '1.5s'", "00:00:01.5")]
    [InlineData("BEGIN; SET LOCAL statement_timeout = 30000", "00:00:30")]
    public async Task The_server_has_the_bound_of_time_too_and_the_session_its_own_again_afterwards(
        string before, string expected)
    {
        const string limit = "SELECT current_setting('statement_timeout')::interval";
        await using var host = await StartAsync("seconds: 60");
        await using var session = await RawSession.OpenAsync(host);
        foreach (var text in before.Split(';', StringSplitOptions.RemoveEmptyEntries))
        {
            await session.AskAsync(text);
        }

        await ApproveAsync(host, await session.AskAsync(limit));
        Assert.Contains($"row {expected}; done SELECT 1", await session.AnswerAsync(), StringComparison.Ordinal);

        host.Enforce("""
            version: 1
            default: deny
            rules: [ { id: reads, when: sql.read_only, then: allow } ]
            """);
        var own = before.Contains("SET", StringComparison.Ordinal) ? expected : "00:00:00";
        Assert.Contains($"row {own}; done SELECT 1", await session.AskAsync(limit), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_gateway_that_died_left_running_is_ended_by_the_server()
    {
        await using var host = await StartAsync("seconds: 1", time: new BrokenClock());
        await using var session = await RawSession.OpenAsync(host);
        await ApproveAsync(host, await session.AskAsync("SELECT count(*) FROM orders, pg_sleep(300)"));

        Assert.EndsWith("error 57014; Z I", await session.AnswerAsync(), StringComparison.Ordinal);
        await host.UntilAsync(ActionState.Failed);
    }

    [Theory]
    [InlineData("VACUUM orders", "done VACUUM; Z I")]
    [InlineData("CALL commits()", "done CALL; Z I")]
    [InlineData("DO $$ BEGIN COMMIT; END $$", "done DO; Z I")]
    [InlineData("BEGIN; DELETE FROM orders WHERE id = 1; COMMIT", "done COMMIT; Z I")]
    public async Task What_ends_transactions_or_runs_outside_of_them_runs_with_a_bound_of_time(
        string text, string expected)
    {
        await using var host = await StartAsync(
            "seconds: 60", "CREATE PROCEDURE commits() LANGUAGE plpgsql AS 'BEGIN COMMIT; END'", isStatic: true);
        await using var session = await RawSession.OpenAsync(host);
        await ApproveAsync(host, await session.AskAsync(text));

        Assert.EndsWith(expected, await session.AnswerAsync(), StringComparison.Ordinal);
    }

    /// <summary>Of a gateway whose own timers of a second never ring, as those of a dead one.</summary>
    private sealed class BrokenClock : TimeProvider
    {
        public override ITimer CreateTimer(
            TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => base.CreateTimer(
            callback, state, dueTime == TimeSpan.FromSeconds(1) ? Timeout.InfiniteTimeSpan : dueTime, period);
    }

    private const string OpensCursor = """
        CREATE FUNCTION opens_cursor() RETURNS refcursor LANGUAGE plpgsql AS
            $$ DECLARE c refcursor := 'c'; BEGIN OPEN c FOR SELECT id FROM orders; RETURN c; END $$;
        """;

    private static async Task ApproveAsync(PostgresHost host, string answer)
    {
        Assert.EndsWith("held", answer, StringComparison.Ordinal);
        await host.DecideAsync(await host.UntilAsync(ActionState.Pending), Decision.Approve);
    }

    private Task<PostgresHost> StartAsync(
        string bounds, string setUp = "", bool isStatic = false, TimeProvider? time = null) =>
        PostgresHost.StartAsync(server, $$"""
        version: 1
        default:
          require:
            stages: [ { of: group:dba, need: 1, within: 15m } ]
            assurance: token
            bounds: { {{bounds}} }
        """, setUp, isStatic, time);
}
