using System.Collections.Concurrent;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Countersign.Tests.Mcp;

/// <summary>One request as it reached the fake: header lines and body, byte for byte.</summary>
internal sealed record Received(string Method, IReadOnlyDictionary<string, string> Headers, string Body)
{
    public JsonNode Json => JsonNode.Parse(Body)!;

    public string? RpcMethod => Body.Length == 0 ? null : (string?)Json["method"];
}

/// <summary>A scripted MCP server on a real socket: it records what arrives and answers as the test says.</summary>
internal sealed class FakeServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<Received> _received = new();
    private TaskCompletionSource _arrived = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private FakeServer()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        _app = builder.Build();
        _app.Map("/mcp", AnswerAsync);
    }

    public Uri Address { get; private set; } = null!;

    public string Version { get; set; } = "2025-11-25";

    public JsonObject Capabilities { get; set; } = new() { ["tools"] = new JsonObject { ["listChanged"] = true } };

    public List<JsonObject> Tools { get; } = [];

    /// <summary>The result of <c>tools/call</c>; the default says <c>ran NAME</c>.</summary>
    public Func<JsonObject, string> Call { get; set; } =
        parameters => $$"""{"content":[{"type":"text","text":"ran {{(string?)parameters["name"]}}"}]}""";

    /// <summary>Takes a <c>tools/call</c> over entirely when set, for instance to stream or to break off.</summary>
    public Func<HttpContext, JsonObject, Task>? TakeCall { get; set; }

    /// <summary>
    /// Sees every message first when set; <c>true</c> says that it was answered. GET and DELETE come with <c>null</c>.
    /// </summary>
    public Func<HttpContext, JsonObject?, Task<bool>>? Intercept { get; set; }

    /// <summary>Requests that are answered as if their session were forgotten.</summary>
    public int ForgetNext { get; set; }

    /// <summary>Answers other methods with a whole result.</summary>
    public Dictionary<string, Func<JsonObject, string>> Methods { get; } = [];

    public IReadOnlyList<Received> Requests => [.. _received];

    public IReadOnlyList<Received> Calls => [.. _received.Where(request => request.RpcMethod == "tools/call")];

    public static async Task<FakeServer> StartAsync()
    {
        var server = new FakeServer();
        await server._app.StartAsync();
        var address = server._app.Services.GetRequiredService<Microsoft.AspNetCore.Hosting.Server.IServer>()
            .Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        server.Address = new Uri(address + "/mcp");
        return server;
    }

    public static JsonObject Tool(string name, string description = "A tool.") => new()
    {
        ["name"] = name,
        ["description"] = description,
        ["inputSchema"] = new JsonObject { ["type"] = "object", ["properties"] = new JsonObject() },
    };

    /// <summary>Waits for a request that satisfies the condition; it may have come already.</summary>
    public async Task<Received> UntilAsync(Func<Received, bool> condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (true)
        {
            var next = _arrived.Task;
            if (_received.FirstOrDefault(condition) is { } found)
            {
                return found;
            }

            await next.WaitAsync(limit.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }

    public static Task SendEventAsync(HttpContext context, string json)
    {
        if (!context.Response.HasStarted)
        {
            context.Response.ContentType = "text/event-stream";
        }

        return WriteAsync(context, $"event: message\ndata: {json.ReplaceLineEndings(" ")}\n\n");
    }

    public static async Task WriteAsync(HttpContext context, string text)
    {
        await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(text));
        await context.Response.Body.FlushAsync();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body, Encoding.UTF8);
        var body = await reader.ReadToEndAsync();
        var headers = context.Request.Headers.ToDictionary(
            header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase);
        _received.Enqueue(new Received(context.Request.Method, headers, body));
        Interlocked.Exchange(
            ref _arrived, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
        var message = body.Length == 0 ? null : JsonNode.Parse(body)!.AsObject();
        if (Intercept is { } intercept && await intercept(context, message))
        {
            return;
        }

        if (message is null)
        {
            context.Response.StatusCode = 405;
        }
        else if (message["id"] is null || message["method"] is null)
        {
            context.Response.StatusCode = 202;
        }
        else if (ForgetNext > 0)
        {
            ForgetNext--;
            context.Response.StatusCode = 404;
        }
        else if ((string?)message["method"] == "tools/call" && TakeCall is { } take)
        {
            await take(context, message);
        }
        else
        {
            await ReplyAsync(context, message);
        }
    }

    private async Task ReplyAsync(HttpContext context, JsonObject message)
    {
        var id = message["id"]!.ToJsonString();
        var parameters = message["params"] as JsonObject ?? [];
        if ((string)message["method"]! == "initialize")
        {
            context.Response.Headers["Mcp-Session-Id"] = "upstream-session";
        }

        context.Response.ContentType = "application/json";
        await WriteAsync(context, ResultOf((string)message["method"]!, parameters) is { } result
            ? $$"""{"jsonrpc":"2.0","id":{{id}},"result":{{result}} }"""
            : $$"""{"jsonrpc":"2.0","id":{{id}},"error":{"code":-32601,"message":"no such method"} }""");
    }

    private string? ResultOf(string method, JsonObject parameters) => method switch
    {
        "initialize" =>
            $$"""
            {"protocolVersion":"{{Version}}","capabilities":{{Capabilities.ToJsonString()}} ,
             "serverInfo":{"name":"fake","version":"1"},"instructions":"Be careful."}
            """,
        "ping" => "{}",
        "tools/list" => $$"""{"tools":[{{string.Join(",", Tools.Select(tool => tool.ToJsonString()))}}]}""",
        "tools/call" => Call(parameters),
        _ => Methods.GetValueOrDefault(method)?.Invoke(parameters),
    };
}
