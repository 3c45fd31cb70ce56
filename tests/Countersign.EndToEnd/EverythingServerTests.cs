using System.Text.Json;
using System.Text.Json.Nodes;
using Countersign.EndToEnd.Clients;
using Countersign.EndToEnd.Support;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace Countersign.EndToEnd;

/// <summary>The public server that uses every feature of the protocol, over stdio behind the gate.</summary>
public sealed class EverythingServerTests : IAsyncLifetime
{
    private const string Policy =
        """
        version: 1
        default: deny
        rules:
          - id: harmless
            reason: These only talk.
            when: mcp.tool in ["echo", "trigger-sampling-request", "trigger-elicitation-request"]
            then: allow
          - id: sums
            reason: Somebody checks the sum.
            when: mcp.tool == "get-sum"
            then:
              require:
                stages: [ { of: group:platform, need: 1, within: 30m } ]
                assurance: token

        """;

    private Product _product = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _product = await Product.StartAsync(
        new ProductOptions { Targets = StdioTarget.Of("everything", "server-everything"), Policy = Policy }, Cancel);

    public ValueTask DisposeAsync() => _product.DisposeAsync();

    [Fact]
    public async Task An_allowed_call_is_answered()
    {
        await using var client = await ConnectAsync(new McpClientOptions());

        var answer = await client.CallAsync("echo", new JsonObject { ["message"] = "hello" }, Cancel);

        Assert.Equal(new ToolAnswer(IsError: false, "Echo: hello", Status: null), answer);
    }

    [Fact]
    public async Task Arguments_the_server_does_not_take_are_its_own_error()
    {
        await using var client = await ConnectAsync(new McpClientOptions());

        var answer = await client.CallAsync("echo", new JsonObject { ["massage"] = "hello" }, Cancel);

        Assert.True(answer.IsError);
        Assert.Contains("message", answer.Text, StringComparison.Ordinal);
    }

#pragma warning disable MCP9005 // Sampling ends with the stateless era, but the servers and clients of today use it.
    [Fact]
    public async Task The_server_may_sample_from_the_clients_model_while_it_works()
    {
        var asked = new TaskCompletionSource<string>();
        await using var client = await ConnectAsync(new McpClientOptions
        {
            Handlers = new McpClientHandlers
            {
                SamplingHandler = (request, _, _) =>
                {
                    asked.TrySetResult(JsonSerializer.Serialize(request, McpJsonUtilities.DefaultOptions));
                    return ValueTask.FromResult(new CreateMessageResult
                    {
                        Content = [new TextContentBlock { Text = "the model's words" }],
                        Model = "test-model",
                        Role = Role.Assistant,
                    });
                },
            },
        });

        var answer = await client.CallAsync(
            "trigger-sampling-request", new JsonObject { ["prompt"] = "a question", ["maxTokens"] = 10 }, Cancel);

        Assert.Contains("a question", await asked.Task.WaitAsync(Limits.Soon, Cancel), StringComparison.Ordinal);
        Assert.False(answer.IsError, answer.Text);
        Assert.Contains("the model's words", answer.Text, StringComparison.Ordinal);
    }
#pragma warning restore MCP9005

    [Fact]
    public async Task The_server_may_ask_the_user_while_it_works()
    {
        await using var client = await ConnectAsync(new McpClientOptions
        {
            Handlers = new McpClientHandlers
            {
                ElicitationHandler = (_, _) => ValueTask.FromResult(new ElicitResult { Action = "decline" }),
            },
        });

        var answer = await client.CallAsync("trigger-elicitation-request", new JsonObject(), Cancel);

        Assert.False(answer.IsError, answer.Text);
        Assert.Contains("decline", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Resources_and_prompts_pass_through()
    {
        await using var client = await ConnectAsync(new McpClientOptions());

        var resources = await client.Client.ListResourcesAsync(cancellationToken: Cancel);
        var prompts = await client.Client.ListPromptsAsync(cancellationToken: Cancel);
        var prompt = await client.Client.GetPromptAsync("simple-prompt", cancellationToken: Cancel);

        Assert.NotEmpty(resources);
        Assert.NotEmpty(prompts);
        Assert.NotEmpty(prompt.Messages);
    }

    [Fact]
    public async Task A_call_held_beyond_the_clients_patience_gets_its_result_once()
    {
        // Without a handshake the client would go on by itself, and wait for minutes.
        await using var client = await ConnectAsync(new McpClientOptions { ProtocolVersion = "2025-11-25" });
        var arguments = new JsonObject { ["a"] = 2, ["b"] = 40 };

        var pending = await client.CallAsync("get-sum", arguments, Cancel);
        var held = await _product.As("ALICE").FindAsync("pending", Cancel);
        var id = held.GetProperty("id").GetString()!;
        await _product.As("ALICE").VoteAsync(id, "approve", Cancel);
        var answer = await client.CallAsync("get-sum", arguments, Cancel);

        Assert.Equal("pending_approval", pending.Status);
        Assert.Contains("42", answer.Text, StringComparison.Ordinal);
        Assert.Equal("succeeded", (await _product.As("ALICE").ShowAsync(id, Cancel)).State);
        await _product.VerifyLedgerAsync(Cancel);
    }

    private Task<DotNetClient> ConnectAsync(McpClientOptions options) => DotNetClient.ConnectAsync(
        _product.Mcp("everything"), ProductFolder.TokenOf("DEPLOY_BOT"), options, Cancel);
}
