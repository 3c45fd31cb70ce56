using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json.Nodes;

namespace Countersign.EndToEnd.Clients;

/// <summary>A client that asks and never reads the answer: it stays connected, and nothing more goes through.</summary>
internal sealed class DeafClient : IDisposable
{
    private readonly HttpClient _http;

    private DeafClient(HttpClient http) => _http = http;

    public static async Task<DeafClient> ConnectAsync(Uri endpoint, string token, CancellationToken cancellationToken)
    {
        var handler = new SocketsHttpHandler
        {
            ConnectCallback = async (context, cancelled) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
                await socket.ConnectAsync(context.DnsEndPoint, cancelled);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
        var client = new DeafClient(new HttpClient(handler) { BaseAddress = endpoint });
        client._http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        client._http.DefaultRequestHeaders.Accept.ParseAdd("application/json");
        client._http.DefaultRequestHeaders.Accept.ParseAdd("text/event-stream");
        using var hello = await client.SendAsync("initialize", Hello(), cancellationToken);
        client._http.DefaultRequestHeaders.Add("Mcp-Session-Id", hello.Headers.GetValues("Mcp-Session-Id"));
        return client;
    }

    /// <summary>Sends a call; returns when the first bytes of the answer are there, and leaves the rest.</summary>
    public async Task CallAsync(string tool, JsonObject arguments, CancellationToken cancellationToken)
    {
        var call = new JsonObject { ["name"] = tool, ["arguments"] = arguments };
        await SendAsync("tools/call", call, cancellationToken);
    }

    public void Dispose() => _http.Dispose();

    private static JsonObject Hello() => new()
    {
        ["protocolVersion"] = "2025-06-18",
        ["capabilities"] = new JsonObject(),
        ["clientInfo"] = new JsonObject { ["name"] = "deaf", ["version"] = "1.0.0" },
    };

    private async Task<HttpResponseMessage> SendAsync(
        string method, JsonObject parameters, CancellationToken cancellationToken)
    {
        var message = new JsonObject { ["jsonrpc"] = "2.0", ["id"] = 1, ["method"] = method, ["params"] = parameters };
        var request = new HttpRequestMessage(HttpMethod.Post, "") { Content = JsonContent.Create(message) };
        return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
    }
}
