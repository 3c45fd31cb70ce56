using System.Text.Json.Nodes;
using Countersign.EndToEnd.Clients;
using Countersign.EndToEnd.Support;

namespace Countersign.EndToEnd;

/// <summary>A client gives up before the gate does: the repeated call attaches to what the first one opened.</summary>
public sealed class ClientTimeoutTests(SharedBench shared) : IClassFixture<SharedBench>
{
    private static readonly TimeSpan s_impatience = TimeSpan.FromSeconds(2);

    private readonly Bench _bench = shared.Bench;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("sdk-v1.mjs")]
    [InlineData("sdk-v2.mjs")]
    public async Task A_call_given_up_while_pending_gets_its_result_when_it_is_repeated(string script)
    {
        await using var client = Connect(script);
        var arguments = new JsonObject { ["pending"] = script };

        var failure = await client.CallInVainAsync("restart_service", arguments, s_impatience, Cancel);
        var held = await _bench.Alice.FindAsync("pending", Cancel);
        await _bench.Alice.VoteAsync(held.GetProperty("id").GetString()!, "approve", Cancel);
        var answer = await client.CallAsync("restart_service", arguments, Cancel);

        Assert.Contains("timed out", failure, StringComparison.OrdinalIgnoreCase);
        Assert.Equal("ran restart_service", answer.Text);
        Assert.Single(_bench.Upstream.Calls, call => call.Arguments == arguments.ToJsonString());
    }

    [Theory]
    [InlineData("sdk-v1.mjs")]
    [InlineData("sdk-v2.mjs")]
    public async Task A_call_given_up_while_executing_gets_its_outcome_when_it_is_repeated(string script)
    {
        var release = new TaskCompletionSource();
        _bench.Upstream.Reply = async (call, cancelled) =>
        {
            await release.Task.WaitAsync(cancelled);
            return new UpstreamReply.Text($"ran {call.Tool}");
        };
        await using var client = Connect(script);
        var arguments = new JsonObject { ["executing"] = script };

        await client.CallInVainAsync("read_report", arguments, s_impatience, Cancel);
        // While the first call is still there, an identical one is a call of its own; one more question makes sure that
        // the gate has heard of the first one's end.
        await client.ListAsync(Cancel);
        release.SetResult();
        var answer = await client.CallAsync("read_report", arguments, Cancel);

        Assert.Equal("ran read_report", answer.Text);
        Assert.Single(_bench.Upstream.Calls, call => call.Arguments == arguments.ToJsonString());
    }

    private NodeClient Connect(string script) =>
        NodeClient.Start(script, _bench.Product.Mcp("ops"), ProductFolder.TokenOf("DEPLOY_BOT"));
}
