using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Countersign.Gates.Credentials;

/// <summary>What the user wrote about a token that is asked for with the client credentials grant.</summary>
internal sealed record OAuthOptions(Uri TokenUrl, string ClientId, Secret ClientSecret)
{
    public string? Scope { get; init; }

    /// <summary>Which API the token is for, where the server wants to know (<c>audience</c>).</summary>
    public string? Audience { get; init; }

    /// <summary>How long the server may take.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>What a token that says nothing of its end is used for at most.</summary>
    public TimeSpan UsualLifetime { get; init; } = TimeSpan.FromMinutes(5);
}

/// <summary>
/// Asks an authorization server for a token of the gateway's own (OAuth 2.0 client credentials, RFC 6749 section 4.4),
/// and keeps it until shortly before it ends. Many requests at once ask once.
/// </summary>
internal sealed class OAuthClient(OAuthOptions options, HttpMessageInvoker http, TimeProvider time)
{
    private const int LongestAnswer = 64 * 1024;

    /// <summary>RFC 6749 section 5.2.</summary>
    private static readonly string[] Errors =
    [
        "invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type",
        "invalid_scope",
    ];

    /// <summary>A token is not used any more so long before it ends: the request with it takes time too.</summary>
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();

    // Guarded by the lock.
    private Task<Held>? _asking;
    private Held? _held;

    /// <summary>The present token as a credential.</summary>
    /// <exception cref="CredentialException">There is none at the moment.</exception>
    public async ValueTask<Lent> LendAsync(Lent? refused, CancellationToken cancellationToken)
    {
        Task<Held> asking;
        lock (_lock)
        {
            if (_held is { } held && time.GetUtcNow() < held.Until && !ReferenceEquals(held.Credential, refused))
            {
                return held.Credential;
            }

            _held = null;
            asking = _asking ??= AskOnceAsync();
        }

        return (await asking.WaitAsync(cancellationToken)).Credential;
    }

    private async Task<Held> AskOnceAsync()
    {
        await Task.Yield();
        try
        {
            var held = await AskAsync();
            lock (_lock)
            {
                _held = held;
            }

            return held;
        }
        finally
        {
            lock (_lock)
            {
                _asking = null;
            }
        }
    }

    private async Task<Held> AskAsync()
    {
        var asked = time.GetUtcNow();
        using var limit = new CancellationTokenSource(options.Patience, time);
        try
        {
            using var message = Compose();
            using var response = await http.SendAsync(message, limit.Token);
            var body = await ReadAsync(response, limit.Token);
            if (!response.IsSuccessStatusCode)
            {
                throw Failure($"answered HTTP {(int)response.StatusCode}{ErrorIn(body)}");
            }

            return Read(body, asked);
        }
        catch (Exception lost) when (lost is HttpRequestException or IOException or OperationCanceledException)
        {
            throw Failure(limit.IsCancellationRequested
                ? $"did not answer within {options.Patience.TotalSeconds:0} s"
                : $"cannot be reached ({lost.Message.TrimEnd('.')})");
        }
    }

    /// <summary>The client says who it is as RFC 6749 section 2.3.1 prefers it.</summary>
    private HttpRequestMessage Compose()
    {
        var form = new Dictionary<string, string> { ["grant_type"] = "client_credentials" };
        if (options.Scope is { } scope)
        {
            form["scope"] = scope;
        }

        if (options.Audience is { } audience)
        {
            form["audience"] = audience;
        }

        var client = $"{Uri.EscapeDataString(options.ClientId)}:{Uri.EscapeDataString(options.ClientSecret.Reveal())}";
        var message =
            new HttpRequestMessage(HttpMethod.Post, options.TokenUrl) { Content = new FormUrlEncodedContent(form) };
        message.Headers.Authorization =
            new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(client)));
        message.Headers.Accept.ParseAdd("application/json");
        return message;
    }

    private static async Task<byte[]> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        await response.Content.LoadIntoBufferAsync(LongestAnswer, cancellationToken);
        return await response.Content.ReadAsByteArrayAsync(cancellationToken);
    }

    private Held Read(byte[] body, DateTimeOffset asked)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            var root = json.RootElement;
            if (!root.TryGetProperty("access_token", out var token) || token.GetString() is not { Length: > 0 } value
                || root.TryGetProperty("token_type", out var type)
                    && !string.Equals(type.GetString(), "bearer", StringComparison.OrdinalIgnoreCase))
            {
                throw Failure("answered without a bearer token");
            }

            if (HeaderText.WhyNoValue($"Bearer {value}") is { } whyNot)
            {
                throw Failure($"answered with a token that cannot be sent: {whyNot}");
            }

            var lifetime = root.TryGetProperty("expires_in", out var seconds)
                && double.TryParse(
                    seconds.ToString(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var count)
                ? TimeSpan.FromSeconds(Math.Min(count, TimeSpan.FromDays(1).TotalSeconds))
                : options.UsualLifetime;
            var margin = lifetime > Margin * 2 ? Margin : lifetime / 2;
            return new Held(Lent.Of("Authorization", $"Bearer {value}"), asked + lifetime - margin);
        }
        catch (Exception unreadable) when (unreadable is JsonException or InvalidOperationException)
        {
            throw Failure("answered with something that is no JSON object");
        }
    }

    /// <summary>
    /// The error code of RFC 6749 section 5.2; never its description, which may repeat what was sent.
    /// </summary>
    private static string ErrorIn(byte[] body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            return json.RootElement.ValueKind == JsonValueKind.Object
                && json.RootElement.TryGetProperty("error", out var error)
                && Errors.Contains(error.GetString())
                ? $" ({error.GetString()})"
                : "";
        }
        catch (Exception unreadable) when (unreadable is JsonException or InvalidOperationException)
        {
            return "";
        }
    }

    private CredentialException Failure(string what) =>
        new($"the token server {options.TokenUrl.Host} {what}.");

    private sealed record Held(Lent Credential, DateTimeOffset Until);
}
