using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
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

/// <summary>
/// An OpenTelemetry collector that takes OTLP over HTTP in protobuf or over gRPC, and keeps what it gets.
/// </summary>
internal sealed class OtlpCollector : IAsyncDisposable
{
    private const string Service = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

    /// <summary>Whether a message is compressed, and its length in four bytes (gRPC over HTTP/2).</summary>
    private const int GrpcPrefix = 5;

    private readonly WebApplication _web;
    private readonly ConcurrentQueue<byte[]> _bodies = new();
    private readonly TaskCompletionSource _held = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile Dictionary<string, string> _headers = [];
    private TaskCompletionSource _arrived = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private OtlpCollector(WebApplication web) => _web = web;

    public Uri Address => new(_web.Urls.First());

    /// <summary>Whether it takes requests and answers none, until it is disposed.</summary>
    public bool IsHolding { get; init; }

    /// <summary>A header of the latest request.</summary>
    public string? Header(string name) => _headers.GetValueOrDefault(name);

    /// <summary>Every byte that arrived, one character each.</summary>
    public string Text => string.Concat(_bodies.Select(Encoding.Latin1.GetString));

    public IReadOnlyList<ReceivedSpan> Spans => [.. _bodies.SelectMany(OtlpMessage.SpansOf)];

    public static Task<OtlpCollector> StartAsync(CancellationToken cancellationToken) =>
        StartAsync(isHolding: false, HttpProtocols.Http1, cancellationToken);

    public static Task<OtlpCollector> StartHoldingAsync(CancellationToken cancellationToken) =>
        StartAsync(isHolding: true, HttpProtocols.Http1, cancellationToken);

    public static Task<OtlpCollector> StartGrpcAsync(CancellationToken cancellationToken) =>
        StartAsync(isHolding: false, HttpProtocols.Http2, cancellationToken);

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

    private static async Task<OtlpCollector> StartAsync(
        bool isHolding, HttpProtocols protocols, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ConfigureEndpointDefaults(
            listen => listen.Protocols = protocols));
        var web = builder.Build();
        var collector = new OtlpCollector(web) { IsHolding = isHolding };
        web.MapPost("/v1/traces", collector.TakeAsync);
        web.MapPost(Service, collector.TakeGrpcAsync);
        await web.StartAsync(cancellationToken);
        return collector;
    }

    private async Task TakeAsync(HttpContext context)
    {
        Keep(await ReadAsync(context));
        await (IsHolding ? _held.Task : Task.CompletedTask);
        context.Response.ContentType = "application/x-protobuf";
    }

    private async Task TakeGrpcAsync(HttpContext context)
    {
        Keep((await ReadAsync(context))[GrpcPrefix..]);
        context.Response.ContentType = "application/grpc";
        await context.Response.Body.WriteAsync(new byte[GrpcPrefix], context.RequestAborted);
        context.Response.AppendTrailer("grpc-status", "0");
    }

    private async Task<byte[]> ReadAsync(HttpContext context)
    {
        _headers = context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString());
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        return body.ToArray();
    }

    private void Keep(byte[] body)
    {
        _bodies.Enqueue(body);
        Interlocked.Exchange(
            ref _arrived, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
    }
}
