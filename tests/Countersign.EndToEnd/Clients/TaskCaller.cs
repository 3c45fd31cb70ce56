using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Countersign.EndToEnd.Clients;

/// <summary>
/// Raw requests of 2026-07-28 that declare the tasks extension, written from the specification: one POST each.
/// </summary>
internal sealed class TaskCaller : IDisposable
{
    private readonly HttpClient _http = new();

    public TaskCaller(Uri endpoint, string token)
    {
        _http.BaseAddress = endpoint;
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
    }

    /// <summary>The task that a held call is answered with.</summary>
    public async Task<string> BeginAsync(string tool, string arguments, CancellationToken cancellationToken)
    {
        var answer = await PostAsync(
            "tools/call", tool, $$"""{"name":"{{tool}}","arguments":{{arguments}}}""", cancellationToken);
        var result = answer.GetProperty("result");
        Assert.Equal("task", result.GetProperty("resultType").GetString());
        return result.GetProperty("taskId").GetString()!;
    }

    /// <summary>The whole answer to <c>tasks/get</c>, <c>tasks/update</c> or <c>tasks/cancel</c>.</summary>
    public Task<JsonElement> AskAsync(string method, string id, CancellationToken cancellationToken) => PostAsync(
        "tasks/" + method, id, $$$"""{"taskId":"{{{id}}}","inputResponses":{}}""", cancellationToken);

    /// <summary>The task once it is over.</summary>
    public async Task<JsonElement> UntilOverAsync(string id, CancellationToken cancellationToken)
    {
        while (true)
        {
            var task = (await AskAsync("get", id, cancellationToken)).GetProperty("result");
            if (task.GetProperty("status").GetString() != "working")
            {
                return task;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(200), cancellationToken);
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task<JsonElement> PostAsync(
        string method, string name, string parameters, CancellationToken cancellationToken)
    {
        var body = JsonNode.Parse(parameters)!.AsObject();
        body["_meta"] = JsonNode.Parse(
            """
            {"io.modelcontextprotocol/protocolVersion":"2026-07-28",
             "io.modelcontextprotocol/clientCapabilities":{"extensions":{"io.modelcontextprotocol/tasks":{}}}}
            """);
        var message = new JsonObject { ["jsonrpc"] = "2.0", ["id"] = 1, ["method"] = method, ["params"] = body };
        using var request = new HttpRequestMessage(HttpMethod.Post, (Uri?)null)
        {
            Content = new StringContent(message.ToJsonString(), Encoding.UTF8, "application/json"),
        };
        request.Headers.Add("Accept", "application/json, text/event-stream");
        request.Headers.Add("MCP-Protocol-Version", "2026-07-28");
        request.Headers.Add("Mcp-Method", method);
        request.Headers.Add("Mcp-Name", name);
        using var response = await _http.SendAsync(request, cancellationToken);
        var text = await response.Content.ReadAsStringAsync(cancellationToken);
        var last = text.Split('\n').LastOrDefault(line => line.StartsWith("data: ", StringComparison.Ordinal));
        return JsonElement.Parse(last is null ? text : last["data: ".Length..]);
    }
}
