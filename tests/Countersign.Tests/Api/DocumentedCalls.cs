using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Countersign.Tests.Api;

/// <summary>Calls the API and holds every response to what the document says about its route and status.</summary>
internal sealed class DocumentedCalls(JsonElement document)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public Task<JsonElement> AskAsync(
        HttpClient client, string address, string operation, object arguments, HttpStatusCode expected) =>
        PostAsync(client, "/v1/actions", address, new { target = "acme-ops", operation, arguments }, expected);

    public async Task<JsonElement> PostAsync(
        HttpClient client, string route, string address, object body, HttpStatusCode expected)
    {
        using var response = await client.PostAsJsonAsync(address, body, Cancelled);
        return await CheckAsync(response, "post", route, expected);
    }

    public async Task<JsonElement> GetAsync(HttpClient client, string route, string address, HttpStatusCode expected)
    {
        using var response = await client.GetAsync(address, Cancelled);
        return await CheckAsync(response, "get", route, expected);
    }

    private async Task<JsonElement> CheckAsync(
        HttpResponseMessage response, string method, string route, HttpStatusCode expected)
    {
        var body = await response.Content.ReadAsStringAsync(Cancelled);
        Assert.True(expected == response.StatusCode, $"{method} {route} answered {response.StatusCode}: {body}");
        var documented = document.GetProperty("paths").GetProperty(route).GetProperty(method)
            .GetProperty("responses").GetProperty($"{(int)response.StatusCode}")
            .GetProperty("content").GetProperty(response.Content.Headers.ContentType!.MediaType!);
        if (!response.Content.Headers.ContentType.MediaType!.EndsWith("json", StringComparison.Ordinal))
        {
            return default;
        }

        var json = JsonElement.Parse(body);
        Assert.Empty(new JsonShape(document).Differences(documented.GetProperty("schema"), json));
        return json;
    }
}
