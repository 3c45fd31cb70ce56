using System.Collections.Concurrent;
using System.Diagnostics;
using Countersign.Server.Tracing;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Trace;

namespace Countersign.Tests.Tracing;

/// <summary>Spans wait in a bounded queue; whatever the collector does, whoever ends a span goes on at once.</summary>
public sealed class SpanQueueTests
{
    private readonly TraceCounts _counts = new();
    private readonly LineLog _log = new();

    [Fact]
    public void What_does_not_fit_is_dropped_and_counted_while_the_collector_is_slow()
    {
        using var collector = new PlayedCollector { IsSlow = true };
        using var queue = QueueBefore(collector);

        Send(queue, 1);
        collector.UntilAsked();
        Send(queue, 9);
        Assert.Equal(6, _counts.Dropped);
        Assert.Equal(0, _counts.Exported);

        collector.Release();
        Assert.True(queue.ForceFlush());
        Send(queue, 1);
        Assert.True(queue.ForceFlush());

        Assert.Equal((5, 0, 6), (_counts.Exported, _counts.Failed, _counts.Dropped));
    }

    [Fact]
    public void What_the_collector_does_not_take_is_counted_and_said_once_until_it_takes_again()
    {
        using var collector = new PlayedCollector { Result = ExportResult.Failure };
        using var queue = QueueBefore(collector);

        Send(queue, 1);
        queue.ForceFlush();
        Send(queue, 1);
        queue.ForceFlush();
        collector.Result = ExportResult.Success;
        Send(queue, 1);
        queue.ForceFlush();

        Assert.Equal((1, 2, 0), (_counts.Exported, _counts.Failed, _counts.Dropped));
        Assert.Equal([LogLevel.Warning, LogLevel.Information], _log.Levels);
    }

    private SpanQueue QueueBefore(PlayedCollector collector)
    {
        const int capacity = 4;
        collector.Tally = new SpanTally(capacity, _counts, _log);
        var options = new BatchExportActivityProcessorOptions
        {
            MaxQueueSize = capacity,
            MaxExportBatchSize = 1,
            ScheduledDelayMilliseconds = 60_000,
        };
        return new SpanQueue(collector, options, collector.Tally);
    }

    private static void Send(SpanQueue queue, int count)
    {
        for (var number = 0; number < count; number++)
        {
            using var span = new Activity("span").SetIdFormat(ActivityIdFormat.W3C);
            span.ActivityTraceFlags = ActivityTraceFlags.Recorded;
            queue.OnEnd(span.Start());
        }
    }

    private sealed class PlayedCollector : BaseExporter<Activity>
    {
        private readonly ManualResetEventSlim _asked = new();
        private readonly ManualResetEventSlim _released = new();

        public bool IsSlow { get; init; }

        public SpanTally? Tally { get; set; }

        public ExportResult Result { get; set; } = ExportResult.Success;

        public void UntilAsked() => Assert.True(_asked.Wait(TimeSpan.FromSeconds(20)));

        public void Release() => _released.Set();

        public override ExportResult Export(in Batch<Activity> batch)
        {
            _asked.Set();
            var result = !IsSlow || _released.Wait(TimeSpan.FromSeconds(20)) ? Result : ExportResult.Failure;
            Tally!.Leave(batch.Count, result);
            return result;
        }
    }

    private sealed class LineLog : ILogger
    {
        private readonly ConcurrentQueue<LogLevel> _levels = new();

        public IReadOnlyCollection<LogLevel> Levels => _levels;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter) => _levels.Enqueue(logLevel);
    }
}
