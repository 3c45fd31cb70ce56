using System.Text.Json.Nodes;
using Countersign.EndToEnd.Agents;
using Countersign.EndToEnd.Support;

namespace Countersign.EndToEnd;

/// <summary>
/// The coding agents that people have, each in front of a model that is played. A call is held, people approve it, and
/// what the agent says in the end is the result of the one call that was sent.
/// </summary>
public abstract class CodingAgentTests
{
    private const int OwnLimit = 5;

    private const string Escalating =
        """
        version: 1
        default: deny
        rules:
          - id: restarts
            reason: A restart interrupts customers.
            when: action.operation == "restart_service"
            then:
              require:
                stages: [ { of: group:platform, need: 1, within: 65s, escalate: [group:dba] } ]
                assurance: token

        """;

    private static readonly ToolCall s_call =
        new("restart_service", new JsonObject { ["service"] = "checkout" }, "ran restart_service");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_call_that_its_agent_gave_up_ends_with_the_approved_result_when_it_is_repeated()
    {
        await using var bench = await Bench.StartAsync(Cancel);
        using var agent = AgentOf(bench, OwnLimit);
        await using var model = agent.ModelFor(s_call);
        await model.StartAsync(Cancel);

        var running = agent.RunAsync(model.Address, Cancel);
        var held = await bench.Alice.FindAsync("pending", Cancel);
        await GoOnAsync(running, model.DisappointedAsync(Cancel));
        await bench.Alice.VoteAsync(held.GetProperty("id").GetString()!, "approve", Cancel);

        await AssertFinishedAsync(bench, running);
        Assert.Collection(
            model.Told,
            told => Assert.Contains("timed out", told, StringComparison.Ordinal),
            told => Assert.Contains(s_call.Result, told, StringComparison.Ordinal));
    }

    /// <summary>
    /// A minute is what Claude Code and Gemini CLI wait for a silent server. The first people asked do not answer for
    /// longer than that; those who are asked next do.
    /// </summary>
    [Fact]
    public async Task A_call_that_is_held_for_more_than_a_minute_is_one_call_for_an_agent_as_it_comes()
    {
        await using var bench = await Bench.StartAsync(new ProductOptions { Policy = Escalating }, Cancel);
        using var agent = AgentOf(bench, limitSeconds: null);
        await using var model = agent.ModelFor(s_call);
        await model.StartAsync(Cancel);
        await using var changes = bench.Alice.ListenAsync(Cancel).GetAsyncEnumerator(Cancel);
        await changes.MoveNextAsync();

        var running = agent.RunAsync(model.Address, Cancel);
        await GoOnAsync(running, changes.MoveNextAsync().AsTask());
        var opened = changes.Current!.Value;
        await GoOnAsync(running, changes.MoveNextAsync().AsTask());
        Assert.Equal("pending", changes.Current!.Value.GetProperty("state").GetString());
        await bench.Product.As("BOB").VoteAsync(opened.GetProperty("id").GetString()!, "approve", Cancel);

        await AssertFinishedAsync(bench, running);
        Assert.Contains(s_call.Result, Assert.Single(model.Told), StringComparison.Ordinal);
    }

    private protected abstract CodingAgent AgentOf(Uri gate, string token, int? limitSeconds);

    private CodingAgent AgentOf(Bench bench, int? limitSeconds) =>
        AgentOf(bench.Product.Mcp("ops"), ProductFolder.TokenOf("DEPLOY_BOT"), limitSeconds);

    /// <summary>Waits for something that happens while the agent runs; an agent that ended says why.</summary>
    private static async Task GoOnAsync(Task<ProgramResult> running, Task next)
    {
        if (await Task.WhenAny(running, next) == running)
        {
            Assert.Fail((await running).ToString());
        }

        await next;
    }

    private static async Task AssertFinishedAsync(Bench bench, Task<ProgramResult> running)
    {
        var ended = await running.WaitAsync(Limits.HeldCall, Cancel);
        Assert.True(ended.ExitCode == 0, ended.ToString());
        Assert.Contains($"{PlayedModel.Finished} {s_call.Result}", ended.Output, StringComparison.Ordinal);
        Assert.Equal(s_call.Arguments.ToJsonString(), Assert.Single(bench.Upstream.Calls).Arguments);
    }
}

public sealed class ClaudeCodeTests : CodingAgentTests
{
    private protected override CodingAgent AgentOf(Uri gate, string token, int? limitSeconds) =>
        new ClaudeCode(gate, token) { LimitSeconds = limitSeconds };
}

public sealed class CodexTests : CodingAgentTests
{
    private protected override CodingAgent AgentOf(Uri gate, string token, int? limitSeconds) =>
        new Codex(gate, token) { LimitSeconds = limitSeconds };
}

public sealed class GeminiCliTests : CodingAgentTests
{
    private protected override CodingAgent AgentOf(Uri gate, string token, int? limitSeconds) =>
        new GeminiCli(gate, token) { LimitSeconds = limitSeconds };
}
