using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Countersign.Tests.Support;

namespace Countersign.Tests.Channels.Slack;

/// <summary>
/// Slack as it delivers: it gives an acknowledgement three seconds, and sends what was not acknowledged in time again,
/// at once, after a minute and after five, newly signed and marked as a retry. The clock is the test's own.
/// </summary>
internal sealed class SlackDelivery(ManualTime time) : IDisposable
{
    private static readonly TimeSpan[] s_pauses = [TimeSpan.Zero, TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(5)];

    private readonly HttpClient _http = new();

    /// <summary>Told of every attempt that was not acknowledged in time.</summary>
    public Action<SlackAttempt> Missed { get; set; } = static _ => { };

    /// <summary>Delivers over HTTP until it is acknowledged; every attempt in its order.</summary>
    public async Task<IReadOnlyList<SlackAttempt>> DeliverAsync(
        JsonObject payload, Uri endpoint, CancellationToken cancellationToken)
    {
        var attempts = new List<SlackAttempt> { await SendAsync(payload, endpoint, last: null, cancellationToken) };
        foreach (var pause in s_pauses)
        {
            if (attempts[^1].IsAcknowledged)
            {
                break;
            }

            Missed(attempts[^1]);
            time.Advance(pause);
            attempts.Add(await SendAsync(payload, endpoint, attempts[^1], cancellationToken));
        }

        return attempts;
    }

    /// <summary>Delivers over a connection until it is acknowledged; how often it was sent.</summary>
    public async Task<int> DeliverAsync(
        JsonObject payload, SlackConnection connection, CancellationToken cancellationToken)
    {
        for (var retry = 0; retry <= s_pauses.Length; retry++)
        {
            time.Advance(retry == 0 ? TimeSpan.Zero : s_pauses[retry - 1]);
            var began = time.GetUtcNow();
            await connection.SendAsync($"envelope-{retry}", payload, retry, cancellationToken);
            var acknowledged = await connection.NextAcknowledgementAsync(cancellationToken);
            Assert.Equal($"envelope-{retry}", acknowledged["envelope_id"]!.GetValue<string>());
            if (time.GetUtcNow() - began <= SlackDouble.Patience)
            {
                return retry + 1;
            }
        }

        return s_pauses.Length + 1;
    }

    public void Dispose() => _http.Dispose();

    private async Task<SlackAttempt> SendAsync(
        JsonObject payload, Uri endpoint, SlackAttempt? last, CancellationToken cancellationToken)
    {
        var began = time.GetUtcNow();
        using var request = SlackDouble.Sign(payload, endpoint, began);
        var retry = last is null ? 0 : last.Retry + 1;
        if (last is not null)
        {
            request.Headers.Add("X-Slack-Retry-Num", retry.ToString(CultureInfo.InvariantCulture));
            request.Headers.Add("X-Slack-Retry-Reason", last.IsInTime ? "http_error" : "http_timeout");
        }

        using var answer = await _http.SendAsync(request, cancellationToken);
        var body = await answer.Content.ReadAsStringAsync(cancellationToken);
        return new SlackAttempt(retry, answer.StatusCode, body, time.GetUtcNow() - began <= SlackDouble.Patience);
    }
}

/// <summary>One time that something was sent; the first one is retry 0.</summary>
internal sealed record SlackAttempt(int Retry, HttpStatusCode Status, string Body, bool IsInTime)
{
    public bool IsAcknowledged => IsInTime && Status == HttpStatusCode.OK;
}
