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

    private const string OpensCursor = """
        CREATE FUNCTION opens_cursor() RETURNS refcursor LANGUAGE plpgsql AS
            $$ DECLARE c refcursor := 'c'; BEGIN OPEN c FOR SELECT id FROM orders; RETURN c; END $$;
        """;

    private static async Task ApproveAsync(PostgresHost host, string answer)
    {
        Assert.EndsWith("held", answer, StringComparison.Ordinal);
        await host.DecideAsync(await host.UntilAsync(ActionState.Pending), Decision.Approve);
    }

    private Task<PostgresHost> StartAsync(string bounds, string setUp = "") => PostgresHost.StartAsync(server, $$"""
        version: 1
        default:
          require:
            stages: [ { of: group:dba, need: 1, within: 15m } ]
            assurance: token
            bounds: { {{bounds}} }
        """, setUp);
}
