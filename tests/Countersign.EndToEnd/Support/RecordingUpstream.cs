using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Countersign.EndToEnd.Support;

/// <summary>One call as it arrived: the bytes of its arguments as they were on the wire, and all headers.</summary>
internal sealed record ReceivedCall(string Tool, string Arguments, IReadOnlyDictionary<string, string> Headers);

/// <summary>What the upstream does with a call.</summary>
internal abstract record UpstreamReply
{
    private UpstreamReply()
    {
    }

    /// <summary>Answers with one text.</summary>
    public sealed record Text(string Value) : UpstreamReply;

    /// <summary>Answers with <c>structuredContent</c>, as JSON.</summary>
    public sealed record Structure(string Json) : UpstreamReply;

    /// <summary>Answers that the tool failed.</summary>
    public sealed record ToolError(string Value) : UpstreamReply;

    /// <summary>Cuts the connection without an answer.</summary>
    public sealed record Dropped : UpstreamReply;
}

/// <summary>An MCP server of our own (revision 2025-06-18, JSON answers) that keeps every call it gets.</summary>
internal sealed class RecordingUpstream : IAsyncDisposable
{
    private readonly WebApplication _web;
    private readonly ConcurrentQueue<ReceivedCall> _calls = new();
    private readonly Channel<ReceivedCall> _arrivals = Channel.CreateUnbounded<ReceivedCall>();

    private RecordingUpstream(WebApplication web) => _web = web;

    public Uri Address => new(new Uri(_web.Urls.First()), "/mcp");

    /// <summary>Every call that arrived, in order.</summary>
    public IReadOnlyList<ReceivedCall> Calls => [.. _calls];

    /// <summary>The tools by name, and how they are described.</summary>
    public ConcurrentDictionary<string, string> Tools { get; } = new(
        new[] { "read_report", "drop_table", "restart_service", "rotate_key", "move_money", "delete_backup" }
            .Select(name => KeyValuePair.Create(name, $"Does {name}.")));

    /// <summary>What happens to a call; by default it is answered with <c>ran TOOL</c>.</summary>
    public Func<ReceivedCall, CancellationToken, Task<UpstreamReply>> Reply { get; set; } =
        (call, _) => Task.FromResult<UpstreamReply>(new UpstreamReply.Text($"ran {call.Tool}"));

    public static async Task<RecordingUpstream> StartAsync(CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var web = builder.Build();
        var upstream = new RecordingUpstream(web);
        web.MapPost("/mcp", upstream.AnswerAsync);
        await web.StartAsync(cancellationToken);
        return upstream;
    }

    /// <summary>The next call that arrives, or arrived and was not asked for yet.</summary>
    public async Task<ReceivedCall> NextCallAsync(CancellationToken cancellationToken) =>
        await _arrivals.Reader.ReadAsync(cancellationToken).AsTask().WaitAsync(Limits.Soon, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _web.StopAsync(new CancellationToken(canceled: true));
        await _web.DisposeAsync();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        using var message = await JsonDocument.ParseAsync(
            context.Request.Body, cancellationToken: context.RequestAborted);
        if (!message.RootElement.TryGetProperty("id", out var id))
        {
            context.Response.StatusCode = StatusCodes.Status202Accepted;
            return;
        }

        var result = message.RootElement.GetProperty("method").GetString() switch
        {
            "initialize" => Hello(),
            "tools/list" => new JsonObject { ["tools"] = ToolList() },
            "tools/call" => await CallAsync(context, message.RootElement.GetProperty("params")),
            _ => new JsonObject(),
        };
        if (result is null)
        {
            context.Abort();
            return;
        }

        var answer = new JsonObject
        {
            ["jsonrpc"] = "2.0",
            ["id"] = JsonNode.Parse(id.GetRawText()),
            ["result"] = result,
        };
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(answer.ToJsonString(), context.RequestAborted);
    }

    private static JsonObject Hello() => new()
    {
        ["protocolVersion"] = "2025-06-18",
        ["capabilities"] = new JsonObject { ["tools"] = new JsonObject() },
        ["serverInfo"] = new JsonObject { ["name"] = "recording-upstream", ["version"] = "1.0.0" },
    };

    private JsonArray ToolList() =>
    [
        .. Tools.OrderBy(tool => tool.Key, StringComparer.Ordinal).Select(tool => new JsonObject
        {
            ["name"] = tool.Key,
            ["description"] = tool.Value,
            ["inputSchema"] = new JsonObject { ["type"] = "object" },
        }),
    ];

    private async Task<JsonObject?> CallAsync(HttpContext context, JsonElement parameters)
    {
        var call = new ReceivedCall(
            parameters.GetProperty("name").GetString()!,
            parameters.GetProperty("arguments").GetRawText(),
            context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString()));
        _calls.Enqueue(call);
        _arrivals.Writer.TryWrite(call);
        return await Reply(call, context.RequestAborted) switch
        {
            UpstreamReply.Text text => Result(text.Value, isError: false),
            UpstreamReply.Structure structure => new JsonObject
            {
                ["content"] = new JsonArray(),
                ["structuredContent"] = JsonNode.Parse(structure.Json),
            },
            UpstreamReply.ToolError error => Result(error.Value, isError: true),
            _ => null,
        };
    }

    private static JsonObject Result(string text, bool isError) => new()
    {
        ["content"] = new JsonArray(new JsonObject { ["type"] = "text", ["text"] = text }),
        ["isError"] = isError,
    };
}
