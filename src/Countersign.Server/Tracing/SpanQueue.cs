using System.Diagnostics;
using OpenTelemetry;
using OpenTelemetry.Trace;

namespace Countersign.Server.Tracing;

/// <summary>
/// OpenTelemetry's queue of spans that wait for the collector, with a count of those it has no place for. A span that
/// ends never waits: what does not fit is dropped.
/// </summary>
internal sealed class SpanQueue : BatchActivityExportProcessor
{
    private readonly Exporter _exporter;
    private readonly int _capacity;

    private SpanQueue(Exporter exporter, BatchExportActivityProcessorOptions options)
        : base(
            exporter,
            options.MaxQueueSize,
            options.ScheduledDelayMilliseconds,
            options.ExporterTimeoutMilliseconds,
            options.MaxExportBatchSize)
    {
        _exporter = exporter;
        _capacity = options.MaxQueueSize;
    }

    /// <param name="exporter">Sends batches; owned by the queue.</param>
    /// <param name="options">Sizes and times; by default those of the variables <c>OTEL_BSP_…</c>.</param>
    /// <param name="counts">Told of every span.</param>
    /// <param name="log">Told when the collector stops taking batches, and when it takes them again.</param>
    public static SpanQueue Before(
        BaseExporter<Activity> exporter,
        BatchExportActivityProcessorOptions options,
        TraceCounts counts,
        ILogger log) => new(new Exporter(exporter, counts, log), options);

    protected override void OnExport(Activity data)
    {
        if (_exporter.TryEnter(_capacity))
        {
            base.OnExport(data);
        }
    }

    /// <summary>Counts around the exporter that sends; one thread exports, others enter.</summary>
    private sealed class Exporter(BaseExporter<Activity> inner, TraceCounts counts, ILogger log)
        : BaseExporter<Activity>
    {
        private long _waiting;
        private bool _isFailing;

        /// <summary>Takes a place in the queue; what finds none is counted as dropped.</summary>
        public bool TryEnter(int capacity)
        {
            if (Interlocked.Increment(ref _waiting) <= capacity)
            {
                return true;
            }

            Interlocked.Decrement(ref _waiting);
            counts.AddDropped();
            return false;
        }

        public override ExportResult Export(in Batch<Activity> batch)
        {
            var result = inner.Export(batch);
            Interlocked.Add(ref _waiting, -batch.Count);
            if (result == ExportResult.Success)
            {
                counts.AddExported(batch.Count);
            }
            else
            {
                counts.AddFailed(batch.Count);
            }

            Tell(isFailing: result != ExportResult.Success);
            return result;
        }

        protected override bool OnForceFlush(int timeoutMilliseconds) => inner.ForceFlush(timeoutMilliseconds);

        protected override bool OnShutdown(int timeoutMilliseconds) => inner.Shutdown(timeoutMilliseconds);

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                inner.Dispose();
            }

            base.Dispose(disposing);
        }

        /// <summary>Once per change: a collector that is down for a day is one line, not one per batch.</summary>
        private void Tell(bool isFailing)
        {
            if (isFailing && !_isFailing)
            {
                log.TracesNotTaken();
            }
            else if (!isFailing && _isFailing)
            {
                log.TracesTakenAgain();
            }

            _isFailing = isFailing;
        }
    }
}
