using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Countersign.Gates.Outbound;

namespace Countersign.Server.Channels.Webhook;

/// <summary>What a receiver answered to one delivery.</summary>
internal abstract record WebhookReply
{
    private WebhookReply()
    {
    }

    /// <summary>It has it.</summary>
    public sealed record Taken : WebhookReply;

    /// <summary>It takes nothing before this time has passed.</summary>
    public sealed record Limited(TimeSpan RetryAfter) : WebhookReply;

    /// <summary>It wants nothing from us any more.</summary>
    public sealed record Gone : WebhookReply;

    /// <summary>It is there and does not take this one.</summary>
    public sealed record Refused(int Status) : WebhookReply;

    /// <summary>No answer, or that of something that stands in front of a receiver that is away.</summary>
    public sealed record Away(string Why) : WebhookReply;
}

/// <summary>
/// Posts deliveries to the one address. Nothing is followed, and a name that resolves to where clouds keep credentials
/// is not connected to (<see cref="CheckedConnect"/>).
/// </summary>
internal sealed class WebhookClient : IDisposable
{
    private readonly WebhookOptions _options;
    private readonly TimeProvider _time;
    private readonly HttpClient _http;

    public WebhookClient(WebhookOptions options, TimeProvider time)
    {
        (_options, _time) = (options, time);
        _http = new HttpClient(OutboundHttp.Handler(options.Patience))
        {
            Timeout = options.Patience,
            MaxResponseContentBufferSize = WebhookLimits.AnswerBytes,
        };
    }

    /// <summary>One attempt: with the event's own id, and with the time and signature of this attempt.</summary>
    public async Task<WebhookReply> SendAsync(WebhookMessage message, CancellationToken cancellationToken)
    {
        var timestamp = _time.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        using var request = new HttpRequestMessage(HttpMethod.Post, _options.Url);
        request.Content = new ReadOnlyMemoryContent(message.Body);
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Add("webhook-id", message.Id);
        request.Headers.Add("webhook-timestamp", timestamp);
        request.Headers.Add(
            "webhook-signature",
            string.Join(' ', _options.Secrets.Select(secret => secret.Sign(message.Id, timestamp, message.Body.Span))));
        try
        {
            // Only the status counts; whoever never ends the rest of an answer keeps nobody waiting.
            using var answer = await _http.SendAsync(
                request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            return Read(answer);
        }
        catch (Exception failure) when (IsAway(failure, cancellationToken))
        {
            return new WebhookReply.Away(WhyAway(failure));
        }
    }

    /// <summary>Asks without saying anything: whatever is answered, somebody is there.</summary>
    /// <exception cref="ChannelException">Nobody answers, or not by a certificate that counts.</exception>
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Head, _options.Url);
        try
        {
            using var answer = await _http.SendAsync(
                request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        }
        catch (Exception failure) when (IsAway(failure, cancellationToken))
        {
            throw new ChannelException(WhyAway(failure));
        }
    }

    public void Dispose() => _http.Dispose();

    /// <summary>The suggestions of Standard Webhooks 1.0.0, "Delivery success and failure".</summary>
    private WebhookReply Read(HttpResponseMessage answer) => answer.StatusCode switch
    {
        _ when answer.IsSuccessStatusCode => new WebhookReply.Taken(),
        HttpStatusCode.Gone => new WebhookReply.Gone(),
        HttpStatusCode.TooManyRequests => new WebhookReply.Limited(WaitOf(answer) ?? WebhookLimits.StandardWait),
        HttpStatusCode.ServiceUnavailable when WaitOf(answer) is { } wait => new WebhookReply.Limited(wait),
        HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout =>
            new WebhookReply.Away($"The receiver answered HTTP {(int)answer.StatusCode}."),
        _ => new WebhookReply.Refused((int)answer.StatusCode),
    };

    private TimeSpan? WaitOf(HttpResponseMessage answer)
    {
        var said = answer.Headers.RetryAfter;
        var wait = said?.Delta ?? said?.Date - _time.GetUtcNow();
        return wait is { } known
            ? TimeSpan.FromTicks(Math.Clamp(
                known.Ticks, TimeSpan.FromSeconds(1).Ticks, WebhookLimits.LongestWait.Ticks))
            : null;
    }

    private string WhyAway(Exception failure) => failure is OperationCanceledException
        ? $"The receiver did not answer within {_options.Patience.TotalSeconds:N0} seconds."
        : $"The receiver cannot be reached ({failure.InnerException?.Message ?? failure.Message}).";

    /// <summary>A time-out is the receiver's; a cancellation that was asked for is nobody's fault.</summary>
    private static bool IsAway(Exception failure, CancellationToken cancellationToken) =>
        failure is HttpRequestException or IOException
        || (failure is OperationCanceledException && !cancellationToken.IsCancellationRequested);
}
