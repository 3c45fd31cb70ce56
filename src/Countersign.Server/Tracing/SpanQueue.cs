using System.Diagnostics;
using OpenTelemetry;
using OpenTelemetry.Trace;

namespace Countersign.Server.Tracing;

/// <summary>
/// OpenTelemetry's queue of spans that wait for the collector, with a count of those it has no place for. Whoever ends
/// a span never waits: what does not fit is dropped.
/// </summary>
/// <param name="exporter">Sends batches and tells the tally of each; owned by the queue.</param>
/// <param name="options">Sizes and times; by default those of the variables <c>OTEL_BSP_…</c>.</param>
/// <param name="tally">Has as many places as the queue.</param>
internal sealed class SpanQueue(
    BaseExporter<Activity> exporter, BatchExportActivityProcessorOptions options, SpanTally tally)
    : BatchActivityExportProcessor(
        exporter,
        options.MaxQueueSize,
        options.ScheduledDelayMilliseconds,
        options.ExporterTimeoutMilliseconds,
        options.MaxExportBatchSize)
{
    protected override void OnExport(Activity data)
    {
        if (tally.TryEnter())
        {
            base.OnExport(data);
        }
    }
}
