using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace Countersign.Bench.Reviews;

/// <summary>The few calls of the API that the benchmarks make.</summary>
internal sealed class ReviewApi : IDisposable
{
    private readonly HttpClient _http;

    public ReviewApi(Uri address, string token)
    {
        _http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = address };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
    }

    public async Task<JsonElement> AskAsync(string operation, object arguments, int waitSeconds)
    {
        using var response = await _http.PostAsJsonAsync(
            $"/v1/actions?wait={waitSeconds}", new { target = "sdk", operation, arguments });
        return await ReadAsync(response);
    }

    public async Task<JsonElement> ListPendingAsync(int limit = 1) =>
        await ReadAsync(await _http.GetAsync($"/v1/actions?state=pending&limit={limit}"));

    public async Task ApproveAsync(JsonElement action)
    {
        using var response = await _http.PostAsJsonAsync(
            $"/v1/actions/{action.GetProperty("id")}/votes",
            new { decision = "approve", digest = action.GetProperty("digest").GetString() });
        await ReadAsync(response);
    }

    public void Dispose() => _http.Dispose();

    private static async Task<JsonElement> ReadAsync(HttpResponseMessage response)
    {
        var text = await response.Content.ReadAsStringAsync();
        if (!response.IsSuccessStatusCode)
        {
            throw new InvalidOperationException($"{(int)response.StatusCode} {text}");
        }

        using var document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
    }
}
