using System.Text.Json;
using Countersign.EndToEnd.Support;
using Countersign.EndToEnd.Support.Conformance;

namespace Countersign.EndToEnd;

/// <summary>
/// The official suite's scenarios of the tasks extension, in front of a server that knows no tasks: every task is one
/// of the gate's own, made of a held call that a person approves a moment later.
/// </summary>
public sealed class ConformanceTaskTests : IAsyncLifetime
{
    private const string Policy =
        """
        version: 1
        default: deny
        rules:
          - id: at-once
            reason: It only talks.
            when: >-
              action.operation == "greet" ||
              action.operation == "test_tool_with_task" && !has(action.arguments.countersign_input)
            then: allow
          - id: jobs
            reason: Somebody has to look.
            when: >-
              action.operation in ["slow_compute", "failing_job", "protocol_error_job", "confirm_delete", "multi_input"]
              || action.operation == "test_tool_with_task" && has(action.arguments.countersign_input)
            then:
              require:
                stages: [ { of: group:platform, need: 1, within: 30m } ]
                assurance: token

        """;

    /// <summary>Long enough for a client that cancels at once to come first.</summary>
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(700);

    private readonly CancellationTokenSource _over = new();
    private ConformanceServer _server = null!;
    private Product _product = null!;
    private TokenProxy _proxy = null!;
    private Task _approving = Task.CompletedTask;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _server = await ConformanceServer.StartAsync(Cancel);
        _product = await Product.StartAsync(
            new ProductOptions { Upstream = _server.Address, Policy = Policy }, Cancel);
        _proxy = await TokenProxy.StartAsync(
            _product.Mcp("ops"), ProductFolder.TokenOf("DEPLOY_BOT"), Cancel);
        _approving = ApproveAsync(_over.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        await _approving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _proxy.DisposeAsync();
        await _product.DisposeAsync();
        await _server.DisposeAsync();
        _over.Dispose();
    }

    [Theory]
    [InlineData("tasks-capability-negotiation")]
    [InlineData("tasks-dispatch-and-envelope")]
    [InlineData("tasks-mrtr-composition")]
    [InlineData("tasks-mrtr-input")]
    [InlineData("tasks-request-headers")]
    [InlineData("tasks-request-state-removal")]
    [InlineData("tasks-wire-fields")]
    public async Task A_scenario_passes(string scenario)
    {
        var output = await RunAsync(scenario);

        Assert.True(output.Contains(", 0 failed, 0 warnings", StringComparison.Ordinal), output);
    }

    /// <summary>
    /// The one check that fails wants a server's JSON-RPC error as the task's error. Calls through the gate get such an
    /// error as a result that a model can read, and a task tells what the call would have been answered with.
    /// </summary>
    [Fact]
    public async Task The_life_of_a_task_is_the_suites_but_for_errors_that_are_told_as_results()
    {
        var output = await RunAsync("tasks-lifecycle");

        Assert.True(output.Contains(", 1 failed, 0 warnings", StringComparison.Ordinal), output);
        Assert.Contains("protocol error MUST surface as failed", output, StringComparison.Ordinal);
    }

    private async Task<string> RunAsync(string scenario)
    {
        var run = await RunningProgram.RunAsync(
            new ProgramOptions(
                Repository.NodeProgram("node"),
                [
                    Repository.NodeProgram("conformance"), "server", "--url", _proxy.Address.ToString(),
                    "--scenario", scenario,
                ])
            {
                WorkingDirectory = Repository.Node,
            },
            Cancel);
        return run.ToString();
    }

    /// <summary>Approves whatever is pending, a moment after it came.</summary>
    private async Task ApproveAsync(CancellationToken cancellationToken)
    {
        var alice = _product.As("ALICE");
        while (true)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100), cancellationToken);
            var list = await alice.GetAsync("v1/actions?state=pending", cancellationToken);
            foreach (var item in list.Json.GetProperty("items").EnumerateArray().Where(IsRipe))
            {
                await alice.VoteAsync(
                    item.GetProperty("id").GetString()!,
                    "approve",
                    item.GetProperty("digest").GetString()!,
                    cancellationToken);
            }
        }
    }

    private static bool IsRipe(JsonElement action) =>
        action.GetProperty("created_at").GetDateTimeOffset() + s_look < TimeProvider.System.GetUtcNow();
}
