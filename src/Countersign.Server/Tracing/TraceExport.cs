using Countersign.Core.Tracing;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Countersign.Server.Tracing;

/// <summary>
/// Sends the spans of <see cref="Spans"/> to an OTLP collector, as long as it lives. Sampling follows the caller, and
/// OpenTelemetry's own variables say what else a user may want: <c>OTEL_SERVICE_NAME</c>,
/// <c>OTEL_RESOURCE_ATTRIBUTES</c>, <c>OTEL_TRACES_SAMPLER</c>, <c>OTEL_BSP_…</c>.
/// </summary>
internal sealed class TraceExport(TracerProvider provider, TraceCounts counts) : IDisposable
{
    private const string ServiceName = "countersign";

    public TraceCounts Counts { get; } = counts;

    public static TraceExport Start(TraceSettings settings, ILogger<TraceExport> log)
    {
        var counts = new TraceCounts();
        var version = typeof(TraceExport).Assembly.GetName().Version?.ToString(fieldCount: 3);
        // Later names win: a user's variables go before ours.
        var resource = ResourceBuilder.CreateEmpty()
            .AddService(ServiceName, serviceVersion: version)
            .AddTelemetrySdk()
            .AddEnvironmentVariableDetector();
        var batches = new BatchExportActivityProcessorOptions();
        var tally = new SpanTally(batches.MaxQueueSize, counts, log);
        var exporter = new TalliedExporter(
            new OtlpExporterOptions
            {
                Endpoint = settings.Endpoint,
                Protocol = settings.IsGrpc ? OtlpExportProtocol.Grpc : OtlpExportProtocol.HttpProtobuf,
                Headers = settings.Headers,
                TimeoutMilliseconds = (int)settings.Timeout.TotalMilliseconds,
            },
            tally);
        var provider = Sdk.CreateTracerProviderBuilder()
            .SetResourceBuilder(resource)
            .AddSource(Spans.SourceName)
            .AddProcessor(new SpanQueue(exporter, batches, tally))
            .Build();
        return new TraceExport(provider, counts);
    }

    public void Dispose() => provider.Dispose();
}
