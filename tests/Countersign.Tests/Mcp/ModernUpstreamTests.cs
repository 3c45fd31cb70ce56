using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Countersign.Core.Actions;
using Countersign.Core.Reviews;

namespace Countersign.Tests.Mcp;

/// <summary>Requests of 2026-07-28 towards a server of the same revision.</summary>
public sealed class ModernUpstreamTests : IAsyncLifetime
{
    private const string Prefix = "io.modelcontextprotocol/";

    private const string Asks =
        """
        {"resultType":"input_required","requestState":"theirs",
         "inputRequests":{"name":{"method":"elicitation/create","params":{"message":"Who?"}}}}
        """;

    private FakeServer _server = null!;
    private GateHost _host = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await FakeServer.StartAsync();
        _server.Tools.AddRange([FakeServer.Tool("read"), FakeServer.Tool("write")]);
        _server.Methods["server/discover"] = _ =>
            """
            {"resultType":"complete","supportedVersions":["2026-07-28"],"ttlMs":0,"cacheScope":"public",
             "capabilities":{"tools":{"listChanged":true},"extensions":{"io.modelcontextprotocol/tasks":{},"a/b":{}}},
             "_meta":{"io.modelcontextprotocol/serverInfo":{"name":"new","version":"2"}}}
            """;
        _host = await GateHost.StartAsync(_server, options => options with
        {
            Patience = ImmutableDictionary<string, TimeSpan>.Empty.Add("modern", TimeSpan.FromMilliseconds(50)),
        });
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task It_is_asked_without_a_handshake_and_the_gateway_speaks_for_itself()
    {
        using var client = new ModernClient(_host)
        {
            Capabilities = JsonNode.Parse(
                """{"elicitation":{},"extensions":{"io.modelcontextprotocol/tasks":{},"x/y":{}}}""")!.AsObject(),
        };

        var answer = await client.CallAsync("read", new JsonObject { ["a"] = 1 });

        Assert.Equal("ran read", RawClient.TextOf(answer.Result));
        Assert.Equal(["server/discover", "tools/list", "tools/call"], _server.Requests.Select(sent => sent.RpcMethod));
        var call = _server.Calls.Single();
        Assert.Equal("2026-07-28", call.Headers["MCP-Protocol-Version"]);
        Assert.Equal("tools/call", call.Headers["Mcp-Method"]);
        Assert.Equal("read", call.Headers["Mcp-Name"]);
        Assert.Equal("Bearer target-secret", call.Headers["Authorization"]);
        var meta = call.Json["params"]!["_meta"]!;
        Assert.Equal("countersign", (string?)meta[Prefix + "clientInfo"]!["name"]);
        Assert.Equal(
            """{"elicitation":{},"extensions":{"x/y":{}}}""", meta[Prefix + "clientCapabilities"]!.ToJsonString());
    }

    [Fact]
    public async Task Discovery_hides_what_is_not_mediated_and_shows_tasks_which_are_the_gateways_own()
    {
        using var client = new ModernClient(_host)
        {
            Capabilities = new JsonObject { ["elicitation"] = new JsonObject() },
        };

        var answer = await client.AskAsync("server/discover");

        Assert.Equal(
            """{"tools":{},"extensions":{"io.modelcontextprotocol/tasks":{},"a/b":{}}}""",
            answer.Result["capabilities"]!.ToJsonString());
        Assert.Equal("new", (string?)answer.Result["_meta"]![Prefix + "serverInfo"]!["name"]);
        Assert.Equal("private", (string?)answer.Result["cacheScope"]);
    }

    [Fact]
    public async Task Input_for_a_tool_is_approved_like_its_arguments_and_reaches_it_unchanged()
    {
        _server.Call = parameters => parameters["inputResponses"] is null
            ? Asks
            : """{"resultType":"complete","content":[{"type":"text","text":"hello"}]}""";
        using var client = new ModernClient(_host);
        var first = await ApprovedAsync(client, ModernClient.CallOf("write"));
        Assert.Equal("theirs", (string?)first.Result["requestState"]);

        var second = await ApprovedAsync(client, Answered());

        Assert.Equal("hello", RawClient.TextOf(second.Result));
        var sent = _server.Calls[1].Json["params"]!;
        Assert.Equal("{}", sent["arguments"]!.ToJsonString());
        Assert.Equal("theirs", (string?)sent["requestState"]);
        Assert.Equal("Ada", (string?)sent["inputResponses"]!["name"]!["content"]!["name"]);
        Assert.Equal(2, _host.Store.Actions.Select(row => row.Id).Distinct().Count());
    }

    [Fact]
    public async Task An_approval_of_one_input_does_not_serve_another()
    {
        using var client = new ModernClient(_host);
        var held = await client.AskAsync("tools/call", Answered());
        Assert.Equal("input_required", (string?)held.Result["resultType"]);
        await _host.DecideAsync(Decision.Approve);

        var other = await client.AskAsync("tools/call", Answered("Eve"));

        Assert.Equal("input_required", (string?)other.Result["resultType"]);
        Assert.Empty(_server.Calls);
    }

    [Fact]
    public async Task Errors_a_client_has_to_act_upon_reach_it_as_errors_and_are_recorded()
    {
        _server.TakeCall = (context, message) =>
        {
            context.Response.StatusCode = 400;
            context.Response.ContentType = "application/json";
            return FakeServer.WriteAsync(
                context,
                $$$"""
                {"jsonrpc":"2.0","id":{{{message["id"]!.ToJsonString()}}},"error":{"code":-32021,"message":"no",
                 "data":{"requiredCapabilities":{"sampling":{ } } } } }
                """);
        };
        using var client = new ModernClient(_host);

        var answer = await client.CallAsync("read");
        await _host.UntilQuietAsync();

        Assert.Equal((400, -32021), (answer.Status, answer.ErrorCode));
        Assert.NotNull(answer.Last["error"]!["data"]!["requiredCapabilities"]!["sampling"]);
        Assert.Equal(ActionState.Failed, _host.Store.Actions.Single().State);
    }

    [Fact]
    public async Task A_tool_that_asks_for_input_tells_a_client_with_a_session_that_it_cannot_give_any()
    {
        _server.Call = _ => Asks;
        using var session = await RawClient.OpenAsync(_host);

        var result = await session.CallAsync("read");

        Assert.True((bool?)result["isError"]);
        Assert.StartsWith("INPUT REQUIRED", RawClient.TextOf(result), StringComparison.Ordinal);
    }

    private static JsonObject Answered(string name = "Ada")
    {
        var call = ModernClient.CallOf("write", state: "theirs");
        call["inputResponses"] = new JsonObject
        {
            ["name"] = new JsonObject { ["action"] = "accept", ["content"] = new JsonObject { ["name"] = name } },
        };
        return call;
    }

    /// <summary>The call is held, approved, and goes on with the state of that wait alone.</summary>
    private async Task<ModernAnswer> ApprovedAsync(ModernClient client, JsonObject call)
    {
        var held = await client.AskAsync("tools/call", call);
        var state = (string)held.Result["requestState"]!;
        Assert.StartsWith("cs1.", state, StringComparison.Ordinal);
        await _host.DecideAsync(Decision.Approve);
        var answer = await client.CallAsync("write", state: state);
        await _host.UntilQuietAsync();
        return answer;
    }
}
