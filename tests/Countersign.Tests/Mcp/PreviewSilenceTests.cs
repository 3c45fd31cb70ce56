using System.Text;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Reviews;
using Countersign.Gates.Mcp;
using Countersign.Gates.Mcp.Upstream;
using Countersign.Gates.Mcp.Wire;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace Countersign.Tests.Mcp;

/// <summary>
/// A preview is the gateway's own call: besides its answer nothing that it says reaches an agent, and no agent answers
/// its questions.
/// </summary>
public sealed class PreviewSilenceTests : IAsyncLifetime
{
    /// <summary>What the programs below have in common.</summary>
    private const string Words = """
        say() { printf '{"jsonrpc":"2.0","method":"notifications/message","params":{"data":"%s"}}\n' "$1"; }
        answer() { printf '{"jsonrpc":"2.0","id":%s,"result":%s}\n' "$1" "$2"; }
        ask() {
          printf '{"jsonrpc":"2.0","id":"q","method":"elicitation/create","params":{}}\n'
          IFS= read -r reply
          case "$reply" in *'"error"'*) said=refused;; *) said=answered;; esac
        }
        notice() { printf '{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}\n'; }
        """;

    private const string Program = $$$"""
        {{{Words}}}
        while IFS= read -r line; do
          id=$(printf '%s' "$line" | sed -n 's/.*"id":\([0-9]*\).*/\1/p')
          case "$line" in
            *'"initialize"'*) answer "$id" '{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{}}';;
            *'"tools/list"'*)
              answer "$id" '{"tools":[{"name":"read"},{"name":"write"},{"name":"count"},{"name":"finish"}]}';;
            *'"name":"count"'*) say whisper; ask; answer "$id" '{"structuredContent":{"summary":"'"$said"'"}}';;
            *'"name":"read"'*) slow=$id; notice;;
            *'"name":"finish"'*) say marker; answer "$slow" '{"content":[]}'; answer "$id" '{"content":[]}';;
          esac
        done
        """;

    /// <summary>Previews are answered only when <c>settle</c> is called.</summary>
    private const string LateProgram = $$$"""
        {{{Words}}}
        while IFS= read -r line; do
          id=$(printf '%s' "$line" | sed -n 's/.*"id":\([0-9]*\).*/\1/p')
          case "$line" in
            *'"initialize"'*) answer "$id" '{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{}}';;
            *'"name":"count"'*) late=$id; notice;;
            *'"name":"read"'*) ask; answer "$id" '"'"$said"'"';;
            *'"name":"settle"'*) answer "$late" '{}'; answer "$id" '{}';;
          esac
        done
        """;

    private FakeServer _server = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _server = await FakeServer.StartAsync();
        _server.Tools.AddRange(new[] { "read", "write", "count" }.Select(name => FakeServer.Tool(name)));
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Theory]
    [InlineData("elicitation/create")]
    [InlineData("sampling/createMessage")]
    [InlineData("roots/list")]
    [InlineData("vendor/ask")]
    public async Task What_it_says_on_its_way_reaches_no_agent_and_its_questions_are_refused(string question)
    {
        _server.TakeCall = async (context, message) =>
        {
            if (ToolOf(message) == "count")
            {
                await SayAsync(context, "notifications/message");
                await SayAsync(context, "notifications/progress");
                await SayAsync(context, "notifications/tools/list_changed");
                await AskAsync(context, question, "q");
                await AnswerAsync(context, message, """{"structuredContent":{"rows":12}}""");
                return;
            }

            await SayAsync(context, "notifications/resources/updated");
            // Whatever the call is, this goes to the client's own stream.
            await SayAsync(context, "notifications/tools/list_changed", "marker");
            await AnswerAsync(context, message, """{"content":[]}""");
        };
        await using var host = await StartAsync(new McpUpstream.Http(_server.Address, Credential: null));
        using var client = await RawClient.OpenAsync(host);
        using var mailbox = await client.SendAsync(HttpMethod.Get);

        using var calling = await client.PostAsync(RawClient.Request(
            7, "tools/call", """{"name":"write","arguments":{},"_meta":{"progressToken":"p"}}"""));
        var held = await host.DecideAsync(Decision.Approve);
        var heard = await client.MessagesAsync(calling);
        var kept = await RawClient.FirstEventAsync(mailbox);

        Assert.Contains("preview", (string?)AnswerTo("q")["error"]!["message"], StringComparison.Ordinal);
        Assert.Equal(12, held.Preview!.Rows);
        Assert.Equal(
            ["notifications/resources/updated"],
            heard.Where(message => (string?)message["params"]?["said"] is not null)
                .Select(message => (string?)message["method"]));
        Assert.Equal("marker", (string?)kept["params"]!["said"]);
    }

    [Fact]
    public async Task While_a_call_of_the_agent_is_answered_too_only_what_is_surely_the_calls_reaches_the_agent()
    {
        var (stream, previewing) = (new TaskCompletionSource<HttpContext>(), new TaskCompletionSource());
        KeepStream(stream);
        _server.TakeCall = async (context, message) =>
        {
            if (ToolOf(message) == "count")
            {
                previewing.TrySetResult();
                await SayAsync(await stream.Task, "notifications/message");
                await AskAsync(await stream.Task, "elicitation/create", "q-stream");
                await SayAsync(await stream.Task, "notifications/resources/updated");
                await _server.UntilAsync(request => IsAnswerTo("q-call", request));
                await AnswerAsync(context, message, """{"structuredContent":{"rows":12}}""");
                return;
            }

            await previewing.Task;
            await AskAsync(context, "elicitation/create", "q-call");
            await AnswerAsync(context, message, """{"content":[]}""");
        };
        await using var host = await StartAsync(new McpUpstream.Http(_server.Address, Credential: null));
        using var client = await RawClient.OpenAsync(host);
        using var mailbox = await client.SendAsync(HttpMethod.Get);

        var calling = client.PostAsync(RawClient.Request(7, "tools/call", """{"name":"read","arguments":{}}"""));
        await _server.UntilAsync(request => request.RpcMethod == "tools/call");
        var writing = client.CallAsync("write");
        using var reading = await calling;
        var question = await RawClient.FirstEventAsync(reading);
        using var accepted = await client.PostAsync(
            $$"""{"jsonrpc":"2.0","id":{{question["id"]!.ToJsonString()}},"result":{"answer":42} }""");
        var held = await host.DecideAsync(Decision.Deny);
        await writing;

        Assert.Equal(12, held.Preview!.Rows);
        Assert.Equal("elicitation/create", (string?)question["method"]);
        Assert.Equal(42, (int?)AnswerTo("q-call")["result"]!["answer"]);
        Assert.Contains("preview", (string?)AnswerTo("q-stream")["error"]!["message"], StringComparison.Ordinal);
        var first = await RawClient.FirstEventAsync(mailbox);
        Assert.Equal("notifications/resources/updated", (string?)first["method"]);
    }

    [Fact]
    public async Task On_a_pipe_nobody_knows_whose_a_question_is_so_it_is_refused_as_long_as_the_preview_is_made()
    {
        await using var host = await StartAsync(new McpUpstream.Command("sh", ["-c", Program]));
        using var client = await RawClient.OpenAsync(host);
        using var mailbox = await client.SendAsync(HttpMethod.Get);
        var reading = client.PostAsync(RawClient.Request(7, "tools/call", """{"name":"read","arguments":{}}"""));
        await RawClient.FirstEventAsync(mailbox);

        var writing = client.CallAsync("write");
        var held = await host.DecideAsync(Decision.Deny);
        await writing;
        await client.CallAsync("finish");
        using var read = await reading;

        Assert.Equal("refused", held.Preview!.Summary);
        Assert.Equal(7, (int?)Assert.Single(await client.MessagesAsync(read))["id"]);
        var first = await RawClient.FirstEventAsync(mailbox);
        Assert.Equal("marker", (string?)first["params"]!["data"]);
    }

    [Fact]
    public async Task Over_the_api_a_question_is_refused_instead_of_left_open()
    {
        _server.TakeCall = async (context, message) =>
        {
            await AskAsync(context, "elicitation/create", "q");
            await AnswerAsync(context, message, """{"structuredContent":{"rows":12}}""");
        };
        await using var host = await StartAsync(new McpUpstream.Http(_server.Address, Credential: null));

        var admission = await host.Office.Gatekeeper.AdmitAsync(host.AskOverApi("write"), Cancel);

        Assert.Equal(12, Assert.IsType<Admission.Held>(admission).Record.Preview!.Rows);
        Assert.NotNull(AnswerTo("q")["error"]);
    }

    [Fact]
    public async Task A_preview_that_was_given_up_may_still_ask_until_the_program_has_answered_it()
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(20));
        var arrivals = Channel.CreateUnbounded<RpcMessage>();
        using var upstreams = new Upstreams(new McpLimits(), TimeProvider.System, NullLogger.Instance);
        await using var connection = await upstreams.OpenAsync(
            GateHost.Ops,
            new McpOptions(new McpUpstream.Command("sh", ["-c", LateProgram])),
            Hello.Gateway,
            (message, _) => arrivals.Writer.WriteAsync(message, limit.Token).AsTask(),
            limit.Token);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(limit.Token);
        var preview = connection.CallAsync(CallOf("count") with { IsPreview = true }, related: null, patience.Token);
        await arrivals.Reader.ReadAsync(limit.Token);
        await patience.CancelAsync();
        await Assert.ThrowsAsync<UpstreamException>(() => preview);

        var unsure = await connection.CallAsync(CallOf("read"), related: null, limit.Token);
        await connection.CallAsync(CallOf("settle"), related: null, limit.Token);
        var asking = connection.CallAsync(CallOf("read"), related: null, limit.Token);
        var question = Assert.IsType<RpcMessage.Request>(await arrivals.Reader.ReadAsync(limit.Token));
        await connection.SendAsync(Rpc.Result(question.Id, "{}"u8.ToArray()), limit.Token);

        Assert.Equal("\"refused\"", Encoding.UTF8.GetString(unsure.Result!.Value.Span));
        Assert.Equal("\"answered\"", Encoding.UTF8.GetString((await asking).Result!.Value.Span));
    }

    private static ToolCall CallOf(string tool) =>
        new(Encoding.UTF8.GetBytes($$"""{"name":"{{tool}}","arguments":{} }"""), []);

    private static Task<GateHost> StartAsync(McpUpstream upstream) => GateHost.StartAsync(
        upstream, options => options with { Previews = options.Previews.Add("write", "count") });

    private static string? ToolOf(JsonObject message) => (string?)message["params"]!["name"];

    private static bool IsAnswerTo(string id, Received request) =>
        request.RpcMethod is null && request.Body.Contains($"\"{id}\"", StringComparison.Ordinal);

    private static Task SayAsync(HttpContext context, string method, string said = "whisper") =>
        FakeServer.SendEventAsync(
            context,
            $$"""{"jsonrpc":"2.0","method":"{{method}}","params":{"progressToken":"p","said":"{{said}}"} }""");

    private static Task AnswerAsync(HttpContext context, JsonObject message, string result) =>
        FakeServer.SendEventAsync(
            context, $$"""{"jsonrpc":"2.0","id":{{message["id"]!.ToJsonString()}},"result":{{result}} }""");

    /// <summary>Asks, and waits for the answer.</summary>
    private async Task AskAsync(HttpContext context, string method, string id)
    {
        await FakeServer.SendEventAsync(
            context, $$"""{"jsonrpc":"2.0","id":"{{id}}","method":"{{method}}","params":{"said":"whisper"} }""");
        await _server.UntilAsync(request => IsAnswerTo(id, request));
    }

    private JsonNode AnswerTo(string id) => _server.Requests.Single(request => IsAnswerTo(id, request)).Json;

    /// <summary>Keeps the stream open on which the server speaks on its own account.</summary>
    private void KeepStream(TaskCompletionSource<HttpContext> stream) => _server.Intercept = async (context, _) =>
    {
        if (context.Request.Method != "GET")
        {
            return false;
        }

        await FakeServer.SendEventAsync(context, "{}");
        stream.TrySetResult(context);
        await Task.Delay(Timeout.Infinite, context.RequestAborted);
        return true;
    };
}
