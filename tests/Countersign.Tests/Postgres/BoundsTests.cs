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

    private static async Task ApproveAsync(PostgresHost host, string answer)
    {
        Assert.EndsWith("held", answer, StringComparison.Ordinal);
        await host.DecideAsync(await host.UntilAsync(ActionState.Pending), Decision.Approve);
    }

    private Task<PostgresHost> StartAsync(string bounds) => PostgresHost.StartAsync(server, $$"""
        version: 1
        default:
          require:
            stages: [ { of: group:dba, need: 1, within: 15m } ]
            assurance: token
            bounds: { {{bounds}} }
        """);
}
