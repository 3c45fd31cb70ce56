using System.Collections.Concurrent;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Countersign.EndToEnd.Support;

/// <summary>
/// A service on Kestrel that makes orders, remembers the idempotency key of each, and tells what became of a key. A
/// test decides whether it makes an order before or after its caller is gone.
/// </summary>
internal sealed class OrderService : IAsyncDisposable
{
    private readonly WebApplication _web;
    private readonly ConcurrentDictionary<string, string> _orders = new();
    private readonly ConcurrentQueue<string> _questions = new();
    private readonly Channel<string> _arrivals = Channel.CreateUnbounded<string>();

    private OrderService(WebApplication web) => _web = web;

    /// <summary>Whether an order that arrives is made; its caller never hears of it.</summary>
    public bool Makes { get; set; }

    /// <summary>What is answered to questions instead of what is known; <c>null</c> for the truth.</summary>
    public int? Says { get; set; }

    /// <summary>The keys of orders that were made.</summary>
    public IReadOnlyCollection<string> Orders => [.. _orders.Keys];

    /// <summary>The keys that were asked for, with the credential that was shown.</summary>
    public IReadOnlyList<string> Questions => [.. _questions];

    public string Target => $$"""
          shop: { gate: http, environment: production, upstream: "{{_web.Urls.First()}}",
                  credentials: { bearer: env:SHOP_KEY }, status: "GET /requests/{idempotency_key}" }
        """;

    public static async Task<OrderService> StartAsync(CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var service = new OrderService(builder.Build());
        service._web.MapPost("/orders", service.OrderAsync);
        service._web.MapGet("/requests/{key}", service.Tell);
        await service._web.StartAsync(cancellationToken);
        return service;
    }

    /// <summary>The key of the next order that arrives.</summary>
    public async Task<string> NextAsync(CancellationToken cancellationToken) =>
        await _arrivals.Reader.ReadAsync(cancellationToken);

    public ValueTask DisposeAsync() => _web.DisposeAsync();

    private async Task OrderAsync(HttpContext context)
    {
        var key = context.Request.Headers["Idempotency-Key"].ToString();
        if (Makes)
        {
            _orders[key] = await new StreamReader(context.Request.Body).ReadToEndAsync(context.RequestAborted);
        }

        await _arrivals.Writer.WriteAsync(key);
        await Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted);
    }

    private IResult Tell(string key, HttpContext context)
    {
        _questions.Enqueue($"{key} {context.Request.Headers.Authorization}");
        return Says is { } status ? Results.StatusCode(status)
            : _orders.ContainsKey(key) ? Results.Ok(new { state = "made" })
            : Results.NotFound();
    }
}
