using Countersign.Core.Actions;
using Countersign.Core.Reviews;
using Countersign.Tests.Postgres.Bypass;
using Countersign.Tests.Postgres.Support;

namespace Countersign.Tests.Postgres;

/// <summary>Another policy comes into force while a session is in the middle of something.</summary>
public sealed class PolicyChangeTests(PostgresServer server)
{
    private const string Nothing = "version: 1\ndefault: deny\n";

    [Fact]
    public async Task A_portal_that_passed_when_it_was_bound_does_not_run_under_a_policy_that_denies()
    {
        await using var host = await PostgresHost.StartAsync(server);
        await using var session = await RawSession.OpenAsync(host);
        await session.AskAsync("BEGIN");
        await session.SendAsync(
            RawSession.Parse("SELECT id FROM orders ORDER BY id", "s"), RawSession.Bind("s", "a"), RawSession.Sync);
        Assert.Equal("1; 2; Z T", await session.AnswerAsync());
        await session.SendAsync(RawSession.Execute("a", maxRows: 1), RawSession.Sync);
        Assert.Equal("row 1; s; Z T", await session.AnswerAsync());

        host.Enforce(Nothing);
        await session.SendAsync(RawSession.Execute("a"), RawSession.Sync);

        Assert.Equal("error 42501; Z E", await session.AnswerAsync());
    }

    [Fact]
    public async Task What_is_held_is_superseded_when_it_is_asked_again_under_a_policy_that_denies()
    {
        await using var host = await PostgresHost.StartAsync(server);
        await using var waiting = await RawSession.OpenAsync(host);
        await using var other = await RawSession.OpenAsync(host);
        Assert.Equal("held", await waiting.AskAsync("DELETE FROM orders"));

        host.Enforce(Nothing);

        Assert.Equal("error 42501; Z I", await other.AskAsync("DELETE FROM orders"));
        Assert.Equal("error 42501; Z I", await waiting.AnswerAsync());
        await host.UntilAsync(ActionState.Superseded);
        Assert.Equal(10L, await host.AskDirectlyAsync("SELECT count(*) FROM orders"));
    }

    [Fact]
    public async Task An_approval_under_the_policy_before_is_not_taken_under_one_that_denies()
    {
        await using var host = await PostgresHost.StartAsync(server);
        await using var waiting = await RawSession.OpenAsync(host);
        Assert.Equal("held", await waiting.AskAsync("DELETE FROM orders"));
        var held = await host.UntilAsync(ActionState.Pending);

        host.Enforce(Nothing);
        await host.DecideAsync(held, Decision.Approve);

        Assert.Equal("error 42501; Z I", await waiting.AnswerAsync());
        await host.UntilAsync(ActionState.Superseded);
        Assert.Equal(10L, await host.AskDirectlyAsync("SELECT count(*) FROM orders"));
    }
}
