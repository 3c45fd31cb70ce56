using System.Text.Json.Nodes;
using Countersign.Core.Actions;
using Countersign.Core.Reviews;

namespace Countersign.Tests.Mcp;

/// <summary>Who gets an outcome when clients leave, cancel, repeat and race.</summary>
public sealed class DeliveryTests : IAsyncLifetime
{
    private readonly TaskCompletionSource _ran = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private FakeServer _server = null!;
    private GateHost _host = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await FakeServer.StartAsync();
        _server.Tools.AddRange([FakeServer.Tool("read"), FakeServer.Tool("write")]);
        _host = await GateHost.StartAsync(_server);
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task A_client_that_left_during_execution_gets_the_outcome_by_repeating_the_call_once()
    {
        HoldExecution();
        using var client = await RawClient.OpenAsync(_host);
        using var hangUp = new CancellationTokenSource();
        client.Leave = hangUp.Token;
        var left = client.CallAsync("write");
        await _host.DecideAsync(Decision.Approve);
        await _begun.Task;
        await hangUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left);
        await _host.UntilQuietAsync();
        _ran.SetResult();
        await _host.UntilAsync(ActionState.Succeeded);
        client.Leave = TestContext.Current.CancellationToken;

        var repeated = await client.CallAsync("write");
        var again = client.CallAsync("write");
        var fresh = await _host.UntilAsync(ActionState.Pending);
        await _host.DecideAsync(Decision.Deny);
        await again;

        Assert.Equal("slow", RawClient.TextOf(repeated));
        Assert.Single(_server.Calls);
        Assert.NotEqual(fresh.Id, _host.Store.Actions.Single(row => row.State == ActionState.Succeeded).Id);
    }

    [Fact]
    public async Task A_client_that_left_while_waiting_cancels_nothing()
    {
        using var client = await RawClient.OpenAsync(_host);
        using var hangUp = new CancellationTokenSource();
        client.Leave = hangUp.Token;
        var left = client.CallAsync("write");
        await _host.UntilAsync(ActionState.Pending);
        await hangUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left);
        await _host.UntilQuietAsync();
        await _host.DecideAsync(Decision.Approve);
        Assert.Empty(_server.Calls);
        client.Leave = TestContext.Current.CancellationToken;

        var result = await client.CallAsync("write");

        Assert.Equal("ran write", RawClient.TextOf(result));
        Assert.Single(_server.Calls);
    }

    [Fact]
    public async Task A_cancelled_call_stops_waiting_without_an_answer_and_its_review_stays_open()
    {
        using var client = await RawClient.OpenAsync(_host);
        using var response = await client.PostAsync(
            RawClient.Request(7, "tools/call", """{"name":"write","arguments":{}}"""));
        await _host.UntilAsync(ActionState.Pending);

        using var accepted = await client.PostAsync(
            """{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7}}""");
        var messages = await client.MessagesAsync(response);

        Assert.Equal(202, (int)accepted.StatusCode);
        Assert.Empty(messages);
        Assert.Equal(ActionState.Pending, _host.Store.Actions.Single().State);
    }

    [Fact]
    public async Task Two_identical_calls_share_one_review_and_run_once_per_approval()
    {
        using var client = await RawClient.OpenAsync(_host);
        using var second = await RawClient.OpenAsync(_host);
        var calling = client.CallAsync("write");
        await _host.UntilAsync(ActionState.Pending);
        using var response = await second.PostAsync(RawClient.Request(
            7, "tools/call", """{"name":"write","arguments":{},"_meta":{"progressToken":"p"}}"""));
        using var stream = new StreamReader(await response.Content.ReadAsStreamAsync(second.Leave));
        await UntilHeldAsync(stream);
        var callingToo = ResultAsync(stream);

        await _host.DecideAsync(Decision.Approve);
        var first = await Task.WhenAny(calling, callingToo);
        var result = await first;
        // One approval is one run: whoever was slower asks anew.
        await _host.UntilAsync(ActionState.Pending);
        await _host.DecideAsync(Decision.Deny);
        var other = await (first == calling ? callingToo : calling);

        Assert.Equal("ran write", RawClient.TextOf(result));
        Assert.StartsWith("DENIED", RawClient.TextOf(other), StringComparison.Ordinal);
        Assert.Single(_server.Calls);
    }

    [Fact]
    public async Task A_session_outlives_a_restart_of_the_gateway()
    {
        using var client = await RawClient.OpenAsync(_host);
        await using var restarted = await GateHost.StartAsync(_server, store: _host.Store);
        using var later = new RawClient(restarted.Endpoint) { Session = client.Session };

        var result = await later.CallAsync("read");

        Assert.Equal("ran read", RawClient.TextOf(result));
        var hello = _server.Requests.Last(request => request.RpcMethod == "initialize").Json["params"]!;
        Assert.Equal("test", (string?)hello["clientInfo"]!["name"]);
        Assert.NotNull(hello["capabilities"]!["sampling"]);
    }

    [Fact]
    public async Task An_approval_that_came_while_nobody_waited_is_found_by_waiting_and_used_by_repeating()
    {
        using var client = await RawClient.OpenAsync(_host);
        using var hangUp = new CancellationTokenSource();
        client.Leave = hangUp.Token;
        var left = client.CallAsync("write");
        var id = (await _host.UntilAsync(ActionState.Pending)).Id;
        await hangUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left);
        await _host.UntilQuietAsync();
        client.Leave = TestContext.Current.CancellationToken;

        var waiting = client.CallAsync("approval_wait", $$"""{"action_id":"{{id}}"}""");
        await _host.DecideAsync(Decision.Approve);
        var waited = await waiting;
        var status = await client.CallAsync("approval_status", $$"""{"action_id":"{{id}}"}""");

        Assert.Equal("approved", (string?)waited["structuredContent"]!["state"]);
        Assert.Contains("Repeat exactly the same call", RawClient.TextOf(waited), StringComparison.Ordinal);
        Assert.Equal("approved", (string?)status["structuredContent"]!["state"]);
        Assert.Empty(_server.Calls);
    }

    [Fact]
    public async Task Nobody_sees_the_actions_of_another_agent()
    {
        using var client = await RawClient.OpenAsync(_host);
        using var stranger = await RawClient.OpenAsync(_host, token: "other-token");
        await client.CallAsync("read");
        var id = _host.Store.Actions.Single().Id;

        JsonNode own = await client.CallAsync("approval_status", $$"""{"action_id":"{{id}}"}""");
        JsonNode others = await stranger.CallAsync("approval_status", $$"""{"action_id":"{{id}}"}""");

        Assert.Equal("succeeded", (string?)own["structuredContent"]!["state"]);
        Assert.True((bool?)others["isError"]);
        Assert.StartsWith("Unknown action", RawClient.TextOf(others), StringComparison.Ordinal);
    }

    private void HoldExecution() => _server.TakeCall = async (context, message) =>
    {
        _begun.TrySetResult();
        await _ran.Task;
        context.Response.ContentType = "application/json";
        await FakeServer.WriteAsync(
            context,
            $$"""
            {"jsonrpc":"2.0","id":{{message["id"]!.ToJsonString()}},
             "result":{"content":[{"type":"text","text":"slow"}]} }
            """);
    };

    private static async Task UntilHeldAsync(StreamReader stream)
    {
        var line = "";
        while (!line.Contains("Waiting for approval", StringComparison.Ordinal))
        {
            line = await stream.ReadLineAsync(TestContext.Current.CancellationToken)
                ?? throw new EndOfStreamException();
        }
    }

    private static async Task<JsonNode> ResultAsync(StreamReader stream)
    {
        var rest = await stream.ReadToEndAsync(TestContext.Current.CancellationToken);
        var answer = rest.Split('\n').Last(line => line.StartsWith("data: ", StringComparison.Ordinal));
        return JsonNode.Parse(answer[6..])!["result"]!;
    }
}
