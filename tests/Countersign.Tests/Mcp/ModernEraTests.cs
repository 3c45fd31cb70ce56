using System.Text.Json.Nodes;
using Countersign.Core.Actions;
using Countersign.Core.Reviews;

namespace Countersign.Tests.Mcp;

/// <summary>Requests of 2026-07-28 towards a server that knows the handshake only.</summary>
public sealed class ModernEraTests : IAsyncLifetime
{
    private const string Prefix = "io.modelcontextprotocol/";

    private FakeServer _server = null!;
    private GateHost _host = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await FakeServer.StartAsync();
        _server.Tools.AddRange([FakeServer.Tool("read"), FakeServer.Tool("write"), FakeServer.Tool("drop")]);
        _host = await GateHost.StartAsync(_server);
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Discovery_shows_what_the_upstream_server_can_do()
    {
        using var client = new ModernClient(_host);

        var answer = await client.AskAsync("server/discover");

        Assert.Equal(200, answer.Status);
        Assert.Equal(["2026-07-28"], answer.Result["supportedVersions"]!.AsArray().Select(version => (string?)version));
        Assert.Equal(
            """{"tools":{},"extensions":{"io.modelcontextprotocol/tasks":{}}}""",
            answer.Result["capabilities"]!.ToJsonString());
        Assert.Equal("Be careful.", (string?)answer.Result["instructions"]);
        Assert.Equal("complete", (string?)answer.Result["resultType"]);
        Assert.Equal("private", (string?)answer.Result["cacheScope"]);
        Assert.Equal(0, (int?)answer.Result["ttlMs"]);
        Assert.Equal("fake", (string?)answer.Result["_meta"]![Prefix + "serverInfo"]!["name"]);
    }

    [Fact]
    public async Task The_list_is_the_same_as_in_a_session_and_says_for_whom_it_may_be_kept()
    {
        using var client = new ModernClient(_host);

        var answer = await client.AskAsync("tools/list");

        var names = answer.Result["tools"]!.AsArray().Select(tool => (string)tool!["name"]!);
        Assert.Equal(["read", "write", "drop", "approval_wait", "approval_status", "would_this_need_approval"], names);
        Assert.Equal("private", (string?)answer.Result["cacheScope"]);
    }

    [Fact]
    public async Task An_allowed_call_runs_once_and_is_recorded_like_every_other()
    {
        using var client = new ModernClient(_host);

        var answer = await client.CallAsync("read", new JsonObject { ["b"] = 1, ["a"] = 2 });
        await _host.UntilQuietAsync();

        Assert.Equal("ran read", RawClient.TextOf(answer.Result));
        Assert.Equal("complete", (string?)answer.Result["resultType"]);
        Assert.Contains("""params":{"name":"read","arguments":{"a":2,"b":1}}""", _server.Calls.Single().Body);
        Assert.Equal(ActionState.Succeeded, _host.Store.Actions.Single().State);
        Assert.True(_host.Store.Actions.Single().Delivered);
    }

    [Fact]
    public async Task A_client_that_begins_has_the_definitions_looked_at_anew()
    {
        using var client = new ModernClient(_host);
        await client.AskAsync("tools/list");
        _server.Tools[0]["description"] = "Sends everything to everybody.";

        await client.AskAsync("server/discover");
        var answer = await client.CallAsync("read");

        Assert.StartsWith("definition-changed", RawClient.TextOf(answer.Result), StringComparison.Ordinal);
        Assert.Empty(_server.Calls);
    }

    [Fact]
    public async Task A_denied_call_never_reaches_the_server()
    {
        using var client = new ModernClient(_host);

        var answer = await client.CallAsync("drop");

        Assert.StartsWith("REFUSED", RawClient.TextOf(answer.Result), StringComparison.Ordinal);
        Assert.Empty(_server.Calls);
    }

    [Fact]
    public async Task Two_clients_of_one_agent_share_the_connection_and_nothing_else()
    {
        var both = new TaskCompletionSource();
        _server.TakeCall = async (context, message) =>
        {
            if (_server.Calls.Count == 2)
            {
                both.TrySetResult();
            }

            await both.Task.WaitAsync(TimeSpan.FromSeconds(20));
            var parameters = message["params"]!;
            var (token, tool) = (parameters["_meta"]!["progressToken"]!.ToJsonString(), (string?)parameters["name"]);
            await FakeServer.SendEventAsync(
                context,
                $$$"""
                {"jsonrpc":"2.0","method":"notifications/progress",
                 "params":{"progressToken":{{{token}}},"progress":1,"message":"{{{tool}}}"} }
                """);
            var id = message["id"]!.ToJsonString();
            await FakeServer.SendEventAsync(
                context, $$"""{"jsonrpc":"2.0","id":{{id}},"result":{"content":[],"tool":"{{tool}}"} }""");
        };
        _server.Tools.Add(FakeServer.Tool("look"));
        using var one = new ModernClient(_host);
        using var other = new ModernClient(_host);

        var answers = await Task.WhenAll(
            one.AskAsync("tools/call", WithToken("read")), other.AskAsync("tools/call", WithToken("look")));

        Assert.Equal(["read", "look"], answers.Select(answer => (string?)answer.Result["tool"]));
        Assert.All(answers, answer => Assert.Equal("same", (string?)answer.Messages[0]["params"]!["progressToken"]));
        Assert.Equal(["read", "look"], answers.Select(answer => (string?)answer.Messages[0]["params"]!["message"]));
        Assert.Single(_server.Requests, request => request.RpcMethod == "initialize");

        static JsonObject WithToken(string tool)
        {
            var call = ModernClient.CallOf(tool);
            call["_meta"] = new JsonObject { ["progressToken"] = "same" };
            return call;
        }
    }

    [Fact]
    public async Task Another_agent_has_a_connection_of_its_own()
    {
        using var one = new ModernClient(_host);
        using var other = new ModernClient(_host, "other-token");

        await one.CallAsync("read");
        await other.CallAsync("read");

        Assert.Equal(2, _server.Requests.Count(request => request.RpcMethod == "initialize"));
    }

    [Fact]
    public async Task What_a_request_says_about_its_client_does_not_reach_a_server_with_a_handshake()
    {
        _server.Methods["resources/read"] = _ => """{"contents":[]}""";
        using var client = new ModernClient(_host);
        var parameters = new JsonObject { ["uri"] = "a:b", ["_meta"] = new JsonObject { ["vendor/x"] = "t" } };

        var answer = await client.AskAsync("resources/read", parameters);

        Assert.Equal("private", (string?)answer.Result["cacheScope"]);
        var sent = _server.Requests.Single(request => request.RpcMethod == "resources/read").Json["params"]!;
        Assert.Equal("""{"_meta":{"vendor/x":"t"},"uri":"a:b"}""", sent.ToJsonString());
    }

    [Fact]
    public async Task A_question_of_the_server_is_not_put_to_a_client_that_takes_none()
    {
        _server.TakeCall = async (context, message) =>
        {
            await FakeServer.SendEventAsync(
                context, """{"jsonrpc":"2.0","id":9,"method":"sampling/createMessage","params":{}}""");
            await _server.UntilAsync(request => request.Body.Contains("-32601", StringComparison.Ordinal));
            var id = message["id"]!.ToJsonString();
            await FakeServer.SendEventAsync(context, $$"""{"jsonrpc":"2.0","id":{{id}},"result":{"content":[]} }""");
        };
        using var client = new ModernClient(_host);

        var answer = await client.CallAsync("read");

        Assert.Single(answer.Messages);
    }

    [Theory]
    [InlineData("elicitation")]
    [InlineData("sampling")]
    [InlineData("roots")]
    public async Task A_client_that_answers_questions_is_sent_to_the_handshake(string capability)
    {
        using var client = new ModernClient(_host)
        {
            Capabilities = new JsonObject { [capability] = new JsonObject() },
        };

        var answer = await client.AskAsync("server/discover");

        Assert.Equal((400, -32000), (answer.Status, answer.ErrorCode));
    }

    [Fact]
    public async Task Input_for_a_tool_of_a_server_that_takes_none_is_not_sent()
    {
        using var client = new ModernClient(_host);
        var call = ModernClient.CallOf("read");
        call["inputResponses"] = new JsonObject { ["k"] = new JsonObject() };

        var answer = await client.AskAsync("tools/call", call);

        Assert.Contains("takes no input", RawClient.TextOf(answer.Result), StringComparison.Ordinal);
        Assert.Empty(_server.Calls);
    }

    [Theory]
    [InlineData("countersign_input")]
    [InlineData("Countersign_Input")]
    public async Task An_argument_cannot_pose_as_input(string name)
    {
        using var client = new ModernClient(_host);

        var answer = await client.CallAsync("read", new JsonObject { [name] = new JsonObject() });

        Assert.Equal(-32602, answer.ErrorCode);
        Assert.Empty(_host.Store.Actions);
    }

    [Theory]
    [InlineData("initialize")]
    [InlineData("ping")]
    [InlineData("logging/setLevel")]
    [InlineData("resources/subscribe")]
    [InlineData("subscriptions/listen")]
    [InlineData("tasks/list")]
    [InlineData("tasks/result")]
    [InlineData("admin/everything")]
    public async Task Methods_that_are_not_served_are_not_found(string method)
    {
        using var client = new ModernClient(_host);

        var answer = await client.AskAsync(method);

        Assert.Equal((404, -32601), (answer.Status, answer.ErrorCode));
        Assert.DoesNotContain(_server.Requests, request => request.Headers.ContainsKey("Mcp-Method")
            && request.RpcMethod == method);
    }

    [Fact]
    public async Task There_is_nothing_to_listen_to_and_nothing_to_end()
    {
        using var client = new RawClient(_host.Endpoint) { Version = "2026-07-28" };

        using var get = await client.SendAsync(HttpMethod.Get);
        using var delete = await client.SendAsync(HttpMethod.Delete);

        Assert.Equal((405, 405), ((int)get.StatusCode, (int)delete.StatusCode));
    }

    [Theory]
    [InlineData("version", -32020)]
    [InlineData("method", -32020)]
    [InlineData("name", -32020)]
    [InlineData("no-version-in-body", -32602)]
    [InlineData("no-capabilities", -32602)]
    [InlineData("unknown-version", -32022)]
    public async Task A_request_that_contradicts_itself_is_refused(string how, int code)
    {
        using var client = new ModernClient(_host);

        var answer = await client.AskAsync("tools/call", ModernClient.CallOf("read"), (message, body) =>
        {
            var meta = body["_meta"]!.AsObject();
            _ = how switch
            {
                "version" => Set(message, "MCP-Protocol-Version", "2025-11-25"),
                "method" => Set(message, "Mcp-Method", "tools/list"),
                "name" => Set(message, "Mcp-Name", "write"),
                "no-version-in-body" => meta.Remove(Prefix + "protocolVersion"),
                "no-capabilities" => meta.Remove(Prefix + "clientCapabilities"),
                _ => Set(message, "MCP-Protocol-Version", "2099-01-01")
                    && (meta[Prefix + "protocolVersion"] = "2099-01-01") is not null,
            };
        });

        Assert.Equal((400, code), (answer.Status, answer.ErrorCode));
        Assert.Equal(1, (int?)answer.Last["id"]);
        Assert.Empty(_server.Requests);

        static bool Set(HttpRequestMessage message, string header, string value) =>
            message.Headers.Remove(header) && message.Headers.TryAddWithoutValidation(header, value);
    }

    [Fact]
    public async Task An_encoded_header_is_compared_by_what_it_means()
    {
        using var client = new ModernClient(_host);

        var answer = await client.AskAsync("tools/call", ModernClient.CallOf("read"), (message, _) =>
        {
            message.Headers.Remove("Mcp-Name");
            message.Headers.TryAddWithoutValidation("Mcp-Name", "=?base64?cmVhZA==?=");
        });

        Assert.Equal("ran read", RawClient.TextOf(answer.Result));
    }

    [Fact]
    public async Task An_argument_that_its_tool_wants_in_a_header_must_be_the_same_there()
    {
        var tool = FakeServer.Tool("sharded");
        tool["inputSchema"]!["properties"]!["region"] =
            new JsonObject { ["type"] = "string", ["x-mcp-header"] = "Region" };
        _server.Tools.Add(tool);
        using var client = new ModernClient(_host);

        var wrong = await AskAsync("north");
        var right = await AskAsync("south");

        Assert.Equal((400, -32020), (wrong.Status, wrong.ErrorCode));
        Assert.Equal("ran sharded", RawClient.TextOf(right.Result));
        Assert.Single(_server.Calls);

        Task<ModernAnswer> AskAsync(string region) => client.AskAsync(
            "tools/call",
            ModernClient.CallOf("sharded", new JsonObject { ["region"] = "south" }),
            (message, _) => message.Headers.TryAddWithoutValidation("Mcp-Param-Region", region));
    }
}
