using System.Text.Json;
using Countersign.Core.Reviews;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace Countersign.Tests.Mcp;

/// <summary>The gate as the official C# client sees it.</summary>
public sealed class SdkClientTests : IAsyncLifetime
{
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
    public async Task A_client_that_knows_the_stateless_era_uses_it()
    {
        await using var client = await ConnectAsync();

        Assert.Equal("2026-07-28", client.NegotiatedProtocolVersion);
        Assert.Equal("fake", client.ServerInfo?.Name);
        Assert.Equal("Be careful.", client.ServerInstructions);
    }

    [Theory]
    [InlineData("2025-03-26")]
    [InlineData("2025-06-18")]
    [InlineData("2025-11-25")]
    public async Task Every_version_with_a_handshake_is_spoken(string version)
    {
        await using var client = await ConnectAsync(new McpClientOptions { ProtocolVersion = version });

        var tools = await client.ListToolsAsync(cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal(version, client.NegotiatedProtocolVersion);
        Assert.Equal(5, tools.Count);
    }

    [Fact]
    public async Task A_call_returns_what_the_tool_returned()
    {
        await using var client = await ConnectAsync();

        var result = await CallAsync(client, "read");

        Assert.Equal("ran read", Assert.IsType<TextContentBlock>(result.Content.Single()).Text);
    }

    [Fact]
    public async Task A_held_call_reports_progress_and_returns_once_it_is_approved()
    {
        await using var client = await ConnectAsync();
        var first = new TaskCompletionSource<ProgressNotificationValue>();

        var calling = client.CallToolAsync(
            "write",
            new Dictionary<string, object?> { ["a"] = 1 },
            progress: new Told(first),
            cancellationToken: TestContext.Current.CancellationToken);
        var progress = await first.Task.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        await _host.DecideAsync(Decision.Approve);
        var result = await calling;

        Assert.StartsWith("Waiting for approval act_", progress.Message, StringComparison.Ordinal);
        Assert.Equal("ran write", Assert.IsType<TextContentBlock>(result.Content.Single()).Text);
        Assert.Single(_server.Calls);
    }

    [Fact]
    public async Task A_question_of_the_tool_reaches_the_client_and_its_answer_the_tool()
    {
        var answered = new TaskCompletionSource<string>();
        _server.TakeCall = async (context, message) =>
        {
            await FakeServer.SendEventAsync(
                context,
                """
                {"jsonrpc":"2.0","id":"s-1","method":"elicitation/create",
                 "params":{"message":"Sure?","requestedSchema":{"type":"object","properties":{}}}}
                """);
            var body = await _server.UntilAsync(request => request.Body.Contains("\"s-1\"", StringComparison.Ordinal));
            answered.SetResult(body.Body);
            await FakeServer.SendEventAsync(
                context, $$"""{"jsonrpc":"2.0","id":{{message["id"]!.ToJsonString()}},"result":{"content":[]} }""");
        };
        var options = new McpClientOptions
        {
            Handlers = new McpClientHandlers
            {
                ElicitationHandler = (_, _) => ValueTask.FromResult(new ElicitResult { Action = "decline" }),
            },
        };
        await using var client = await ConnectAsync(options);

        Assert.Equal("2025-11-25", client.NegotiatedProtocolVersion);
        await CallAsync(client, "read");

        var answer = JsonDocument.Parse(await answered.Task).RootElement;
        Assert.Equal("s-1", answer.GetProperty("id").GetString());
        Assert.Contains("decline", answer.GetProperty("result").GetRawText(), StringComparison.Ordinal);
    }

    private static async Task<CallToolResult> CallAsync(McpClient client, string tool) => await client.CallToolAsync(
        tool, new Dictionary<string, object?>(), cancellationToken: TestContext.Current.CancellationToken);

    private Task<McpClient> ConnectAsync(McpClientOptions? options = null)
    {
        var transport = new HttpClientTransport(new HttpClientTransportOptions
        {
            Endpoint = _host.Endpoint,
            TransportMode = HttpTransportMode.StreamableHttp,
            AdditionalHeaders = new Dictionary<string, string> { ["Authorization"] = "Bearer bot-token" },
        });
        return McpClient.CreateAsync(transport, options, cancellationToken: TestContext.Current.CancellationToken);
    }

    private sealed class Told(TaskCompletionSource<ProgressNotificationValue> first)
        : IProgress<ProgressNotificationValue>
    {
        public void Report(ProgressNotificationValue value) => first.TrySetResult(value);
    }
}
