using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Countersign.Gates.Outbound;

namespace Countersign.Server.SignIn;

/// <summary>
/// Asks issuers and providers. It follows no redirect, sends nothing in clear to another machine, and reads only so
/// much.
/// </summary>
internal sealed class ProviderHttp(TimeProvider time) : IDisposable
{
    private const int LongestAnswer = 512 * 1024;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 32, AllowDuplicateProperties = false };

    private readonly HttpMessageInvoker _http = OutboundHttp.ForTokens(Patience);

    /// <summary>Whether what is sent there cannot be read on the way.</summary>
    public static bool IsSafe(Uri address) => address.Scheme == Uri.UriSchemeHttps
        || (address.Scheme == Uri.UriSchemeHttp && address.IsLoopback);

    /// <summary>The body of an answer that succeeded.</summary>
    /// <exception cref="ProviderException">There is none.</exception>
    public async Task<byte[]> GetAsync(Uri address, CancellationToken cancellationToken)
    {
        using var message = new HttpRequestMessage(HttpMethod.Get, address);
        var (status, body) = await SendAsync(message, cancellationToken);
        return status == HttpStatusCode.OK
            ? body
            : throw new ProviderException($"{address.Host} answered HTTP {(int)status}.");
    }

    /// <summary>Status and JSON of the answer to a form; no JSON when it is none.</summary>
    /// <exception cref="ProviderException">There is no answer.</exception>
    public async Task<(HttpStatusCode Status, JsonElement? Json)> PostAsync(
        Uri address,
        IReadOnlyDictionary<string, string> form,
        AuthenticationHeaderValue? authorization,
        CancellationToken cancellationToken)
    {
        using var message =
            new HttpRequestMessage(HttpMethod.Post, address) { Content = new FormUrlEncodedContent(form) };
        message.Headers.Authorization = authorization;
        var (status, body) = await SendAsync(message, cancellationToken);
        return (status, JsonOf(body));
    }

    /// <summary>The same for a page that is asked with an access token.</summary>
    /// <exception cref="ProviderException">There is no answer.</exception>
    public async Task<(HttpStatusCode Status, JsonElement? Json)> GetAsync(
        Uri address, AuthenticationHeaderValue authorization, CancellationToken cancellationToken)
    {
        using var message = new HttpRequestMessage(HttpMethod.Get, address);
        message.Headers.Authorization = authorization;
        var (status, body) = await SendAsync(message, cancellationToken);
        return (status, JsonOf(body));
    }

    /// <summary>An object without duplicate names; <c>null</c> for everything else.</summary>
    public static JsonElement? JsonOf(byte[] body)
    {
        try
        {
            using var document = JsonDocument.Parse(body, Strict);
            return document.RootElement.ValueKind == JsonValueKind.Object ? document.RootElement.Clone() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task<(HttpStatusCode Status, byte[] Body)> SendAsync(
        HttpRequestMessage message, CancellationToken cancellationToken)
    {
        var host = message.RequestUri!.Host;
        if (!IsSafe(message.RequestUri))
        {
            throw new ProviderException($"{host} is not asked over plain http: use https.");
        }

        using var limit = new CancellationTokenSource(Patience, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            message.Headers.Accept.ParseAdd("application/json");
            using var response = await _http.SendAsync(message, both.Token);
            await response.Content.LoadIntoBufferAsync(LongestAnswer, both.Token);
            return (response.StatusCode, await response.Content.ReadAsByteArrayAsync(both.Token));
        }
        catch (Exception lost) when (lost is HttpRequestException or IOException
            || (lost is OperationCanceledException && limit.IsCancellationRequested))
        {
            throw new ProviderException(limit.IsCancellationRequested
                ? $"{host} did not answer within {Patience.TotalSeconds:0} s."
                : $"{host} cannot be reached ({lost.Message.TrimEnd('.')}).");
        }
    }
}
