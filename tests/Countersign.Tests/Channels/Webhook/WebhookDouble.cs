using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Countersign.Tests.Channels.Webhook;

/// <summary>A receiver on a real socket that keeps what comes, and answers what a test says.</summary>
internal sealed class WebhookDouble : IAsyncDisposable
{
    private readonly WebApplication _web;

    private WebhookDouble(WebApplication web) => _web = web;

    public Uri Address => new(new Uri(_web.Urls.First()), "/hooks");

    public ConcurrentQueue<Delivered> All { get; } = new();

    /// <summary>What was answered with 204.</summary>
    public ConcurrentQueue<Delivered> Taken { get; } = new();

    /// <summary>Answers instead of taking a delivery, when it says something.</summary>
    public Func<Delivered, HttpContext, Task<IResult?>> Fault { get; set; } =
        static (_, _) => Task.FromResult<IResult?>(null);

    public static async Task<WebhookDouble> StartAsync(CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var web = builder.Build();
        var receiver = new WebhookDouble(web);
        // Without the cast what it returns would be ignored.
        web.MapPost("/hooks", (Delegate)receiver.TakeAsync);
        await web.StartAsync(cancellationToken);
        return receiver;
    }

    public void Answer(int status) => Fault = (_, _) => Task.FromResult<IResult?>(Results.StatusCode(status));

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
        var delivered = new Delivered(
            headers["webhook-id"].ToString(),
            headers["webhook-timestamp"].ToString(),
            headers["webhook-signature"].ToString(),
            context.Request.ContentType,
            body.ToArray());
        All.Enqueue(delivered);
        if (await Fault(delivered, context) is { } instead)
        {
            return instead;
        }

        Taken.Enqueue(delivered);
        return Results.NoContent();
    }
}

/// <summary>One delivery as it came.</summary>
internal sealed record Delivered(string Id, string Timestamp, string Signature, string? ContentType, byte[] Body)
{
    public JsonElement Json => JsonElement.Parse(Body);

    public string Text => Encoding.UTF8.GetString(Body);

    /// <summary>The action it is about.</summary>
    public string Action => Json.GetProperty("data").GetProperty("id").GetString()!;

    /// <summary>What a key would sign of it, worked out here and not by the product.</summary>
    public string SignedBy(byte[] key) => "v1," + Convert.ToBase64String(
        HMACSHA256.HashData(key, Encoding.ASCII.GetBytes($"{Id}.{Timestamp}.").Concat(Body).ToArray()));
}
