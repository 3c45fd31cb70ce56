using System.Net;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Gates.Mcp;

namespace Countersign.Tests.Mcp;

/// <summary>What a client sees when its agent is stopped.</summary>
public sealed class StopTests : IAsyncLifetime
{
    private FakeServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await FakeServer.StartAsync();
        _server.Tools.AddRange([FakeServer.Tool("read"), FakeServer.Tool("write")]);
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task A_held_call_is_answered_and_everything_new_is_refused_at_the_door()
    {
        await using var host = await GateHost.StartAsync(_server);
        using var client = await RawClient.OpenAsync(host);
        var held = client.AskAsync("tools/call", """{"name":"write","arguments":{}}""");
        await host.UntilAsync(ActionState.Pending);

        await StopAsync(host);

        var answer = (await held).ToJsonString();
        Assert.Contains("WITHDRAWN", answer, StringComparison.Ordinal);
        Assert.Contains("Agent bot was stopped by alice: enough", answer, StringComparison.Ordinal);
        foreach (var method in new[] { "tools/list", "ping", "initialize" })
        {
            using var refused = await client.PostAsync(RawClient.Request(9, method, "{}"));
            Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
            Assert.Contains(
                "agent-stopped", await refused.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        }

        Assert.Empty(_server.Calls);
    }

    [Fact]
    public async Task A_call_that_was_let_in_a_moment_before_is_told_in_its_result()
    {
        await using var host = await GateHost.StartAsync(_server);
        using var client = await RawClient.OpenAsync(host);
        await host.Store.CommitAsync(
            new Countersign.Core.Storage.Change
            {
                Stop = new AgentId("bot"),
                Entries = [new(Countersign.Core.Ledger.EntryType.AgentStopped, null, 0, Said)],
            },
            Cancel);

        var answer = (await client.AskAsync("tools/call", """{"name":"read","arguments":{}}""")).ToJsonString();

        Assert.Contains("AGENT STOPPED; nothing was executed. Because.", answer, StringComparison.Ordinal);
        Assert.Empty(_server.Calls);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_stop_between_the_claim_and_the_call_keeps_the_call_from_being_sent(bool isLive)
    {
        await using var host = await GateHost.StartAsync(
            new McpUpstream.Http(_server.Address, Credential: null),
            limits: new McpLimits { DefinitionFreshness = TimeSpan.Zero });
        using var client = await RawClient.OpenAsync(host);
        _server.Intercept = async (_, message) =>
        {
            // The tool is looked at once more when the action is claimed.
            if ((string?)message?["method"] == "tools/list"
                && host.Store.Actions.Any(action => action.State == ActionState.Executing))
            {
                await StopAsync(host);
            }

            return false;
        };

        await (isLive
            ? client.CallAsync("read")
            : (Task)host.Office.Gatekeeper.AdmitAsync(host.AskOverApi("read"), Cancel));
        var record = await host.UntilAsync(ActionState.Failed);

        Assert.Contains("Nothing was sent: people stopped the agent.", record.Outcome!.Error, StringComparison.Ordinal);
        Assert.Empty(_server.Calls);
    }

    [Fact]
    public async Task The_stream_of_a_stopped_agent_ends()
    {
        await using var host = await GateHost.StartAsync(_server);
        using var client = await RawClient.OpenAsync(host);
        using var stream = await client.SendAsync(HttpMethod.Get);
        await using var body = await stream.Content.ReadAsStreamAsync(Cancel);

        await StopAsync(host);

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(20));
        var buffer = new byte[1024];
        while (await body.ReadAsync(buffer, limit.Token) > 0)
        {
            // What was on its way comes first; then the stream ends instead of waiting for the next message.
        }
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static byte[] Said => """{"reason":"Because.","person":"alice","comment":null}"""u8.ToArray();

    private static async Task StopAsync(GateHost host) => Assert.IsType<StopAnswer.Stopped>(
        await host.Office.Agents.StopAsync(new AgentId("bot"), GateHost.Alice, "enough", Cancel));
}
