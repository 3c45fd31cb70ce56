using System.Diagnostics;
using System.Text.Json.Nodes;
using Countersign.Core.Reviews;
using Countersign.Core.Tracing;
using Countersign.Tests.Support;

namespace Countersign.Tests.Mcp;

/// <summary>The spans of the gate, and what goes along to the target's server of a client's trace.</summary>
public sealed class TraceTests : IAsyncLifetime
{
    private const string Baggage = "user=secret-baggage";

    private readonly SpanRecorder _spans = new();
    private FakeServer _server = null!;
    private GateHost _host = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await FakeServer.StartAsync();
        _server.Tools.AddRange([FakeServer.Tool("read"), FakeServer.Tool("write"), FakeServer.Tool("drop")]);
        _server.Methods["prompts/list"] = _ => """{"prompts":[]}""";
        _host = await GateHost.StartAsync(_server);
    }

    public async ValueTask DisposeAsync()
    {
        _spans.Dispose();
        await _host.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task A_call_is_one_tree_from_the_client_to_the_targets_server()
    {
        var caller = _spans.NewCaller(state: "vendor=value");
        using var client = await RawClient.OpenAsync(_host);
        client.Headers["traceparent"] = caller.Parent;
        client.Headers["tracestate"] = "vendor=value";

        await client.CallAsync("read");
        await _host.UntilQuietAsync();

        var request = _spans.Ended.Single(span => span.Kind == ActivityKind.Server);
        Assert.Equal("tools/call read", request.DisplayName);
        Assert.Equal(SpanRecorder.SpanOf(caller), request.ParentSpanId.ToHexString());
        Assert.Equal("tools/call", request.GetTagItem("mcp.method.name"));
        Assert.Equal("2025-11-25", request.GetTagItem("mcp.protocol.version"));
        Assert.Equal("read", request.GetTagItem("gen_ai.tool.name"));
        Assert.Equal("execute_tool", request.GetTagItem("gen_ai.operation.name"));
        Assert.Equal("succeeded", request.GetTagItem("countersign.action.state"));
        var sent = _spans.Ended.Single(span => span.DisplayName == "tools/call read" && span != request);
        Assert.Equal(ActivityKind.Client, sent.Kind);
        Assert.Equal(_spans.Single("countersign.execute").SpanId, sent.ParentSpanId);
        Assert.Equal("127.0.0.1", sent.GetTagItem("server.address"));
        var call = _server.Calls.Single();
        Assert.Equal($"00-{SpanRecorder.TraceOf(caller)}-{sent.SpanId}-01", call.Headers["traceparent"]);
        Assert.Equal("vendor=value", call.Headers["tracestate"]);
    }

    [Fact]
    public async Task A_server_with_a_handshake_gets_the_trace_in_headers_and_nothing_more_in_the_message()
    {
        using var client = await RawClient.OpenAsync(_host);
        client.Headers["traceparent"] = _spans.NewCaller().Parent;

        await client.CallAsync("read");

        Assert.Null(_server.Calls.Single().Json["params"]!["_meta"]);
    }

    [Fact]
    public async Task A_server_without_a_handshake_gets_the_trace_in_the_message_too()
    {
        _server.Methods["server/discover"] = _ =>
            """
            {"resultType":"complete","supportedVersions":["2026-07-28"],"ttlMs":0,"cacheScope":"public",
             "capabilities":{"tools":{}},"_meta":{"io.modelcontextprotocol/serverInfo":{"name":"new","version":"2"}}}
            """;
        using var client = new ModernClient(_host);

        await client.AskAsync("tools/call", WithTrace(_spans.NewCaller(), ModernClient.CallOf("read")));

        var call = _server.Calls.Single();
        Assert.Equal(call.Headers["traceparent"], (string?)call.Json["params"]!["_meta"]!["traceparent"]);
        Assert.Null(call.Json["params"]!["_meta"]!["baggage"]);
    }

    [Fact]
    public async Task What_the_message_says_goes_before_what_the_headers_say_and_links_to_it()
    {
        var (message, carrier) = (_spans.NewCaller(), _spans.NewCaller());
        using var client = new ModernClient(_host);

        await client.AskAsync(
            "tools/call",
            WithTrace(message, ModernClient.CallOf("read")),
            (http, _) => http.Headers.TryAddWithoutValidation("traceparent", carrier.Parent));
        await _host.UntilQuietAsync();

        var request = _spans.Ended.Single(span => span.Kind == ActivityKind.Server);
        Assert.Equal(SpanRecorder.SpanOf(message), request.ParentSpanId.ToHexString());
        Assert.Equal(SpanRecorder.SpanOf(carrier), Assert.Single(request.Links).Context.SpanId.ToHexString());
    }

    [Fact]
    public async Task Baggage_and_a_client_s_own_words_about_traces_never_reach_the_targets_server()
    {
        using var client = await RawClient.OpenAsync(_host);
        client.Headers["baggage"] = Baggage;
        client.Headers["Correlation-Context"] = Baggage;
        client.Headers["traceparent"] = "secret-baggage";
        const string meta =
            """{"_meta":{"baggage":"user=secret-baggage","tracestate":"secret-baggage","traceparent":"x","kept":1} }""";

        await client.CallAsync("read");
        await client.AskAsync("prompts/list", meta);
        await client.AskAsync("tools/list", meta);
        using var told = await client.PostAsync(
            $$"""{"jsonrpc":"2.0","method":"notifications/roots/list_changed","params":{{meta}} }""");
        await _server.UntilAsync(sent => sent.RpcMethod == "notifications/roots/list_changed");

        Assert.All(_server.Requests, sent =>
        {
            Assert.DoesNotContain("secret-baggage", sent.Body, StringComparison.Ordinal);
            Assert.DoesNotContain("secret-baggage", string.Concat(sent.Headers.Values), StringComparison.Ordinal);
        });
        var list = _server.Requests.Single(sent => sent.RpcMethod == "prompts/list");
        Assert.Equal(1, (int?)list.Json["params"]!["_meta"]!["kept"]);
    }

    [Fact]
    public async Task A_held_call_that_is_denied_ends_as_an_error_of_the_tool_without_its_words()
    {
        using var client = await RawClient.OpenAsync(_host);
        client.Headers["traceparent"] = _spans.NewCaller().Parent;

        var call = client.CallAsync("write");
        await _host.DecideAsync(Decision.Deny, "secret-comment");
        await call;
        await _host.UntilQuietAsync();

        var request = _spans.Ended.Single(span => span.Kind == ActivityKind.Server);
        Assert.Equal("tool_error", request.GetTagItem("error.type"));
        Assert.Equal("denied", request.GetTagItem("countersign.action.state"));
        AssertNoSecret();
    }

    [Fact]
    public async Task What_a_client_chose_freely_is_in_no_span()
    {
        using var client = await RawClient.OpenAsync(_host);
        client.Headers["traceparent"] = _spans.NewCaller().Parent;

        await client.AskAsync("secret/method");
        await client.AskAsync("tools/call", """{"name":"secret-tool","arguments":{"secret":"secret"} }""");
        await client.AskAsync("resources/read", """{"uri":"file:///secret"}""");
        using var named = await client.PostAsync(
            """{"jsonrpc":"2.0","id":"secret-id","method":"tools/call","params":{"name":"read"} }""");
        await _host.UntilQuietAsync();

        Assert.Equal(["_OTHER", "resources/read", "tools/call", "tools/call read"], _spans.Ended
            .Where(span => span.Kind == ActivityKind.Server).Select(span => span.DisplayName).Order());
        AssertNoSecret();
        Assert.Equal("-32601", _spans.Single("_OTHER").GetTagItem("rpc.response.status_code"));
    }

    [Fact]
    public async Task A_call_that_got_lost_is_an_error_with_the_fate_of_the_message()
    {
        _server.TakeCall = (context, _) =>
        {
            context.Abort();
            return Task.CompletedTask;
        };
        using var client = await RawClient.OpenAsync(_host);
        client.Headers["traceparent"] = _spans.NewCaller().Parent;

        await client.CallAsync("read");
        await _host.UntilQuietAsync();

        var sent = _spans.Ended.Single(
            span => span.Kind == ActivityKind.Client && span.DisplayName == "tools/call read");
        Assert.Equal("lost", sent.GetTagItem("error.type"));
        Assert.Equal("unknown", _spans.Single("countersign.execute").GetTagItem("countersign.outcome"));
    }

    private static JsonObject WithTrace(TraceContext caller, JsonObject call)
    {
        call["_meta"] = new JsonObject { ["traceparent"] = caller.Parent, ["baggage"] = Baggage };
        return call;
    }

    private void AssertNoSecret() => Assert.DoesNotContain(
        _spans.Ended.SelectMany(TextsOf), text => text.Contains("secret", StringComparison.Ordinal));

    private static IEnumerable<string> TextsOf(Activity span) =>
    [
        span.DisplayName,
        span.StatusDescription ?? "",
        .. span.TagObjects.SelectMany(tag => tag.Value as string[] ?? [$"{tag.Value}"]),
    ];
}
