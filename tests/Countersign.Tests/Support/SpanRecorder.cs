using System.Collections.Concurrent;
using System.Diagnostics;
using Countersign.Core.Tracing;

namespace Countersign.Tests.Support;

/// <summary>
/// Keeps the spans of the traces that a test makes up. Tests run beside each other in one process, so that nothing of
/// another trace is sampled by it or kept.
/// </summary>
internal sealed class SpanRecorder : IDisposable
{
    private readonly ConcurrentQueue<Activity> _spans = new();
    private readonly ConcurrentDictionary<ActivityTraceId, bool> _traces = new();
    private readonly ActivityListener _listener;

    public SpanRecorder()
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == Spans.SourceName,
            Sample = Sample,
            ActivityStopped = Keep,
        };
        ActivitySource.AddActivityListener(_listener);
    }

    /// <summary>Every span that ended, in the order in which they began.</summary>
    public IReadOnlyList<Activity> Ended => [.. _spans.OrderBy(span => span.StartTimeUtc)];

    public IReadOnlyList<string> Names => [.. Ended.Select(span => span.DisplayName)];

    /// <summary>A caller with a trace of its own.</summary>
    public TraceContext NewCaller(bool isSampled = true, string? state = null)
    {
        var trace = ActivityTraceId.CreateRandom();
        _traces[trace] = true;
        var flags = isSampled ? "01" : "00";
        return TraceContext.Read($"00-{trace}-{ActivitySpanId.CreateRandom()}-{flags}", state)!;
    }

    public Activity Single(string name) => Assert.Single(_spans, span => span.DisplayName == name);

    public void Dispose() => _listener.Dispose();

    /// <summary>The trace id of a <c>traceparent</c>.</summary>
    public static string TraceOf(TraceContext context) => context.Parent[3..35];

    public static string SpanOf(TraceContext context) => context.Parent[36..52];

    /// <summary>Like a sampler that follows the parent: what is not sampled is carried on all the same.</summary>
    private ActivitySamplingResult Sample(ref ActivityCreationOptions<ActivityContext> options)
    {
        if (!_traces.ContainsKey(options.Parent.TraceId))
        {
            return ActivitySamplingResult.None;
        }

        return (options.Parent.TraceFlags, options.Parent.IsRemote) switch
        {
            (ActivityTraceFlags.Recorded, _) => ActivitySamplingResult.AllDataAndRecorded,
            (_, true) => ActivitySamplingResult.PropagationData,
            _ => ActivitySamplingResult.None,
        };
    }

    private void Keep(Activity span)
    {
        if (span.Recorded && _traces.ContainsKey(span.TraceId))
        {
            _spans.Enqueue(span);
        }
    }
}
