using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Countersign.Server.Channels.Slack;

/// <summary>What Slack answered to one call of its Web API.</summary>
internal abstract record SlackReply
{
    private SlackReply()
    {
    }

    public sealed record Ok(JsonElement Body) : SlackReply;

    /// <summary>Slack understood and said no; <c>Error</c> is its word for why.</summary>
    public sealed record Refused(string Error) : SlackReply;

    /// <summary>Too many calls: nothing before this time has passed.</summary>
    public sealed record Limited(TimeSpan RetryAfter) : SlackReply;

    /// <summary>No answer, or none that could be understood.</summary>
    public sealed record Away(string Why) : SlackReply;
}

/// <summary>Calls methods of Slack's Web API, and answers to the addresses that interactions bring along.</summary>
internal sealed class SlackClient : IDisposable
{
    /// <summary>What a 429 without the header it should have is taken to say.</summary>
    private static readonly TimeSpan StandardWait = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(15);

    private readonly SlackOptions _options;
    private readonly HttpClient _http;

    public SlackClient(SlackOptions options)
    {
        _options = options;
        var handler = new SocketsHttpHandler
        {
            // Neither the token nor a decision follows wherever an answer points.
            AllowAutoRedirect = false,
            UseCookies = false,
            ConnectTimeout = SlackLimits.Call,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        };
        _http = new HttpClient(handler)
        {
            Timeout = SlackLimits.Call,
            MaxResponseContentBufferSize = SlackLimits.AnswerBytes,
        };
    }

    /// <summary>Calls a method that takes JSON.</summary>
    public Task<SlackReply> CallAsync(string method, JsonObject arguments, CancellationToken cancellationToken) =>
        SendAsync(
            method,
            _options.BotToken,
            new StringContent(arguments.ToJsonString(), Encoding.UTF8, "application/json"),
            cancellationToken);

    /// <summary>Calls a method that only reads; those take no JSON.</summary>
    public Task<SlackReply> AskAsync(string method, CancellationToken cancellationToken) =>
        SendAsync(method, _options.BotToken, new FormUrlEncodedContent([]), cancellationToken);

    /// <inheritdoc cref="AskAsync(string, CancellationToken)"/>
    public Task<SlackReply> AskAsync(
        string method, string name, string value, CancellationToken cancellationToken) => SendAsync(
            method,
            _options.BotToken,
            new FormUrlEncodedContent([KeyValuePair.Create(name, value)]),
            cancellationToken);

    /// <summary>Asks with the token of the app, for an address of Socket Mode.</summary>
    public Task<SlackReply> OpenConnectionAsync(CancellationToken cancellationToken) =>
        SendAsync("apps.connections.open", _options.AppToken ?? "", new FormUrlEncodedContent([]), cancellationToken);

    /// <summary>Answers where an interaction said; it needs no token, because the address is the secret.</summary>
    public async Task<SlackReply> ReplyAsync(Uri address, JsonObject message, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, address)
        {
            Content = new StringContent(message.ToJsonString(), Encoding.UTF8, "application/json"),
        };
        try
        {
            using var answer = await _http.SendAsync(request, cancellationToken);
            return answer.IsSuccessStatusCode
                ? new SlackReply.Ok(default)
                : new SlackReply.Refused($"HTTP {(int)answer.StatusCode}");
        }
        catch (Exception failure) when (IsAway(failure, cancellationToken))
        {
            return new SlackReply.Away(failure.Message);
        }
    }

    /// <summary>
    /// Whether an address that a payload names is Slack's own, or that of the API we were told to call: a payload is
    /// signed, and still no reason to send anything anywhere else.
    /// </summary>
    public bool Trusts(Uri address) =>
        (address.Scheme == Uri.UriSchemeHttps && address.Host is "hooks.slack.com" or "hooks.slack-gov.com")
        || (address.Scheme == _options.BaseUrl.Scheme && address.Authority == _options.BaseUrl.Authority)
        || (_options.BaseUrl.IsLoopback && address.IsLoopback);

    public void Dispose() => _http.Dispose();

    private async Task<SlackReply> SendAsync(
        string method, string token, HttpContent content, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(_options.BaseUrl, method));
        request.Content = content;
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        try
        {
            using var answer = await _http.SendAsync(request, cancellationToken);
            if ((int)answer.StatusCode == StatusCodes.Status429TooManyRequests)
            {
                return new SlackReply.Limited(WaitOf(answer));
            }

            return answer.IsSuccessStatusCode
                ? Read(method, await answer.Content.ReadAsByteArrayAsync(cancellationToken))
                : new SlackReply.Away($"{method} was answered with HTTP {(int)answer.StatusCode}.");
        }
        catch (Exception failure) when (IsAway(failure, cancellationToken))
        {
            return new SlackReply.Away($"{method} got no answer ({failure.Message}).");
        }
    }

    /// <summary>A time-out is Slack's; a cancellation that was asked for is nobody's fault.</summary>
    private static bool IsAway(Exception failure, CancellationToken cancellationToken) =>
        failure is HttpRequestException or IOException
        || (failure is OperationCanceledException && !cancellationToken.IsCancellationRequested);

    private static SlackReply Read(string method, byte[] body)
    {
        try
        {
            var json = JsonElement.Parse(body);
            var ok = json.ValueKind == JsonValueKind.Object
                && json.TryGetProperty("ok", out var said) && said.ValueKind == JsonValueKind.True;
            return ok ? new SlackReply.Ok(json) : RefusalOf(json);
        }
        catch (Exception malformed) when (malformed is JsonException or InvalidOperationException)
        {
            return new SlackReply.Away($"{method} was answered with something that is not JSON.");
        }
    }

    private static SlackReply RefusalOf(JsonElement json)
    {
        var error = json.ValueKind == JsonValueKind.Object
            && json.TryGetProperty("error", out var word) && word.ValueKind == JsonValueKind.String
            ? word.GetString()!
            : "no reason";
        return error is "ratelimited" or "rate_limited"
            ? new SlackReply.Limited(StandardWait)
            : error is "internal_error" or "fatal_error" or "service_unavailable" or "request_timeout"
                ? new SlackReply.Away($"Slack answered {error}.")
                : new SlackReply.Refused(error);
    }

    private static TimeSpan WaitOf(HttpResponseMessage answer)
    {
        var text = answer.Headers.TryGetValues("Retry-After", out var values) ? values.FirstOrDefault() : null;
        var wait = int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            ? TimeSpan.FromSeconds(Math.Max(1, seconds))
            : StandardWait;
        return wait < LongestWait ? wait : LongestWait;
    }
}
