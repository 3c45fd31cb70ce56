using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Countersign.EndToEnd.Support;

/// <summary>
/// The other end of the webhook: it keeps deliveries, so that a test can repeat, alter and forge them.
/// </summary>
internal sealed class WebhookWorld : IAsyncDisposable
{
    private static readonly byte[] s_key = [.. Enumerable.Range(0, 32).Select(number => (byte)number)];

    private readonly WebApplication _web;
    private readonly Channel<WebhookDelivery> _deliveries = Channel.CreateUnbounded<WebhookDelivery>();

    private WebhookWorld(WebApplication web) => _web = web;

    public static string Secret { get; } = "whsec_" + Convert.ToBase64String(s_key);

    public string Configuration => $$"""webhook: { url: "{{_web.Urls.First()}}/hooks", secret: env:WEBHOOK_SECRET }""";

    public static async Task<WebhookWorld> StartAsync(CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var web = builder.Build();
        var world = new WebhookWorld(web);
        web.MapPost("/hooks", (Delegate)world.TakeAsync);
        await web.StartAsync(cancellationToken);
        return world;
    }

    public async Task<WebhookDelivery> NextAsync(CancellationToken cancellationToken) =>
        await _deliveries.Reader.ReadAsync(cancellationToken).AsTask().WaitAsync(Limits.Soon, cancellationToken);

    /// <summary>The same delivery with another time, by somebody who has the secret.</summary>
    public static WebhookDelivery SignAt(WebhookDelivery delivery, int secondsAway)
    {
        var timestamp = TimeProvider.System.GetUtcNow().AddSeconds(secondsAway).ToUnixTimeSeconds().ToString();
        byte[] signed = [.. Encoding.ASCII.GetBytes($"{delivery.Id}.{timestamp}."), .. delivery.Body];
        return delivery with
        {
            Timestamp = timestamp,
            Signature = $"v1,{Convert.ToBase64String(HMACSHA256.HashData(s_key.AsSpan(), signed))}",
        };
    }

    public async ValueTask DisposeAsync()
    {
        await _web.StopAsync(new CancellationToken(canceled: true));
        await _web.DisposeAsync();
    }

    private async Task<IResult> TakeAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        var headers = context.Request.Headers;
        _deliveries.Writer.TryWrite(new WebhookDelivery(
            headers["webhook-id"].ToString(),
            headers["webhook-timestamp"].ToString(),
            headers["webhook-signature"].ToString(),
            body.ToArray()));
        return Results.NoContent();
    }
}

/// <summary>One delivery as it came.</summary>
internal sealed record WebhookDelivery(string Id, string Timestamp, string Signature, byte[] Body)
{
    public WebhookDelivery Altered => this with { Body = [.. Body[..^1], (byte)' ', Body[^1]] };

    public IReadOnlyDictionary<string, string> Headers => new Dictionary<string, string>
    {
        ["webhook-id"] = Id,
        ["webhook-timestamp"] = Timestamp,
        ["webhook-signature"] = Signature,
    };

    public async Task<HttpStatusCode> SendAsync(Uri receiver, CancellationToken cancellationToken)
    {
        using var http = new HttpClient { Timeout = Limits.Soon };
        using var request = new HttpRequestMessage(HttpMethod.Post, receiver);
        request.Content = new ByteArrayContent(Body);
        foreach (var (name, value) in Headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var answer = await http.SendAsync(request, cancellationToken);
        return answer.StatusCode;
    }
}
