using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Countersign.EndToEnd.Support;

/// <summary>One span as a collector got it.</summary>
internal sealed record ReceivedSpan(string TraceId, string SpanId, string ParentId, string Name)
{
    /// <summary>OTLP's number: 1 internal, 2 server, 3 client.</summary>
    public long Kind { get; init; }

    public required IReadOnlyDictionary<string, string> Attributes { get; init; }

    public required IReadOnlyDictionary<string, string> Resource { get; init; }
}

/// <summary>An OpenTelemetry collector that takes OTLP over HTTP in protobuf, and keeps what it gets.</summary>
internal sealed class OtlpCollector : IAsyncDisposable
{
    private readonly WebApplication _web;
    private readonly ConcurrentQueue<byte[]> _bodies = new();
    private readonly TaskCompletionSource _held = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource _arrived = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private OtlpCollector(WebApplication web) => _web = web;

    public Uri Address => new(_web.Urls.First());

    /// <summary>Whether it takes requests and answers none, until it is disposed.</summary>
    public bool IsHolding { get; init; }

    /// <summary>Every byte that arrived, one character each.</summary>
    public string Text => string.Concat(_bodies.Select(Encoding.Latin1.GetString));

    public IReadOnlyList<ReceivedSpan> Spans => [.. _bodies.SelectMany(OtlpMessage.SpansOf)];

    public static async Task<OtlpCollector> StartAsync(CancellationToken cancellationToken, bool isHolding = false)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var web = builder.Build();
        var collector = new OtlpCollector(web) { IsHolding = isHolding };
        web.MapPost("/v1/traces", collector.TakeAsync);
        await web.StartAsync(cancellationToken);
        return collector;
    }

    /// <summary>The spans of a trace, as soon as there are as many of each name.</summary>
    public async Task<IReadOnlyList<ReceivedSpan>> UntilAsync(
        string traceId, IReadOnlyCollection<string> names, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Limits.Soon);
        while (true)
        {
            var next = _arrived.Task;
            var spans = Spans.Where(span => span.TraceId == traceId).ToList();
            if (names.CountBy(name => name).All(name => spans.Count(span => span.Name == name.Key) >= name.Value))
            {
                return spans;
            }

            await next.WaitAsync(limit.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _held.TrySetResult();
        await _web.StopAsync(new CancellationToken(canceled: true));
        await _web.DisposeAsync();
    }

    private async Task TakeAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        _bodies.Enqueue(body.ToArray());
        Interlocked.Exchange(
            ref _arrived, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
        await (IsHolding ? _held.Task : Task.CompletedTask);
        context.Response.ContentType = "application/x-protobuf";
    }
}
