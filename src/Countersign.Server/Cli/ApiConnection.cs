using System.CommandLine;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Countersign.Core.Reviews;

namespace Countersign.Server.Cli;

/// <summary>
/// The API of a running server, as commands use it: where it is, who asks, and errors as people read them.
/// </summary>
internal sealed class ApiConnection : IDisposable
{
    private const string UrlVariable = "COUNTERSIGN_URL";
    private const string TokenVariable = "COUNTERSIGN_TOKEN";
    private const string DefaultUrl = "http://127.0.0.1:7070";

    private readonly HttpClient _http;

    private ApiConnection(HttpClient http) => _http = http;

    public static Option<string?> Url { get; } = new("--url")
    {
        Description = $"Address of the server; {UrlVariable}, else {DefaultUrl}.",
        Recursive = true,
    };

    /// <summary>
    /// Opens a connection with the token of the environment; tokens are never taken from the command line.
    /// </summary>
    public static ApiConnection Open(ParseResult parsed)
    {
        var text = parsed.GetValue(Url) ?? Environment.GetEnvironmentVariable(UrlVariable) ?? DefaultUrl;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
        {
            throw new CommandFailure(ExitCode.Usage, $"'{text}' is no address; give one like {DefaultUrl} with --url.");
        }

        // A token read from a file brings its line break along.
        if (Environment.GetEnvironmentVariable(TokenVariable)?.Trim() is not { Length: > 0 } token)
        {
            throw new CommandFailure(ExitCode.Usage, $"Set {TokenVariable} to your token.");
        }

        if (token.Any(letter => letter is <= ' ' or > '~'))
        {
            throw new CommandFailure(
                ExitCode.Usage, $"{TokenVariable} holds more than a token: it has spaces, lines or other characters.");
        }

        var http = new HttpClient { BaseAddress = url, Timeout = Timeout.InfiniteTimeSpan };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return new ApiConnection(http);
    }

    public Task<JsonElement> GetAsync(string path, CancellationToken cancellationToken) =>
        SendAsync(new HttpRequestMessage(HttpMethod.Get, path), cancellationToken);

    /// <summary>An answer byte for byte: a receipt that is spelled anew does not verify.</summary>
    public Task<byte[]> ReadBytesAsync(string path, CancellationToken cancellationToken) =>
        ReadBytesAsync(new HttpRequestMessage(HttpMethod.Get, path), cancellationToken);

    /// <summary>The same of a call with a body.</summary>
    public Task<byte[]> ReadBytesAsync(string path, object body, CancellationToken cancellationToken) =>
        ReadBytesAsync(
            new HttpRequestMessage(HttpMethod.Post, path)
            {
                Content = new StringContent(JsonSerializer.Serialize(body), Encoding.UTF8, "application/json"),
            },
            cancellationToken);

    public Task<JsonElement> PostAsync(string path, object body, CancellationToken cancellationToken)
    {
        var json = JsonSerializer.Serialize(body);
        return SendAsync(
            new HttpRequestMessage(HttpMethod.Post, path)
            {
                Content = new StringContent(json, Encoding.UTF8, "application/json"),
            },
            cancellationToken);
    }

    /// <summary>The answer as it comes, for one that is too long to be kept in memory.</summary>
    public async Task<Stream> PostForStreamAsync(string path, object body, CancellationToken cancellationToken)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Content = new StringContent(JsonSerializer.Serialize(body), Encoding.UTF8, "application/json"),
        };
        var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        return response.IsSuccessStatusCode
            ? await response.Content.ReadAsStreamAsync(cancellationToken)
            : throw Failure(response, await response.Content.ReadAsByteArrayAsync(cancellationToken));
    }

    public void Dispose() => _http.Dispose();

    private async Task<JsonElement> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var bytes = await ReadBytesAsync(request, cancellationToken);
        try
        {
            return JsonElement.Parse(bytes, new JsonDocumentOptions { MaxDepth = 1024 });
        }
        catch (JsonException)
        {
            throw new CommandFailure(
                ExitCode.Failed, $"The server at {_http.BaseAddress!.Authority} does not answer as Countersign " +
                    $"does; see --url.");
        }
    }

    private async Task<byte[]> ReadBytesAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var response = await _http.SendAsync(request, cancellationToken);
        var bytes = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        return response.IsSuccessStatusCode ? bytes : throw Failure(response, bytes);
    }

    private static CommandFailure Failure(HttpResponseMessage response, byte[] body)
    {
        var code = (int)response.StatusCode switch
        {
            503 => ExitCode.Unavailable,
            _ => ExitCode.Failed,
        };
        if (response.StatusCode == System.Net.HttpStatusCode.Unauthorized)
        {
            var server = response.RequestMessage!.RequestUri!.Authority;
            return new CommandFailure(code, $"The server at {server} does not know this token; see {TokenVariable}.");
        }

        try
        {
            var detail = JsonElement.Parse(body).GetProperty("detail").GetString();
            return new CommandFailure(code, DisplayText.OneLine(detail).Text);
        }
        catch (Exception other) when (other is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return new CommandFailure(
                code, $"The server answered {(int)response.StatusCode} {response.ReasonPhrase}; is it Countersign?");
        }
    }
}
