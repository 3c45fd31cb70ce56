using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Countersign.Server.Cli.Hook;

/// <summary>
/// The four calls of the API that a permit takes: ask, look again, claim, report. A server that restarts is asked again
/// within a budget; asking again attaches, and a claim that went through twice is refused.
/// </summary>
internal sealed class PermitApi(HookCredentials credentials, HttpMessageInvoker http, TimeProvider time)
{
    private const int KeyBytes = 16;

    /// <summary>What went wrong in a few words; the output of a tool is nobody's business here.</summary>
    private const int MaxError = 500;

    /// <summary>How long one request may hold; proxies cut longer ones.</summary>
    public const int HoldSeconds = 50;

    /// <summary>A server that does not answer for so long is away.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan s_firstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_longestPause = TimeSpan.FromSeconds(1);

    /// <summary>
    /// By which the server knows this process's claim again when its answer got lost; nobody else has the key. Made
    /// when it is needed: the library behind it takes its time to load.
    /// </summary>
    private string? _claimKey;

    public Uri Server => credentials.Url;

    /// <summary>
    /// Does not wait: until the answer nobody knows the action's id, which a held call is told of at its deadline and
    /// found again by when the server is away meanwhile.
    /// </summary>
    public Task<JsonElement> AskAsync(ReadOnlyMemory<byte> body, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, "v1/actions", body, s_patience, cancellationToken);

    /// <summary>Whether the server would take such a request; nothing is opened.</summary>
    public Task<JsonElement> RehearseAsync(ReadOnlyMemory<byte> body, CancellationToken cancellationToken) => SendAsync(
        HttpMethod.Post, "v1/actions?dry_run=1", body, s_patience, cancellationToken);

    /// <summary>The targets that the agent may use.</summary>
    public Task<JsonElement> TargetsAsync(CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Get, "v1/targets", null, s_patience, cancellationToken);

    /// <summary>
    /// Waits for a change. What is held stays held while a server starts again, so this goes on asking.
    /// </summary>
    public Task<JsonElement> WaitAsync(string id, CancellationToken cancellationToken) => SendAsync(
        HttpMethod.Get, $"v1/actions/{id}?wait={HoldSeconds}", null, Timeout.InfiniteTimeSpan, cancellationToken);

    public Task<JsonElement> ClaimAsync(string id, string digest, CancellationToken cancellationToken) => SendAsync(
        HttpMethod.Post, $"v1/actions/{id}/claim", Body(json => json.WriteString("digest", digest)), s_patience,
        cancellationToken);

    /// <param name="permit">The claim that is meant.</param>
    /// <param name="error">What went wrong; <c>null</c> when nothing did.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public Task<JsonElement> ReportAsync(
        PermitNote permit, string? error, CancellationToken cancellationToken) => SendAsync(
        HttpMethod.Post,
        $"v1/actions/{permit.Action}/outcome",
        Body(json =>
        {
            json.WriteString("state", error is null ? "succeeded" : "failed");
            json.WriteString("digest", permit.Digest);
            if (permit.Claim is { } claim)
            {
                json.WriteNumber("claim", claim);
            }

            if (error is not null)
            {
                json.WriteString("error", error.Length > MaxError ? error[..MaxError] : error);
            }
        }),
        s_patience,
        cancellationToken);

    public static ReadOnlyMemory<byte> Body(Action<Utf8JsonWriter> write)
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }

    private async Task<JsonElement> SendAsync(
        HttpMethod method, string path, ReadOnlyMemory<byte>? body, TimeSpan patience,
        CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        var pause = s_firstPause;
        while (true)
        {
            string trouble;
            try
            {
                using var request = RequestOf(method, path, body);
                using var response = await http.SendAsync(request, cancellationToken);
                var bytes = await response.Content.ReadAsByteArrayAsync(cancellationToken);
                if (!IsPassing(response.StatusCode))
                {
                    return Read(response, bytes);
                }

                trouble = $"it answered {(int)response.StatusCode}";
            }
            catch (Exception failure) when (failure is HttpRequestException or IOException)
            {
                trouble = failure.Message;
            }

            if (patience != Timeout.InfiniteTimeSpan && time.GetElapsedTime(start) + pause > patience)
            {
                throw new HookFailure($"The Countersign server at {Server} cannot be reached ({trouble}).");
            }

            await Task.Delay(pause, time, cancellationToken);
            pause = pause * 2 < s_longestPause ? pause * 2 : s_longestPause;
        }
    }

    /// <summary>Another attempt may be answered otherwise.</summary>
    private static bool IsPassing(HttpStatusCode status) =>
        status is HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout;

    private HttpRequestMessage RequestOf(HttpMethod method, string path, ReadOnlyMemory<byte>? body)
    {
        var request = new HttpRequestMessage(method, new Uri(Server, "/" + path));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", credentials.Token);
        if (path.EndsWith("/claim", StringComparison.Ordinal))
        {
            _claimKey ??= RandomNumberGenerator.GetHexString(2 * KeyBytes, lowercase: true);
            request.Headers.Add("Idempotency-Key", _claimKey);
        }

        if (body is { } bytes)
        {
            request.Content = new ReadOnlyMemoryContent(bytes);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }

        return request;
    }

    private JsonElement Read(HttpResponseMessage response, byte[] bytes)
    {
        if (response.StatusCode == HttpStatusCode.Unauthorized)
        {
            throw new HookFailure($"The Countersign server at {Server} does not know the hook's token.");
        }

        JsonElement json;
        try
        {
            json = HookInput.Parse(Encoding.UTF8.GetString(bytes));
        }
        catch (HookFailure)
        {
            throw new HookFailure(
                $"What answers at {Server} is not Countersign: {(int)response.StatusCode} without its JSON.");
        }

        return response.IsSuccessStatusCode
            ? json
            : throw new HookFailure(
                $"Countersign refused this call ({(int)response.StatusCode}): {Detail(json) ?? "no reason given"}");
    }

    private static string? Detail(JsonElement problem) =>
        problem.TryGetProperty("detail", out var detail) && detail.ValueKind == JsonValueKind.String
            ? detail.GetString()
            : null;
}
