using System.Collections.Immutable;
using Countersign.Core.Actions;
using Countersign.Core.Actions.Json;
using Countersign.Core.Identity;
using Countersign.Core.Records;
using Countersign.Gates.Mcp;

namespace Countersign.Tests.Mcp;

/// <summary>What is known about a call when the upstream server misbehaves, and servers that are programs.</summary>
public sealed class UpstreamTests : IAsyncLifetime
{
    private const string Program = """
        answer() { printf '{"jsonrpc":"2.0","id":%s,"result":%s}\n' "$id" "$1"; }
        while IFS= read -r line; do
          id=$(printf '%s' "$line" | sed -n 's/.*"id":\([0-9]*\).*/\1/p')
          case "$line" in
            *'"initialize"'*) answer '{"protocolVersion":"2024-11-05","capabilities":{"tools":{}},"serverInfo":{}}';;
            *'"tools/list"'*) answer '{"tools":[{"name":"read","inputSchema":{"type":"object"}}]}';;
            *'"die"'*) exit 1;;
            *'"tools/call"'*) answer '{"content":[{"type":"text","text":"'"$GIVEN $COUNTERSIGN_TEST_SECRET"'"}]}';;
          esac
        done
        """;

    private FakeServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await FakeServer.StartAsync();
        _server.Tools.Add(FakeServer.Tool("read"));
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task A_tool_that_reports_an_error_failed_and_its_result_comes_back_as_it_is()
    {
        _server.Call = _ => """{"isError":true,"content":[{"type":"text","text":"no such table"}]}""";

        var (record, text) = await CallAsync();

        Assert.Equal(ActionState.Failed, record.State);
        Assert.Equal("no such table", text);
    }

    [Fact]
    public async Task A_protocol_error_of_the_upstream_server_becomes_a_readable_result()
    {
        _server.TakeCall = (context, message) => FakeServer.SendEventAsync(
            context,
            $$"""
            {"jsonrpc":"2.0","id":{{message["id"]!.ToJsonString()}},"error":{"code":-32602,"message":"bad input"} }
            """);

        var (record, text) = await CallAsync();

        Assert.Equal(ActionState.Failed, record.State);
        Assert.Contains("JSON-RPC error -32602: bad input", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_result_over_the_limit_is_not_taken()
    {
        _server.Call = _ => $$"""{"content":[{"type":"text","text":"{{new string('x', 5000)}}"}]}""";

        var (record, text) = await CallAsync(options => options with { MaxResult = 4096 });

        Assert.Equal(ActionState.Failed, record.State);
        Assert.Contains("longer than 4096 bytes", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(404, ActionState.Failed)]
    [InlineData(401, ActionState.Failed)]
    [InlineData(502, ActionState.Unknown)]
    public async Task An_http_error_fails_when_it_means_refusal_and_is_unknown_otherwise(
        int status, ActionState expected)
    {
        _server.TakeCall = (context, _) =>
        {
            context.Response.StatusCode = status;
            return Task.CompletedTask;
        };

        var (record, text) = await CallAsync();

        Assert.Equal(expected, record.State);
        Assert.Contains($"HTTP {status}", text, StringComparison.Ordinal);
        Assert.Single(_server.Calls);
    }

    [Theory]
    [InlineData("tools/list")]
    [InlineData("ping")]
    public async Task A_server_that_forgot_our_session_is_asked_once_more_in_a_new_one(string method)
    {
        await using var host = await GateHost.StartAsync(_server);
        using var client = await RawClient.OpenAsync(host);
        _server.ForgetNext = 1;

        var answer = await client.AskAsync(method);

        Assert.NotNull(answer["result"]);
        Assert.Equal(2, _server.Requests.Count(request => request.RpcMethod == "initialize"));
    }

    [Fact]
    public async Task A_tool_call_whose_session_was_forgotten_is_not_sent_again()
    {
        await using var host = await GateHost.StartAsync(_server);
        using var client = await RawClient.OpenAsync(host);
        await client.AskAsync("tools/list");
        _server.ForgetNext = 1;

        var refused = await client.CallAsync("read");
        var result = await client.CallAsync("read");

        Assert.Contains("It did not take the call.", RawClient.TextOf(refused), StringComparison.Ordinal);
        Assert.Equal("ran read", RawClient.TextOf(result));
        Assert.Equal(2, _server.Calls.Count);
    }

    [Fact]
    public async Task A_connection_that_breaks_before_the_answer_leaves_the_outcome_unknown_and_is_not_tried_again()
    {
        _server.TakeCall = (context, _) =>
        {
            context.Abort();
            return Task.CompletedTask;
        };

        var (record, text) = await CallAsync();

        Assert.Equal(ActionState.Unknown, record.State);
        Assert.StartsWith("UNKNOWN OUTCOME", text, StringComparison.Ordinal);
        Assert.Single(_server.Calls);
    }

    [Fact]
    public async Task A_stream_that_ends_without_an_answer_leaves_the_outcome_unknown()
    {
        _server.TakeCall = (context, _) => FakeServer.SendEventAsync(
            context, """{"jsonrpc":"2.0","method":"notifications/message","params":{}}""");

        var (record, _) = await CallAsync();

        Assert.Equal(ActionState.Unknown, record.State);
    }

    [Fact]
    public async Task A_program_is_a_server_too_with_an_environment_of_its_own()
    {
        Environment.SetEnvironmentVariable("COUNTERSIGN_TEST_SECRET", "leaked");
        await using var host = await GateHost.StartAsync(Command());
        using var client = await RawClient.OpenAsync(host);

        var result = await client.CallAsync("read");

        Assert.Equal("given ", RawClient.TextOf(result));
    }

    [Fact]
    public async Task A_program_that_dies_leaves_the_outcome_unknown_and_is_started_again_for_the_next_call()
    {
        await using var host = await GateHost.StartAsync(Command());
        using var client = await RawClient.OpenAsync(host);

        var died = await client.CallAsync("read", """{"x":"die"}""");
        var result = await client.CallAsync("read");

        Assert.StartsWith("UNKNOWN OUTCOME", RawClient.TextOf(died), StringComparison.Ordinal);
        Assert.Equal("given ", RawClient.TextOf(result));
    }

    [Fact]
    public async Task An_action_asked_over_the_api_is_executed_by_the_gateway_as_a_client_of_its_own()
    {
        await using var host = await GateHost.StartAsync(_server);
        var target = new Target(GateHost.Ops, GateKind.Mcp, "production");
        CanonicalJson.TryCanonicalize("""{"a":1}"""u8, JsonLimits.Default, out var arguments, out _);
        var asking = new Asking(
            new Asker(new AgentId("bot"), null),
            target,
            GateKind.Api,
            CanonicalAction.Of(target.Name, "read", arguments!));

        await host.Office.Gatekeeper.AdmitAsync(asking, TestContext.Current.CancellationToken);
        var record = await host.UntilAsync(ActionState.Succeeded);

        var result = System.Text.Encoding.UTF8.GetString(record.Outcome!.Result!.Value.Span);
        Assert.Contains("ran read", result, StringComparison.Ordinal);
        var hello = _server.Requests.First(request => request.RpcMethod == "initialize").Json["params"]!;
        Assert.Equal("countersign", (string?)hello["clientInfo"]!["name"]);
        Assert.Contains("\"arguments\":{\"a\":1}", _server.Calls.Single().Body, StringComparison.Ordinal);
    }

    private static McpUpstream.Command Command() => new("sh", ["-c", Program])
    {
        Environment = ImmutableDictionary<string, string>.Empty.Add("GIVEN", "given"),
    };

    private async Task<(ActionRecord Record, string Text)> CallAsync(Func<McpOptions, McpOptions>? change = null)
    {
        await using var host = await GateHost.StartAsync(_server, change);
        using var client = await RawClient.OpenAsync(host);
        var result = await client.CallAsync("read");
        var id = host.Store.Actions.Single().Id;
        var record = await host.Office.Gatekeeper.FindAsync(id, TestContext.Current.CancellationToken);
        return (record!, RawClient.TextOf(result));
    }
}
