using System.Text.Json.Nodes;
using Countersign.Core.Reviews;
using Countersign.Gates.Mcp;

namespace Countersign.Tests.Mcp;

/// <summary>What is none of the gateway's business and passes in both directions.</summary>
public sealed class PassThroughTests : IAsyncLifetime
{
    private FakeServer _server = null!;
    private GateHost _host = null!;
    private RawClient _client = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await FakeServer.StartAsync();
        _server.Tools.AddRange([FakeServer.Tool("read"), FakeServer.Tool("write")]);
        _host = await GateHost.StartAsync(_server);
        _client = await RawClient.OpenAsync(_host);
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _host.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Other_requests_and_their_results_pass_as_they_are()
    {
        _server.Methods["resources/read"] = parameters =>
            $$"""{"contents":[{"uri":"{{(string?)parameters["uri"]}}","text":"1.50"}],"vendor":1.50}""";

        using var response = await _client.PostAsync(RawClient.Request(3, "resources/read", """{"uri":"x://y"}"""));
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

        const string expected = """{"contents":[{"uri":"x://y","text":"1.50"}],"vendor":1.50}""";
        Assert.Contains(expected, text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tools/call")]
    [InlineData("tools/list")]
    [InlineData("vendor/delete_everything")]
    public async Task A_method_without_an_id_never_reaches_the_target(string method)
    {
        using var refused = await _client.PostAsync(
            $$"""{"jsonrpc":"2.0","method":"{{method}}","params":{"name":"write","arguments":{} } }""");
        using var passed = await _client.PostAsync("""{"jsonrpc":"2.0","method":"notifications/vendor"}""");

        Assert.Equal(System.Net.HttpStatusCode.BadRequest, refused.StatusCode);
        Assert.Equal(System.Net.HttpStatusCode.Accepted, passed.StatusCode);
        await _server.UntilAsync(request => request.RpcMethod == "notifications/vendor");
        Assert.DoesNotContain(_server.Requests, request => request.RpcMethod == method);
    }

    [Fact]
    public async Task Errors_of_the_upstream_server_pass_as_they_are()
    {
        var answer = await _client.AskAsync("prompts/get", """{"name":"x"}""");

        Assert.Equal("no such method", (string?)answer["error"]!["message"]);
    }

    [Theory]
    [InlineData("sampling/createMessage")]
    [InlineData("elicitation/create")]
    [InlineData("roots/list")]
    public async Task A_question_of_the_server_and_its_answer_each_arrive_under_the_receivers_own_id(string method)
    {
        _server.TakeCall = async (context, message) =>
        {
            await FakeServer.SendEventAsync(
                context, $$"""{"jsonrpc":"2.0","id":"s-1","method":"{{method}}","params":{"x":1} }""");
            await _server.UntilAsync(request => request.Body.Contains("\"s-1\"", StringComparison.Ordinal));
            await FakeServer.SendEventAsync(
                context, $$"""{"jsonrpc":"2.0","id":{{message["id"]!.ToJsonString()}},"result":{"content":[]} }""");
        };
        using var response = await _client.PostAsync(
            RawClient.Request(7, "tools/call", """{"name":"read","arguments":{}}"""));
        var question = await RawClient.FirstEventAsync(response);

        using var accepted = await _client.PostAsync(
            $$"""{"jsonrpc":"2.0","id":{{question["id"]!.ToJsonString()}},"result":{"answer":42} }""");

        Assert.Equal(method, (string?)question["method"]);
        Assert.Equal(202, (int)accepted.StatusCode);
        var answer = await _server.UntilAsync(request => request.Body.Contains("\"s-1\"", StringComparison.Ordinal));
        Assert.Equal(42, (int?)answer.Json["result"]!["answer"]);
    }

    [Fact]
    public async Task The_progress_of_the_tool_continues_above_the_gateways_own()
    {
        _server.TakeCall = async (context, message) =>
        {
            await FakeServer.SendEventAsync(
                context,
                """
                {"jsonrpc":"2.0","method":"notifications/progress",
                 "params":{"progressToken":"p","progress":0.5,"total":2}}
                """);
            await FakeServer.SendEventAsync(
                context, $$"""{"jsonrpc":"2.0","id":{{message["id"]!.ToJsonString()}},"result":{"content":[]} }""");
        };

        using var response = await _client.PostAsync(RawClient.Request(
            7, "tools/call", """{"name":"write","arguments":{},"_meta":{"progressToken":"p"}}"""));
        await _host.DecideAsync(Decision.Approve);
        var messages = await _client.MessagesAsync(response);

        var progress = messages.Where(message => message["method"] is not null)
            .Select(message => (double)message["params"]!["progress"]!).ToList();
        Assert.Equal(progress.Order(), progress);
        Assert.Equal(progress.Distinct(), progress);
        Assert.Equal(2, progress.Count);
    }

    [Fact]
    public async Task What_belongs_to_no_request_comes_over_the_clients_own_stream()
    {
        using var stream = await _client.SendAsync(HttpMethod.Get);
        _server.TakeCall = async (context, message) =>
        {
            await FakeServer.SendEventAsync(
                context, """{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}""");
            await FakeServer.SendEventAsync(
                context, $$"""{"jsonrpc":"2.0","id":{{message["id"]!.ToJsonString()}},"result":{"content":[]} }""");
        };
        await _client.CallAsync("read");

        var notification = await RawClient.FirstEventAsync(stream);

        Assert.Equal("text/event-stream", stream.Content.Headers.ContentType?.MediaType);
        Assert.Equal("notifications/tools/list_changed", (string?)notification["method"]);
    }

    [Fact]
    public async Task Notifications_of_the_client_reach_the_server()
    {
        using var response = await _client.PostAsync(
            """{"jsonrpc":"2.0","method":"notifications/roots/list_changed"}""");

        Assert.Equal(202, (int)response.StatusCode);
        await _server.UntilAsync(request => request.RpcMethod == "notifications/roots/list_changed");
    }

    [Fact]
    public async Task The_servers_introduction_passes_without_what_is_not_mediated()
    {
        _server.Capabilities = new JsonObject
        {
            ["tools"] = new JsonObject(),
            ["tasks"] = new JsonObject(),
            ["vendor"] = new JsonObject { ["x"] = 1 },
        };
        using var client = new RawClient(_host.Endpoint);

        var answer = await client.AskAsync(
            "initialize", """{"protocolVersion":"2025-11-25","capabilities":{"tasks":{},"roots":{}}}""");

        Assert.Equal("Be careful.", (string?)answer["result"]!["instructions"]);
        Assert.NotNull(answer["result"]!["capabilities"]!["vendor"]);
        Assert.Null(answer["result"]!["capabilities"]!["tasks"]);
        var hello = _server.Requests.Last(request => request.RpcMethod == "initialize").Json["params"]!;
        Assert.NotNull(hello["capabilities"]!["roots"]);
        Assert.Null(hello["capabilities"]!["tasks"]);
    }

    [Fact]
    public async Task The_agents_reason_is_claimed_and_not_part_of_the_action()
    {
        await using var asking = await GateHost.StartAsync(_server, options => options with { AskReason = true });
        using var client = await RawClient.OpenAsync(asking);

        var list = await client.AskAsync("tools/list");
        var calling = client.CallAsync("write", """{"a":1,"countersign_reason":"because"}""");
        var record = await asking.DecideAsync(Decision.Approve);
        await calling;

        Assert.NotNull(list["result"]!["tools"]![0]!["inputSchema"]!["properties"]!["countersign_reason"]);
        Assert.Equal("because", record.Claimed.Reason);
        Assert.Equal("""{"a":1}""", record.Action.Arguments.ToString());
        Assert.DoesNotContain("because", _server.Calls.Single().Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("claude-code", true, 1800)]
    [InlineData("claude-code", false, 45)]
    [InlineData("codex-mcp-client", true, 280)]
    [InlineData("gemini-cli-mcp-client", true, 540)]
    [InlineData("anything", true, 45)]
    [InlineData("mine", false, 7)]
    public void Patience_is_what_the_client_was_measured_to_have_or_what_the_user_wrote(
        string client, bool token, int seconds)
    {
        var options = new McpOptions(new McpUpstream.Http(new Uri("http://x/"), null));
        options = options with { Patience = options.Patience.Add("mine", TimeSpan.FromSeconds(7)) };

        Assert.Equal(TimeSpan.FromSeconds(seconds), Patience.Of(client, token, options));
    }
}
