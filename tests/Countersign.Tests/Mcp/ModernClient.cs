using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace Countersign.Tests.Mcp;

/// <summary>What came back for one modern request: its status, and every message in order.</summary>
internal sealed record ModernAnswer(int Status, IReadOnlyList<JsonNode> Messages)
{
    public JsonNode Last => Messages[^1];

    public JsonNode Result => Last["result"]!;

    public int? ErrorCode => (int?)Last["error"]?["code"];
}

/// <summary>A client of 2026-07-28 that knows no session; a test may bend every request before it is sent.</summary>
internal sealed class ModernClient : IDisposable
{
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(30) };

    public ModernClient(GateHost host, string token = "bot-token")
    {
        _http.BaseAddress = host.Endpoint;
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
    }

    /// <summary>When it fires, the client hangs up.</summary>
    public CancellationToken Leave { get; set; } = TestContext.Current.CancellationToken;

    public JsonObject Capabilities { get; set; } = [];

    public Task<ModernAnswer> CallAsync(string tool, JsonObject? arguments = null, string? state = null) =>
        AskAsync("tools/call", CallOf(tool, arguments, state));

    public static JsonObject CallOf(string tool, JsonObject? arguments = null, string? state = null)
    {
        var call = new JsonObject { ["name"] = tool, ["arguments"] = arguments ?? [] };
        if (state is not null)
        {
            call["requestState"] = state;
        }

        return call;
    }

    /// <summary>Sends one request; every client begins with the same id, as clients without a session do.</summary>
    public async Task<ModernAnswer> AskAsync(
        string method, JsonObject? parameters = null, Action<HttpRequestMessage, JsonObject>? bend = null)
    {
        var body = parameters ?? [];
        var meta = body["_meta"] as JsonObject ?? [];
        meta["io.modelcontextprotocol/protocolVersion"] = "2026-07-28";
        meta["io.modelcontextprotocol/clientInfo"] = new JsonObject { ["name"] = "modern", ["version"] = "1" };
        meta["io.modelcontextprotocol/clientCapabilities"] = Capabilities.DeepClone();
        body["_meta"] = meta;
        using var message = new HttpRequestMessage(HttpMethod.Post, (Uri?)null);
        message.Headers.TryAddWithoutValidation("Accept", "application/json, text/event-stream");
        message.Headers.TryAddWithoutValidation("MCP-Protocol-Version", "2026-07-28");
        message.Headers.TryAddWithoutValidation("Mcp-Method", method);
        if (((string?)body["name"] ?? (string?)body["uri"] ?? (string?)body["taskId"]) is { } name)
        {
            message.Headers.TryAddWithoutValidation("Mcp-Name", name);
        }

        bend?.Invoke(message, body);
        var text = new JsonObject { ["jsonrpc"] = "2.0", ["id"] = 1, ["method"] = method, ["params"] = body };
        message.Content = new StringContent(text.ToJsonString(), Encoding.UTF8, "application/json");
        using var response = await _http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, Leave);
        var answer = await response.Content.ReadAsStringAsync(Leave);
        return new ModernAnswer(
            (int)response.StatusCode,
            response.Content.Headers.ContentType?.MediaType == "text/event-stream"
                ? [.. answer.Split('\n').Where(line => line.StartsWith("data: ", StringComparison.Ordinal))
                    .Select(line => JsonNode.Parse(line[6..])!)]
                : [JsonNode.Parse(answer)!]);
    }

    public void Dispose() => _http.Dispose();
}
