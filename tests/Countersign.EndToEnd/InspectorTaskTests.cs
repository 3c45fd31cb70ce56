using System.Text.Json.Nodes;
using Countersign.EndToEnd.Clients;
using Countersign.EndToEnd.Support;
using Countersign.EndToEnd.Support.Conformance;

namespace Countersign.EndToEnd;

/// <summary>
/// MCP Inspector in 2026-07-28, where it takes a task for an answer and asks for it until it is over. It also says that
/// it can be asked, so that the target's server has to speak that revision too.
/// </summary>
public sealed class InspectorTaskTests : IAsyncLifetime
{
    private const string Policy =
        """
        version: 1
        default: deny
        rules:
          - id: reads
            reason: It only talks.
            when: action.operation == "test_simple_text"
            then: allow
          - id: jobs
            reason: Somebody has to look.
            when: action.operation in ["greet", "failing_job"]
            then:
              require:
                stages: [ { of: group:platform, need: 1, within: 30m } ]
                assurance: token

        """;

    /// <summary>Longer than it allows any request.</summary>
    private static readonly TimeSpan s_beyondOneRequest = TimeSpan.FromSeconds(65);

    private ConformanceServer _server = null!;
    private Product _product = null!;
    private Inspector _inspector = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _server = await ConformanceServer.StartAsync(Cancel);
        _product = await Product.StartAsync(
            new ProductOptions { Upstream = _server.Address, Policy = Policy }, Cancel);
        _inspector = new Inspector(_product.Mcp("ops"), ProductFolder.TokenOf("DEPLOY_BOT"), era: "modern");
    }

    public async ValueTask DisposeAsync()
    {
        await _inspector.DisposeAsync();
        await _product.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task A_call_that_is_held_longer_than_a_request_may_take_gets_its_result()
    {
        var calling = _inspector.CallAsync("greet", new JsonObject { ["name"] = "Ada" }, Cancel);
        var held = await _product.As("ALICE").FindAsync("pending", Cancel);
        await Task.Delay(s_beyondOneRequest, Cancel);
        Assert.False(calling.IsCompleted);
        await VoteAsync(held.GetProperty("id").GetString()!, "approve");

        Assert.Equal(new ToolAnswer(IsError: false, "Hello, Ada!", Status: null), await calling);
    }

    [Fact]
    public async Task A_denied_call_carries_what_the_reviewer_said()
    {
        var answer = await DecidedAsync("greet", "deny");

        Assert.True(answer.IsError);
        Assert.Contains("Denied by alice: deny by a test", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_tool_that_fails_says_so()
    {
        var answer = await DecidedAsync("failing_job", "approve");

        Assert.Equal(new ToolAnswer(IsError: true, "The job failed.", Status: null), answer);
    }

    [Fact]
    public async Task An_allowed_call_is_no_task()
    {
        var answer = await _inspector.CallAsync("test_simple_text", [], Cancel);

        Assert.Equal("This is a simple text response for testing.", answer.Text);
    }

    private async Task<ToolAnswer> DecidedAsync(string tool, string decision)
    {
        var calling = _inspector.CallAsync(tool, [], Cancel);
        var held = await _product.As("ALICE").FindAsync("pending", Cancel);
        await VoteAsync(held.GetProperty("id").GetString()!, decision);
        return await calling;
    }

    private Task<ApiAnswer> VoteAsync(string id, string decision) =>
        _product.As("ALICE").VoteAsync(id, decision, Cancel);
}
