using System.Text.Json.Nodes;
using Countersign.Core.Actions;
using Countersign.Core.Reviews;

namespace Countersign.Tests.Mcp;

public sealed class ToolCallTests : IAsyncLifetime
{
    private FakeServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await FakeServer.StartAsync();
        _server.Tools.AddRange([FakeServer.Tool("read"), FakeServer.Tool("write"), FakeServer.Tool("drop")]);
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task The_list_shows_the_upstream_tools_and_those_of_the_gateway()
    {
        await using var host = await GateHost.StartAsync(_server);
        using var client = await RawClient.OpenAsync(host);

        var answer = await client.AskAsync("tools/list");

        var names = answer["result"]!["tools"]!.AsArray().Select(tool => (string)tool!["name"]!);
        Assert.Equal(["read", "write", "drop", "approval_wait", "approval_status", "would_this_need_approval"], names);
    }

    [Fact]
    public async Task An_allowed_call_runs_at_once_and_its_result_comes_back_as_it_is()
    {
        _server.Call = _ => """{"content":[],"structuredContent":{"n":12345678901234567890,"x":1.50},"vendor":[1]}""";
        await using var host = await GateHost.StartAsync(_server);
        using var client = await RawClient.OpenAsync(host);

        using var response = await client.PostAsync(
            RawClient.Request(7, "tools/call", """{"name":"read","arguments":{}}"""));
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

        await host.UntilQuietAsync();

        Assert.Contains(_server.Call([]), text, StringComparison.Ordinal);
        Assert.Equal(ActionState.Succeeded, host.Store.Actions.Single().State);
        Assert.True(host.Store.Actions.Single().Delivered);
    }

    [Fact]
    public async Task The_upstream_server_gets_the_canonical_arguments_byte_for_byte_and_no_other_parameter()
    {
        await using var host = await GateHost.StartAsync(_server);
        using var client = await RawClient.OpenAsync(host);

        await client.AskAsync(
            "tools/call",
            """
            { "name": "read", "arguments": { "b": 1.50, "a": "\u00e9\/", "big": 12345678901234567890 },
              "task": {}, "_meta": {"x": 1} }
            """);

        var body = _server.Calls.Single().Body;
        Assert.Contains(
            """params":{"name":"read","arguments":{"a":"é/","b":1.5,"big":12345678901234567890}}""",
            body,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_agents_own_headers_never_reach_the_upstream_server()
    {
        await using var host = await GateHost.StartAsync(_server);
        using var client = await RawClient.OpenAsync(host);

        await client.CallAsync("read");

        Assert.All(_server.Requests, request => Assert.Equal("Bearer target-secret", request.Headers["Authorization"]));
        var headers = _server.Requests.SelectMany(request => request.Headers.Values);
        Assert.DoesNotContain(headers, value => value.Contains("bot-token", StringComparison.Ordinal));
        Assert.DoesNotContain(_server.Requests, request => request.Headers.ContainsKey("Cookie"));
    }

    [Fact]
    public async Task A_held_call_runs_once_when_it_is_approved()
    {
        await using var host = await GateHost.StartAsync(_server);
        using var client = await RawClient.OpenAsync(host);

        var calling = client.CallAsync("write", """{"a":1}""");
        await host.DecideAsync(Decision.Approve);
        var result = await calling;

        Assert.Equal("ran write", RawClient.TextOf(result));
        Assert.Single(_server.Calls);
        Assert.Equal(ActionState.Succeeded, host.Store.Actions.Single().State);
    }

    [Fact]
    public async Task A_held_call_is_a_live_stream_that_tells_how_far_the_approval_is()
    {
        await using var host = await GateHost.StartAsync(_server);
        using var client = await RawClient.OpenAsync(host);

        using var response = await client.PostAsync(RawClient.Request(
            7, "tools/call", """{"name":"write","arguments":{},"_meta":{"progressToken":"p"}}"""));
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal("no", response.Headers.GetValues("X-Accel-Buffering").Single());
        Assert.True(response.Headers.CacheControl!.NoStore);
        var record = await host.DecideAsync(Decision.Approve);
        var messages = await client.MessagesAsync(response);

        Assert.Equal("notifications/progress", (string?)messages[0]["method"]);
        Assert.Equal("p", (string?)messages[0]["params"]!["progressToken"]);
        Assert.StartsWith(
            $"Waiting for approval {record.Id}, 0 of 1 approved, ",
            (string?)messages[0]["params"]!["message"],
            StringComparison.Ordinal);
        Assert.Equal("ran write", RawClient.TextOf(messages[^1]["result"]!));
    }

    [Fact]
    public async Task A_denied_call_is_a_readable_error_and_never_reaches_the_upstream_server()
    {
        await using var host = await GateHost.StartAsync(_server);
        using var client = await RawClient.OpenAsync(host);

        var calling = client.CallAsync("write");
        await host.DecideAsync(Decision.Deny, "Not on a Friday.");
        var result = await calling;

        Assert.True((bool?)result["isError"]);
        Assert.Contains("Not on a Friday.", RawClient.TextOf(result), StringComparison.Ordinal);
        Assert.Contains("nothing was executed", RawClient.TextOf(result), StringComparison.Ordinal);
        Assert.Contains("'writes'", RawClient.TextOf(result), StringComparison.Ordinal);
        Assert.Empty(_server.Calls);
    }

    [Fact]
    public async Task A_call_that_policy_refuses_says_which_rule_and_why()
    {
        await using var host = await GateHost.StartAsync(_server);
        using var client = await RawClient.OpenAsync(host);

        var result = await client.CallAsync("drop");

        Assert.True((bool?)result["isError"]);
        var text = RawClient.TextOf(result);
        Assert.Contains("Rule 'no-drops': Nothing is dropped here.", text, StringComparison.Ordinal);
        Assert.Empty(_server.Calls);
    }

    [Fact]
    public async Task When_patience_ends_the_call_is_pending_and_the_same_call_attaches()
    {
        await using var host = await GateHost.StartAsync(_server, Impatient);
        using var client = await RawClient.OpenAsync(host);

        var pending = await client.CallAsync("write", """{"a":1}""");
        var record = await host.DecideAsync(Decision.Approve);
        var result = await client.CallAsync("write", """{ "a" : 1.0 }""");

        Assert.False((bool?)pending["isError"]);
        Assert.Equal("pending_approval", (string?)pending["structuredContent"]!["status"]);
        Assert.Equal(record.Id.Value, (string?)pending["structuredContent"]!["action_id"]);
        Assert.Contains("Nothing has been executed", RawClient.TextOf(pending), StringComparison.Ordinal);
        Assert.Equal("ran write", RawClient.TextOf(result));
        Assert.Single(_server.Calls);
        Assert.Single(host.Store.Actions);
    }

    [Fact]
    public async Task A_pending_answer_of_a_tool_with_an_output_schema_is_an_error_without_structured_content()
    {
        _server.Tools[1]["outputSchema"] = new JsonObject { ["type"] = "object" };
        await using var host = await GateHost.StartAsync(_server, Impatient);
        using var client = await RawClient.OpenAsync(host);

        var pending = await client.CallAsync("write");

        Assert.True((bool?)pending["isError"]);
        Assert.Null(pending["structuredContent"]);
        Assert.StartsWith("PENDING APPROVAL act_", RawClient.TextOf(pending), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_tool_is_refused_without_sending_anything()
    {
        await using var host = await GateHost.StartAsync(_server);
        using var client = await RawClient.OpenAsync(host);

        var answer = await client.AskAsync("tools/call", """{"name":"nothing","arguments":{}}""");

        Assert.Equal(-32602, (int?)answer["error"]!["code"]);
        Assert.Empty(_server.Calls);
        Assert.Empty(host.Store.Actions);
    }

    private static Countersign.Gates.Mcp.McpOptions Impatient(Countersign.Gates.Mcp.McpOptions options) =>
        options with { Patience = options.Patience.Add("test", TimeSpan.FromMilliseconds(50)) };
}
