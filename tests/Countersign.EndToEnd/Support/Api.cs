using System.Net;
using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;

namespace Countersign.EndToEnd.Support;

/// <summary>What the API answered.</summary>
internal sealed record ApiAnswer(HttpStatusCode Status, JsonElement Json)
{
    public string? Id => Text("id");

    public string? State => Text("state");

    public string? Digest => Text("digest");

    /// <summary>The last part of a problem's type.</summary>
    public string? Problem => Text("type")?.Split('/')[^1];

    public string? Text(string member) =>
        Json.ValueKind == JsonValueKind.Object && Json.TryGetProperty(member, out var value)
            && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    public override string ToString() =>
        $"{(int)Status} {(Json.ValueKind == JsonValueKind.Undefined ? "" : Json.GetRawText())}";
}

/// <summary>The HTTP API as one caller uses it.</summary>
internal sealed class Api : IDisposable
{
    private readonly HttpClient _http;

    public Api(Uri address, string? token)
    {
        _http = new HttpClient { BaseAddress = address, Timeout = Limits.HeldCall };
        if (token is not null)
        {
            _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }
    }

    public HttpClient Http => _http;

    /// <summary>Asks for an operation; <paramref name="arguments"/> is sent as it is written.</summary>
    public Task<ApiAnswer> AskAsync(
        string target, string operation, string arguments, CancellationToken cancellationToken) =>
        PostAsync("v1/actions", AskBody(target, operation, arguments), cancellationToken);

    public static string AskBody(string target, string operation, string arguments) =>
        $$"""{"target":"{{target}}","operation":"{{operation}}","arguments":{{arguments}}}""";

    public Task<ApiAnswer> ShowAsync(string id, CancellationToken cancellationToken) =>
        GetAsync($"v1/actions/{id}", cancellationToken);

    /// <summary>The action once it has ended.</summary>
    public async Task<ApiAnswer> WaitForEndAsync(string id, CancellationToken cancellationToken)
    {
        while (true)
        {
            var action = await GetAsync($"v1/actions/{id}?wait=20", cancellationToken);
            if (action.State is not ("pending" or "approved" or "executing"))
            {
                return action;
            }
        }
    }

    /// <summary>Votes on the present revision.</summary>
    public async Task<ApiAnswer> VoteAsync(string id, string decision, CancellationToken cancellationToken)
    {
        var shown = await ShowAsync(id, cancellationToken);
        return await VoteAsync(id, decision, shown.Digest!, cancellationToken);
    }

    public Task<ApiAnswer> VoteAsync(
        string id, string decision, string digest, CancellationToken cancellationToken) =>
        PostAsync(
            $"v1/actions/{id}/votes",
            JsonSerializer.Serialize(new { decision, digest, comment = $"{decision} by a test" }),
            cancellationToken);

    public Task<ApiAnswer> WithdrawAsync(string id, CancellationToken cancellationToken) =>
        PostAsync($"v1/actions/{id}/withdraw", "{}", cancellationToken);

    public Task<ApiAnswer> GetAsync(string path, CancellationToken cancellationToken) =>
        SendAsync(new HttpRequestMessage(HttpMethod.Get, path), cancellationToken);

    public Task<ApiAnswer> PostAsync(string path, string json, CancellationToken cancellationToken) => SendAsync(
        new HttpRequestMessage(HttpMethod.Post, path)
        {
            Content = new StringContent(json, Encoding.UTF8, "application/json"),
        },
        cancellationToken);

    public async Task<ApiAnswer> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var response = await _http.SendAsync(request, cancellationToken);
        var bytes = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        var type = response.Content.Headers.ContentType?.MediaType ?? "";
        var isJson = type.EndsWith("json", StringComparison.Ordinal);
        return new ApiAnswer(response.StatusCode, isJson ? JsonElement.Parse(bytes) : default);
    }

    /// <summary>Every action that changes from now on; the first element says that listening has begun.</summary>
    public async IAsyncEnumerable<JsonElement?> ListenAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var response = await _http.GetAsync(
            "v1/events", HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        response.EnsureSuccessStatusCode();
        yield return null;
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        await foreach (var item in SseParser.Create(stream).EnumerateAsync(cancellationToken))
        {
            yield return JsonElement.Parse(item.Data);
        }
    }

    /// <summary>The newest action in a state, as soon as there is one.</summary>
    public async Task<JsonElement> FindAsync(string state, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Limits.Soon);
        await foreach (var _ in ListenAsync(limit.Token))
        {
            var list = await GetAsync($"v1/actions?state={state}&limit=1", limit.Token);
            if (list.Json.GetProperty("items").EnumerateArray().ToList() is [var newest, ..])
            {
                return newest;
            }
        }

        throw new InvalidOperationException("The stream of events ended.");
    }

    /// <summary>Number of entries in the ledger.</summary>
    public async Task<long> LedgerSizeAsync(CancellationToken cancellationToken)
    {
        var checkpoint = await _http.GetStringAsync("ledger/checkpoint", cancellationToken);
        return long.Parse(checkpoint.Split('\n')[1]);
    }

    public void Dispose() => _http.Dispose();
}
