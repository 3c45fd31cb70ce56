using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace Countersign.Tests.Mcp;

/// <summary>A client that sends exactly the bytes a test wants, and shows exactly what came back.</summary>
internal sealed class RawClient : IDisposable
{
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(30) };
    private int _lastId;

    public RawClient(Uri endpoint, string? token = "bot-token")
    {
        _http.BaseAddress = endpoint;
        if (token is not null)
        {
            _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }
    }

    /// <summary>When it fires, the client hangs up.</summary>
    public CancellationToken Leave { get; set; } = TestContext.Current.CancellationToken;

    public string? Session { get; set; }

    public string? Version { get; set; }

    /// <summary>Headers of every request from now on.</summary>
    public Dictionary<string, string> Headers { get; } = [];

    public static async Task<RawClient> OpenAsync(
        GateHost host, string client = "test", string version = "2025-11-25", string token = "bot-token")
    {
        var raw = new RawClient(host.Endpoint, token);
        var parameters =
            $$"""
            {"protocolVersion":"{{version}}","capabilities":{"sampling":{} },
             "clientInfo":{"name":"{{client}}","version":"1"} }
            """;
        using var response = await raw.PostAsync(Request(0, "initialize", parameters));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        raw.Session = response.Headers.GetValues("Mcp-Session-Id").Single();
        return raw;
    }

    public static string Request(int id, string method, string parameters = "{}") =>
        $$"""{"jsonrpc":"2.0","id":{{id}},"method":"{{method}}","params":{{parameters}} }""";

    public async Task<HttpResponseMessage> PostAsync(string body)
    {
        var message = Compose(HttpMethod.Post);
        message.Content = new StringContent(body, Encoding.UTF8, "application/json");
        return await _http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, Leave);
    }

    public Task<HttpResponseMessage> SendAsync(HttpMethod method) =>
        _http.SendAsync(Compose(method), HttpCompletionOption.ResponseHeadersRead, Leave);

    /// <summary>Sends a request and returns the answer's message, whichever way it came.</summary>
    public async Task<JsonNode> AskAsync(string method, string parameters = "{}")
    {
        var id = Interlocked.Increment(ref _lastId);
        using var response = await PostAsync(Request(id, method, parameters));
        var messages = await MessagesAsync(response);
        return messages.Single(message => (int?)message["id"] == id && message["method"] is null);
    }

    public async Task<JsonNode> CallAsync(string tool, string arguments = "{}") =>
        (await AskAsync(
            "tools/call", $$"""{"name":"{{tool}}","arguments":{{arguments}} }"""))["result"]!;

    public async Task<IReadOnlyList<JsonNode>> MessagesAsync(HttpResponseMessage response)
    {
        var text = await response.Content.ReadAsStringAsync(Leave);
        return response.Content.Headers.ContentType?.MediaType == "text/event-stream"
            ? [.. text.Split('\n').Where(line => line.StartsWith("data: ", StringComparison.Ordinal))
                .Select(line => JsonNode.Parse(line[6..])!)]
            : [JsonNode.Parse(text)!];
    }

    /// <summary>The first message on a stream that goes on.</summary>
    public static async Task<JsonNode> FirstEventAsync(HttpResponseMessage response)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(20));
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(limit.Token), leaveOpen: true);
        while (await reader.ReadLineAsync(limit.Token) is { } line)
        {
            if (line.StartsWith("data: ", StringComparison.Ordinal))
            {
                return JsonNode.Parse(line[6..])!;
            }
        }

        throw new EndOfStreamException("The stream ended without an event.");
    }

    public static string TextOf(JsonNode result) => (string)result["content"]![0]!["text"]!;

    public void Dispose() => _http.Dispose();

    private HttpRequestMessage Compose(HttpMethod method)
    {
        var message = new HttpRequestMessage(method, (Uri?)null);
        message.Headers.TryAddWithoutValidation("Accept", "application/json, text/event-stream");
        if (Session is not null)
        {
            message.Headers.TryAddWithoutValidation("Mcp-Session-Id", Session);
        }

        foreach (var (name, value) in Headers)
        {
            message.Headers.TryAddWithoutValidation(name, value);
        }

        if (Version is not null)
        {
            message.Headers.TryAddWithoutValidation("MCP-Protocol-Version", Version);
        }

        return message;
    }
}
