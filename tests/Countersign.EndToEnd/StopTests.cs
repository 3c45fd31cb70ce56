using System.Net;
using Countersign.EndToEnd.Support;

namespace Countersign.EndToEnd;

/// <summary>The stop button of the built product, as a person at night uses it.</summary>
public sealed class StopTests
{
    private const int StillPending = 14;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_stopped_agent_stays_stopped_over_a_crash_until_two_persons_let_it_go_on()
    {
        await using var bench = await Bench.StartAsync(Cancel);
        var (product, agent) = (bench.Product, bench.Agent);
        var held = await agent.AskAsync("ops", "restart_service", """{"id":"held"}""", Cancel);
        var size = await agent.LedgerSizeAsync(Cancel);

        var stop = await product.RunAsync("ALICE", Cancel, "stop", "deploy-bot", "--comment", "It runs wild.");

        Assert.True(stop.ExitCode == 0, stop.ToString());
        Assert.Contains("is stopped: 1 reviews and grants withdrawn.", stop.Output, StringComparison.Ordinal);
        Assert.Equal(size + 1, await agent.LedgerSizeAsync(Cancel));
        var withdrawn = await bench.Alice.ShowAsync(held.Id!, Cancel);
        Assert.Equal("withdrawn", withdrawn.State);
        Assert.Equal("Agent deploy-bot was stopped by alice: It runs wild.", withdrawn.Text("explanation"));
        await AssertStoppedAsync(agent);
        Assert.Equal(HttpStatusCode.OK, (await AskAsync(product.As("OTHER_BOT"))).Status);

        await product.KillAsync();
        await product.StartAgainAsync(Cancel);
        await AssertStoppedAsync(agent);

        var first = await product.RunAsync("ALICE", Cancel, "agent", "resume", "deploy-bot");
        var again = await product.RunAsync("ALICE", Cancel, "agent", "resume", "deploy-bot");
        await AssertStoppedAsync(agent);
        var second = await product.RunAsync("BOB", Cancel, "agent", "resume", "deploy-bot");

        Assert.Equal((StillPending, 1, 0), (first.ExitCode, again.ExitCode, second.ExitCode));
        var run = await AskAsync(agent);
        Assert.Equal((HttpStatusCode.OK, "succeeded"), (run.Status, run.State));
        Assert.Equal(2, bench.Upstream.Calls.Count);
        await product.VerifyLedgerAsync(Cancel);
    }

    [Fact]
    public async Task Agents_stop_nobody_and_unknown_agents_are_not_found()
    {
        await using var bench = await Bench.StartAsync(Cancel);

        var byAgent = await bench.Agent.PostAsync("v1/agents/other-bot/stop", "{}", Cancel);
        var unknown = await bench.Alice.PostAsync("v1/agents/nobody/stop", "{}", Cancel);
        var command = await bench.Product.RunAsync("ALICE", Cancel, "stop", "nobody");

        Assert.Equal((HttpStatusCode.Forbidden, "not-eligible"), (byAgent.Status, byAgent.Problem));
        Assert.Equal((HttpStatusCode.NotFound, "unknown-agent"), (unknown.Status, unknown.Problem));
        Assert.Equal(1, command.ExitCode);
        Assert.Contains("There is no agent 'nobody'", command.Errors, StringComparison.Ordinal);
    }

    private static async Task AssertStoppedAsync(Api agent)
    {
        var refused = await AskAsync(agent);
        Assert.Equal((HttpStatusCode.Forbidden, "agent-stopped"), (refused.Status, refused.Problem));
        Assert.Contains("stopped by alice: It runs wild.", refused.Text("detail"), StringComparison.Ordinal);
    }

    private static Task<ApiAnswer> AskAsync(Api agent) => agent.PostAsync(
        "v1/actions?wait=20", Api.AskBody("ops", "read_report", """{"id":"weekly"}"""), Cancel);
}
