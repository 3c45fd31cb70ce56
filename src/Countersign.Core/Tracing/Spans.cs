using System.Collections.Immutable;
using System.Diagnostics;
using Countersign.Core.Actions;
using Countersign.Core.Records;
using Countersign.Core.Reviews;

namespace Countersign.Core.Tracing;

/// <summary>
/// The spans of an action: intake, vote, review, execution. They belong to the trace in which the action was asked for,
/// hours later and on any node, because its record keeps where that trace stood. Attributes are ids, names, states and
/// rules, never what an action says or returns. While nobody listens, nothing is made.
/// </summary>
public static class Spans
{
    /// <summary>What a tracing system subscribes to.</summary>
    public const string SourceName = "Countersign";

    /// <summary>Most rules that one span names.</summary>
    private const int MaxRules = 16;

    private static readonly ActivitySource Source = new(
        SourceName, typeof(Spans).Assembly.GetName().Version?.ToString(fieldCount: 3));

    /// <summary>Whether anybody listens; without that nothing needs to be read or remembered.</summary>
    public static bool AreWanted => Source.HasListeners();

    /// <summary>The present span of ours; a framework's own is none.</summary>
    public static Activity? Current => Activity.Current is { } span && span.Source == Source ? span : null;

    /// <summary>Where the present span stands, for whoever goes on elsewhere; <c>null</c> without one.</summary>
    public static TraceContext? Here => Current is { } span ? TraceContext.Of(span) : null;

    /// <summary>
    /// The span of a request that comes in. Its parent is what the caller says; with none a trace begins here.
    /// </summary>
    /// <param name="name">Name of the span.</param>
    /// <param name="caller">Where the caller's trace stands.</param>
    /// <param name="carrier">Where the trace of whatever carried the request stands, when that is another.</param>
    public static Activity? Enter(string name, TraceContext? caller, TraceContext? carrier)
    {
        // What a framework has begun around this request is not exported, so nothing may hang below it.
        Activity.Current = null;
        IEnumerable<ActivityLink>? links = carrier is null || carrier == caller
            ? null
            : [new ActivityLink(carrier.ToActivityContext())];
        return Source.StartActivity(
            name, ActivityKind.Server, caller?.ToActivityContext() ?? default, tags: null, links);
    }

    /// <summary>A step of what goes on here.</summary>
    public static Activity? Start(string name, ActivityKind kind) =>
        AreWanted ? Source.StartActivity(name, kind, Current?.Context ?? default) : null;

    /// <summary>Says which action a span is about, and where it stands.</summary>
    public static void Tell(Activity? span, ActionRecord record)
    {
        if (span is not { IsAllDataRequested: true })
        {
            return;
        }

        span.SetTag("countersign.action.id", record.Id.Value);
        span.SetTag("countersign.action.state", record.State.ToText());
        span.SetTag("countersign.agent.id", record.Asker.Agent.Value);
        span.SetTag("countersign.target.name", record.Action.Target.Value);
        span.SetTag("countersign.target.environment", record.Environment);
        span.SetTag("countersign.gate", record.Gate.ToText());
        span.SetTag("countersign.via", record.Via.ToText());
        span.SetTag("countersign.verdict", record.Verdict.Outcome.ToText());
        span.SetTag("countersign.rule.ids", RulesOf(record));
    }

    /// <summary>Marks a span as failed; what exactly went wrong may quote a target, so no text goes along.</summary>
    public static void Fail(Activity? span, string type)
    {
        span?.SetStatus(ActivityStatusCode.Error);
        span?.SetTag("error.type", type);
    }

    /// <summary>Points to the trace in which an action was asked for first, when this is another one.</summary>
    internal static void Join(Activity? span, ActionRecord record)
    {
        if (span is not null && record.Trace?.ToActivityContext() is { } asked && asked.TraceId != span.TraceId)
        {
            span.AddLink(new ActivityLink(asked));
        }
    }

    /// <summary>
    /// A step in the life of an action, in the trace of its asking: below the present span when that is the same trace,
    /// otherwise below the request, with a link to where it happened.
    /// </summary>
    internal static Activity? Begin(string name, ActionRecord record)
    {
        if (!AreWanted)
        {
            return null;
        }

        var here = Current?.Context;
        var asked = record.Trace?.ToActivityContext();
        var span = asked is null || here?.TraceId == asked.Value.TraceId
            ? Source.StartActivity(name, ActivityKind.Internal, here ?? default)
            : Source.StartActivity(name, ActivityKind.Internal, asked.Value, tags: null, LinksTo(here));
        Tell(span, record);
        return span;
    }

    /// <summary>
    /// The review of an action, from the request to what ended it. It is told as a whole by whoever records its end,
    /// because no process may live as long as it lasts.
    /// </summary>
    internal static void EndReview(ActionRecord before, ActionRecord after, DateTimeOffset at)
    {
        if (AreWanted && before.State == ActionState.Pending && after.State != ActionState.Pending)
        {
            using var span = Past("countersign.review", before, before.CreatedAt, at);
            Tell(span, after);
            span?.SetTag("countersign.review.votes", after.Life.Votes.Length);
        }
    }

    /// <summary>An execution whose node is gone: told by whoever noticed, up to that moment.</summary>
    internal static void LoseExecution(ActionRecord record, Execution execution, DateTimeOffset at)
    {
        if (AreWanted)
        {
            using var span = Past("countersign.execute", record, execution.StartedAt, at);
            Tell(span, record);
            TellOutcome(span, record.Life.LastOutcome ?? OutcomeState.Unknown);
        }
    }

    internal static void TellOutcome(Activity? span, OutcomeState outcome)
    {
        span?.SetTag("countersign.outcome", outcome.ToText());
        if (outcome != OutcomeState.Succeeded)
        {
            Fail(span, outcome.ToText());
        }
    }

    private static Activity? Past(string name, ActionRecord record, DateTimeOffset start, DateTimeOffset end)
    {
        var here = Current?.Context;
        var parent = record.Trace?.ToActivityContext() ?? here ?? default;
        var links = here?.SpanId == parent.SpanId ? null : LinksTo(here);
        var span = Source.StartActivity(name, ActivityKind.Internal, parent, tags: null, links, start);
        span?.SetEndTime(end.UtcDateTime);
        return span;
    }

    private static ActivityLink[]? LinksTo(ActivityContext? context) =>
        context is { } there ? [new ActivityLink(there)] : null;

    private static string[] RulesOf(ActionRecord record) =>
        [.. record.Verdict.Rules.Take(MaxRules).Select(rule => rule.Id.Value)];
}
