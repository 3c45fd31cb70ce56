using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Countersign.EndToEnd.Support.Conformance;

/// <summary>An answer that is a JSON-RPC error.</summary>
internal sealed class FixtureError(int code, string message, JsonObject? requiredData = null) : Exception(message)
{
    public int Code { get; } = code;

    public JsonObject? RequiredData { get; } = requiredData;
}

/// <summary>One request to the fixture: what it asks, and what may be said and asked before its answer.</summary>
internal sealed class FixtureCall(HttpContext context, JsonObject message, bool isModern, FixtureQuestions questions)
{
    public string Method { get; } = (string)message["method"]!;

    public JsonObject Params { get; } = message["params"] as JsonObject ?? [];

    public bool IsModern { get; } = isModern;

    public string? Name => (string?)Params["name"];

    public JsonObject Arguments => Params["arguments"] as JsonObject ?? [];

    public JsonObject Capabilities =>
        Params["_meta"]?["io.modelcontextprotocol/clientCapabilities"] as JsonObject ?? [];

    /// <summary>Sends a notification on the response.</summary>
    public Task NotifyAsync(string method, JsonObject parameters) =>
        SendAsync(new JsonObject { ["jsonrpc"] = "2.0", ["method"] = method, ["params"] = parameters });

    /// <summary>Asks the client on the response, and returns the result it posts.</summary>
    public async Task<JsonNode> AskAsync(string method, JsonObject parameters)
    {
        var (id, answer) = questions.Open();
        await SendAsync(new JsonObject
        {
            ["jsonrpc"] = "2.0",
            ["id"] = id,
            ["method"] = method,
            ["params"] = parameters,
        });
        var said = await answer.WaitAsync(Limits.Soon, context.RequestAborted);
        return said["result"] ?? throw new FixtureError(-32603, "The client did not answer.");
    }

    /// <summary>Sends the answer: as JSON, or as the last event when there were others.</summary>
    public async Task FinishAsync(JsonObject answer)
    {
        answer["jsonrpc"] = "2.0";
        answer["id"] = message["id"]!.DeepClone();
        if (context.Response.HasStarted)
        {
            await SendAsync(answer);
            return;
        }

        context.Response.StatusCode = StatusOf((int?)answer["error"]?["code"]);
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(answer.ToJsonString());
    }

    private int StatusOf(int? code) => code switch
    {
        null => 200,
        -32601 when IsModern => 404,
        -32020 or -32021 or -32022 => 400,
        _ => 200,
    };

    private async Task SendAsync(JsonObject sent)
    {
        if (!context.Response.HasStarted)
        {
            context.Response.ContentType = "text/event-stream";
        }

        await context.Response.WriteAsync($"event: message\ndata: {sent.ToJsonString()}\n\n");
        await context.Response.Body.FlushAsync();
    }
}

/// <summary>Questions to clients that wait for the POST with their answer.</summary>
internal sealed class FixtureQuestions
{
    private readonly System.Collections.Concurrent.ConcurrentDictionary<string, TaskCompletionSource<JsonNode>> _open =
        new();

    private int _last;

    public (string Id, Task<JsonNode> Answer) Open()
    {
        var id = $"question-{Interlocked.Increment(ref _last)}";
        var answer = new TaskCompletionSource<JsonNode>(TaskCreationOptions.RunContinuationsAsynchronously);
        _open[id] = answer;
        return (id, answer.Task);
    }

    public void Answer(JsonObject message)
    {
        if (_open.TryRemove(message["id"]!.ToString(), out var waiting))
        {
            waiting.SetResult(message);
        }
    }
}
