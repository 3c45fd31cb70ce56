using System.Net.Http.Headers;
using System.Text;

namespace Countersign.Bench.Mcp;

/// <summary>One MCP session over streamable HTTP (2025-06-18): as little client as possible.</summary>
internal sealed class McpClient : IDisposable
{
    private const string Hello =
        """
        {"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},
        "clientInfo":{"name":"bench","version":"1.0.0"}}}
        """;

    private readonly HttpClient _http;
    private readonly Uri _address;
    private readonly string? _token;
    private string? _session;
    private int _id;

    private McpClient(Uri address, string? token)
    {
        (_address, _token) = (address, token);
        _http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromMinutes(2) };
    }

    public static async Task<McpClient> OpenAsync(Uri address, string? token)
    {
        var client = new McpClient(address, token);
        using var response = await client.PostAsync(Hello);
        response.EnsureSuccessStatusCode();
        client._session = response.Headers.TryGetValues("Mcp-Session-Id", out var ids) ? ids.First() : null;
        await response.Content.ReadAsByteArrayAsync();
        using var ready = await client.PostAsync("""{"jsonrpc":"2.0","method":"notifications/initialized"}""");
        await client.SendAsync("tools/list", "{}");
        return client;
    }

    public Task<string> CallAsync(string tool, string arguments) =>
        SendAsync("tools/call", $$"""{"name":"{{tool}}","arguments":{{arguments}}}""");

    public void Dispose() => _http.Dispose();

    private async Task<string> SendAsync(string method, string parameters)
    {
        var id = Interlocked.Increment(ref _id);
        using var response = await PostAsync(
            $$"""{"jsonrpc":"2.0","id":{{id}},"method":"{{method}}","params":{{parameters}}}""");
        var text = await response.Content.ReadAsStringAsync();
        if (!response.IsSuccessStatusCode || !text.Contains("\"result\"", StringComparison.Ordinal))
        {
            throw new InvalidOperationException($"{method}: {(int)response.StatusCode} {text}");
        }

        return text;
    }

    private async Task<HttpResponseMessage> PostAsync(string body)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, _address)
        {
            Content = new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue("application/json")),
        };
        request.Headers.TryAddWithoutValidation("Accept", "application/json, text/event-stream");
        request.Headers.TryAddWithoutValidation("MCP-Protocol-Version", "2025-06-18");
        if (_token is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _token);
        }

        if (_session is not null)
        {
            request.Headers.TryAddWithoutValidation("Mcp-Session-Id", _session);
        }

        return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }
}
