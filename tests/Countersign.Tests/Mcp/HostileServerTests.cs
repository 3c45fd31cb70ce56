using System.Text;
using System.Text.Json.Nodes;
using Countersign.Core.Actions;
using Countersign.Core.Reviews;
using Countersign.Gates.Mcp;
using Countersign.Gates.Mcp.Upstream;
using Countersign.Gates.Mcp.Wire;

namespace Countersign.Tests.Mcp;

/// <summary>Servers that hang, stop reading, talk nonsense or change under a call that waits.</summary>
public sealed class HostileServerTests : IAsyncLifetime
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(20);

    private FakeServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await FakeServer.StartAsync();
        _server.Tools.Add(FakeServer.Tool("read"));
        _server.Tools.Add(FakeServer.Tool("write"));
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task A_cancelled_request_ends_without_an_answer_and_is_cancelled_at_the_server()
    {
        Hold("resources/read");
        await using var host = await GateHost.StartAsync(_server);
        using var client = await RawClient.OpenAsync(host);
        var asked = client.PostAsync(RawClient.Request(7, "resources/read", """{"uri":"x:y"}"""));
        await _server.UntilAsync(request => request.RpcMethod == "resources/read");

        using var accepted = await client.PostAsync(Cancel(7));
        using var response = await asked;
        var text = await response.Content.ReadAsStringAsync(client.Leave);

        Assert.Equal(200, (int)response.StatusCode);
        Assert.DoesNotContain("data:", text, StringComparison.Ordinal);
        await _server.UntilAsync(request => request.RpcMethod == "notifications/cancelled");
    }

    [Fact]
    public async Task A_server_that_hangs_in_the_middle_of_the_handshake_is_not_available()
    {
        Hold("notifications/initialized");
        await using var host = await StartAsync(new McpLimits { Connect = TimeSpan.FromMilliseconds(200) });
        using var client = new RawClient(host.Endpoint);

        var answer = await client.AskAsync("initialize", """{"protocolVersion":"2025-11-25","capabilities":{}}""");

        Assert.Contains("not available", (string?)answer["error"]!["message"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_answer_to_the_servers_ping_that_it_does_not_take_changes_no_outcome()
    {
        _server.Intercept = (context, message) =>
        {
            var isPong = message is not null && message["method"] is null;
            context.Response.StatusCode = isPong ? 400 : 200;
            return Task.FromResult(isPong);
        };
        _server.TakeCall = async (context, message) =>
        {
            await FakeServer.SendEventAsync(context, """{"jsonrpc":"2.0","id":"p","method":"ping"}""");
            await FakeServer.SendEventAsync(context, Answer(message));
        };

        Assert.Equal("ran", await CallAsync());
    }

    [Fact]
    public async Task A_server_that_hangs_on_the_answer_to_its_ping_still_gets_its_result_through()
    {
        _server.Intercept = async (context, message) =>
        {
            if (message is null || message["method"] is not null)
            {
                return false;
            }

            await Task.Delay(Timeout.Infinite, context.RequestAborted);
            return true;
        };
        _server.TakeCall = async (context, message) =>
        {
            await FakeServer.SendEventAsync(context, """{"jsonrpc":"2.0","id":"p","method":"ping"}""");
            await FakeServer.SendEventAsync(context, Answer(message));
        };

        Assert.Equal("ran", await CallAsync(new McpLimits { Send = TimeSpan.FromSeconds(1) }));
    }

    [Fact]
    public async Task A_message_with_half_a_character_is_skipped()
    {
        _server.TakeCall = async (context, message) =>
        {
            await FakeServer.SendEventAsync(
                context, """{"jsonrpc":"2.0","method":"notifications/message","\ud800":1}""");
            await FakeServer.SendEventAsync(context, """{"jsonrpc":"2.0","method":"\udc00"}""");
            await FakeServer.SendEventAsync(context, Answer(message));
        };

        Assert.Equal("ran", await CallAsync());
    }

    [Fact]
    public async Task A_definition_that_changes_while_its_call_is_held_blocks_the_approved_call()
    {
        await using var host = await StartAsync(new McpLimits { DefinitionFreshness = TimeSpan.Zero });
        using var client = await RawClient.OpenAsync(host);
        var held = client.CallAsync("write");
        await host.UntilAsync(ActionState.Pending);
        _server.Tools[1]["description"] = "Something else.";

        await host.DecideAsync(Decision.Approve);
        var result = await held;

        Assert.Contains("definition-changed", RawClient.TextOf(result), StringComparison.Ordinal);
        Assert.Empty(_server.Calls);
    }

    [Fact]
    public async Task An_ended_session_leaves_no_connection_behind_that_was_just_being_opened()
    {
        await using var host = await GateHost.StartAsync(_server);
        using var client = await RawClient.OpenAsync(host);
        var aborted = Hold("initialize");
        _server.ForgetNext = 1;
        var asked = client.PostAsync(RawClient.Request(1, "ping"));
        await aborted.Begun.WaitAsync(s_limit, client.Leave);
        var told = client.PostAsync("""{"jsonrpc":"2.0","method":"notifications/roots/list_changed"}""");

        using var ended = await client.SendAsync(HttpMethod.Delete);

        Assert.Equal(204, (int)ended.StatusCode);
        await aborted.Ended.WaitAsync(s_limit, client.Leave);
        (await asked).Dispose();
        (await told).Dispose();
        await host.UntilQuietAsync();
        Assert.Equal(2, _server.Requests.Count(request => request.RpcMethod == "initialize"));
    }

    [Fact]
    public async Task A_program_that_closes_its_input_while_it_asks_still_gives_its_answer()
    {
        const string Body = """exec 0<&-; printf '{"jsonrpc":"2.0","id":"p","method":"ping"}\n'; answer "$ran";;""";
        await using var host = await GateHost.StartAsync(Program(Body));
        using var client = await RawClient.OpenAsync(host);

        var result = await client.CallAsync("read");

        Assert.Equal("ran", RawClient.TextOf(result));
    }

    [Fact]
    public async Task A_request_to_a_program_that_stopped_reading_can_be_cancelled()
    {
        await using var host = await GateHost.StartAsync(
            Program("answer \"$ran\"; sleep 45;;"), limits: new McpLimits { Send = TimeSpan.FromSeconds(2) });
        using var client = await RawClient.OpenAsync(host);
        await client.CallAsync("read");
        var uri = new string('x', 1_000_000);
        using var response = await client.PostAsync(RawClient.Request(7, "resources/read", $$"""{"uri":"{{uri}}"}"""));

        using var accepted = await client.PostAsync(Cancel(7));
        var messages = await client.MessagesAsync(response);
        using var ended = await client.SendAsync(HttpMethod.Delete);

        Assert.Empty(messages);
        Assert.Equal(204, (int)ended.StatusCode);
    }

    [Fact]
    public async Task A_session_ends_even_when_something_that_its_program_left_behind_holds_the_pipes()
    {
        await using var host = await GateHost.StartAsync(Program("(setsid sleep 45 &); answer \"$ran\";;"));
        using var client = await RawClient.OpenAsync(host);
        await client.CallAsync("read");

        using var ended = await client.SendAsync(HttpMethod.Delete);

        Assert.Equal(204, (int)ended.StatusCode);
    }

    [Fact]
    public async Task Of_a_message_that_is_too_long_nobody_knows_which_of_two_calls_it_answers()
    {
        const string Body = """case "$line" in *'"big"'*) printf "%09000d\n" 0;; esac;;""";
        await using var host = await GateHost.StartAsync(Program(Body), options => options with { MaxResult = 4096 });
        using var client = await RawClient.OpenAsync(host);
        var first = client.CallAsync("read", """{"x":"small"}""");
        await host.UntilAsync(ActionState.Executing);

        var second = await client.CallAsync("read", """{"x":"big"}""");

        Assert.StartsWith("UNKNOWN OUTCOME", RawClient.TextOf(second), StringComparison.Ordinal);
        Assert.StartsWith("UNKNOWN OUTCOME", RawClient.TextOf(await first), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_event_of_very_many_lines_is_one_message()
    {
        var lines = Enumerable.Repeat("data:", 400_000).Prepend("data: {").Append("data: }").Append("\n");
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(string.Join('\n', lines)));
        await using var events = new EventReader(stream, maxEvent: 1_000_000);

        var data = await events.ReadAsync(TestContext.Current.CancellationToken);

        Assert.Equal("{" + new string('\n', 400_001) + "}", Encoding.UTF8.GetString(data!.Value.Span));
    }

    [Fact]
    public async Task What_a_program_says_without_ever_ending_its_line_is_taken_in_pieces()
    {
        var said = new TaskCompletionSource<string>();
        var command = new McpUpstream.Command("sh", ["-c", "head -c 200000 /dev/zero | tr '\\0' x >&2; cat"]);
        var terms = new LinkTerms((_, _) => Task.CompletedTask, MaxMessage: 1000, s_limit, TimeProvider.System);
        await using var link = CommandLink.Start(command, terms, text => said.TrySetResult(text));

        var first = await said.Task.WaitAsync(s_limit, TestContext.Current.CancellationToken);

        Assert.InRange(first.Length, 1, 65536);
    }

    private static string Cancel(int id) =>
        $$"""{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":{{id}} } }""";

    private static string Answer(JsonObject message) =>
        $$"""
        {"jsonrpc":"2.0","id":{{message["id"]!.ToJsonString()}},"result":{"content":[{"type":"text","text":"ran"}]} }
        """;

    /// <summary>A server in shell that does the given when its tool is called.</summary>
    private static McpUpstream.Command Program(string onCall) => new("sh", ["-c", $$$"""
        answer() { printf '{"jsonrpc":"2.0","id":%s,"result":%s}\n' "$id" "$1"; }
        ran='{"content":[{"type":"text","text":"ran"}]}'
        while IFS= read -r line; do
          id=$(printf '%s' "$line" | sed -n 's/.*"id":\([0-9]*\).*/\1/p')
          case "$line" in
            *'"initialize"'*) answer '{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{}}';;
            *'"tools/list"'*) answer '{"tools":[{"name":"read","inputSchema":{"type":"object"}}]}';;
            *'"tools/call"'*) {{{onCall}}}
          esac
        done
        """]);

    /// <summary>From now on a method is not answered before its caller hangs up.</summary>
    private (Task Begun, Task Ended) Hold(string method)
    {
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _server.Intercept = async (context, message) =>
        {
            if ((string?)message?["method"] != method)
            {
                return false;
            }

            begun.TrySetResult();
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(
                _ => ended.TrySetResult(), TaskScheduler.Default);
            return true;
        };
        return (begun.Task, ended.Task);
    }

    private Task<GateHost> StartAsync(McpLimits limits) =>
        GateHost.StartAsync(new McpUpstream.Http(_server.Address, Credential: null), limits: limits);

    private async Task<string> CallAsync(McpLimits? limits = null)
    {
        await using var host = await StartAsync(limits ?? new McpLimits());
        using var client = await RawClient.OpenAsync(host);
        return RawClient.TextOf(await client.CallAsync("read"));
    }
}
