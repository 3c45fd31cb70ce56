using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Countersign.Server.Demo;

/// <summary>
/// The demo's agent: a plain MCP client that calls tools through the gate and repeats a call while it is pending.
/// </summary>
internal sealed class ScriptedAgent : IDisposable
{
    private const string ProtocolVersion = "2025-06-18";

    private readonly HttpClient _http;
    private int _lastId;

    public ScriptedAgent(Uri endpoint, string token)
    {
        _http = new HttpClient { BaseAddress = endpoint, Timeout = Timeout.InfiniteTimeSpan };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        _http.DefaultRequestHeaders.Accept.ParseAdd("application/json");
        _http.DefaultRequestHeaders.Accept.ParseAdd("text/event-stream");
    }

    public async Task ConnectAsync(CancellationToken cancellationToken)
    {
        var hello = new JsonObject
        {
            ["protocolVersion"] = ProtocolVersion,
            ["capabilities"] = new JsonObject(),
            ["clientInfo"] = new JsonObject { ["name"] = "release-bot", ["version"] = "1.0.0" },
        };
        await RequestAsync("initialize", hello, cancellationToken);
        using var ready = await PostAsync(
            new JsonObject { ["jsonrpc"] = "2.0", ["method"] = "notifications/initialized" }, cancellationToken);
    }

    /// <summary>Calls a tool until its answer is more than "pending", and returns the text of the answer.</summary>
    public async Task<(bool IsError, string Text)> CallAsync(
        string tool, JsonObject arguments, CancellationToken cancellationToken)
    {
        while (true)
        {
            var call = new JsonObject
            {
                ["name"] = tool,
                ["arguments"] = arguments.DeepClone(),
                ["_meta"] = new JsonObject { ["countersign/reason"] = "The weekly release checklist asks for it." },
            };
            var result = await RequestAsync("tools/call", call, cancellationToken);
            if ((string?)result["structuredContent"]?["status"] != "pending_approval")
            {
                return ((bool?)result["isError"] ?? false, (string?)result["content"]?[0]?["text"] ?? "");
            }
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task<JsonNode> RequestAsync(string method, JsonObject parameters, CancellationToken cancellationToken)
    {
        var id = ++_lastId;
        var request = new JsonObject
        {
            ["jsonrpc"] = "2.0",
            ["id"] = id,
            ["method"] = method,
            ["params"] = parameters,
        };
        using var response = await PostAsync(request, cancellationToken);
        if (response.Headers.TryGetValues("Mcp-Session-Id", out var sessions))
        {
            _http.DefaultRequestHeaders.Remove("Mcp-Session-Id");
            _http.DefaultRequestHeaders.Add("Mcp-Session-Id", sessions.First());
        }

        var answer = await AnswerAsync(response, id, cancellationToken);
        return answer["result"] ?? throw new InvalidOperationException($"The gate answered {answer.ToJsonString()}.");
    }

    private async Task<HttpResponseMessage> PostAsync(JsonObject message, CancellationToken cancellationToken)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "") { Content = JsonContent.Create(message) };
        var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        return response.EnsureSuccessStatusCode();
    }

    private static async Task<JsonNode> AnswerAsync(
        HttpResponseMessage response, int id, CancellationToken cancellationToken)
    {
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        if (response.Content.Headers.ContentType?.MediaType == "application/json")
        {
            return (await JsonNode.ParseAsync(body, cancellationToken: cancellationToken))!;
        }

        await foreach (var item in SseParser.Create(body).EnumerateAsync(cancellationToken))
        {
            if (item.Data.Length > 0 && JsonNode.Parse(item.Data) is { } message && IsAnswer(message, id))
            {
                return message;
            }
        }

        throw new InvalidOperationException("The stream ended without an answer.");
    }

    private static bool IsAnswer(JsonNode message, int id) =>
        message["id"] is JsonValue value && value.GetValueKind() == JsonValueKind.Number && value.GetValue<int>() == id;
}
