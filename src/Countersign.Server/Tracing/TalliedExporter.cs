using System.Diagnostics;
using OpenTelemetry;
using OpenTelemetry.Exporter;

namespace Countersign.Server.Tracing;

/// <summary>
/// OpenTelemetry's exporter, which tells what became of each batch. It is one itself instead of having one, because an
/// exporter inside another is not told which resource its spans are of.
/// </summary>
internal sealed class TalliedExporter(OtlpExporterOptions options, SpanTally tally) : OtlpTraceExporter(options)
{
    public override ExportResult Export(in Batch<Activity> activityBatch)
    {
        // Read first: exporting empties the batch.
        var count = activityBatch.Count;
        var result = base.Export(activityBatch);
        tally.Leave(count, result);
        return result;
    }
}
