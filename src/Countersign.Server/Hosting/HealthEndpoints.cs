using System.Collections.Immutable;
using System.Text;
using Countersign.Core.Actions;
using Countersign.Core.Storage;
using Countersign.Server.Channels;
using Countersign.Server.Tracing;

namespace Countersign.Server.Hosting;

/// <summary>Whether this node lives, and whether it can decide and record right now. Neither needs a token.</summary>
internal sealed class HealthEndpoints(
    IStore store,
    IArchive archive,
    TraceCounts? traces,
    ImmutableArray<ChannelHealth> channels,
    Func<long> silentSessions)
{
    private readonly StoreProbe _probe = new(store);

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/healthz", () => Results.Json(new { status = "ok", durability = "local" }));
        routes.MapGet("/readyz", ReadyAsync);
        routes.MapGet("/metrics", MeasureAsync);
    }

    private async Task<IResult> ReadyAsync(CancellationToken cancellationToken)
    {
        var why = await _probe.AskAsync(cancellationToken);
        var states = channels.ToDictionary(channel => channel.Name, channel => channel.Complaint ?? "ok");
        var isDegraded = channels.Any(channel => channel.Complaint is not null);
        return why is null
            ? Results.Json(new { status = isDegraded ? "degraded" : "ready", store = "ok", channels = states })
            : Results.Json(
                new { status = "unavailable", store = why }, statusCode: StatusCodes.Status503ServiceUnavailable);
    }

    /// <summary>The Prometheus text format 0.0.4; no label carries a name of a person, agent or target.</summary>
    private async Task<IResult> MeasureAsync(CancellationToken cancellationToken)
    {
        var counts = await TryCountAsync(cancellationToken);
        var up = counts is not null && await _probe.AskAsync(cancellationToken) is null;
        var text = new StringBuilder();
        text.Append("# HELP countersign_store_up Whether the store can be read and commit.\n");
        text.Append($"# TYPE countersign_store_up gauge\ncountersign_store_up {(up ? 1 : 0)}\n");
        if (counts is not null)
        {
            text.Append("# HELP countersign_actions Actions by state.\n# TYPE countersign_actions gauge\n");
            foreach (var state in Enum.GetValues<ActionState>())
            {
                text.Append($"countersign_actions{{state=\"{state.ToText()}\"}} {counts.GetValueOrDefault(state)}\n");
            }
        }

        if (await TryCountStoppedAsync(cancellationToken) is { } stopped)
        {
            text.Append("# HELP countersign_stopped_agents Agents that people stopped.\n");
            text.Append($"# TYPE countersign_stopped_agents gauge\ncountersign_stopped_agents {stopped}\n");
        }

        text.Append("# HELP countersign_hook_sessions_silent_total Sessions of agents that asked for nothing.\n");
        text.Append("# TYPE countersign_hook_sessions_silent_total counter\n");
        text.Append($"countersign_hook_sessions_silent_total {silentSessions()}\n");
        if (traces is not null)
        {
            text.Append("# HELP countersign_trace_spans_total Spans by what became of them.\n");
            text.Append("# TYPE countersign_trace_spans_total counter\n");
            text.Append($"countersign_trace_spans_total{{result=\"exported\"}} {traces.Exported}\n");
            text.Append($"countersign_trace_spans_total{{result=\"failed\"}} {traces.Failed}\n");
            text.Append($"countersign_trace_spans_total{{result=\"dropped\"}} {traces.Dropped}\n");
        }

        text.Append("# HELP process_resident_memory_bytes Resident memory.\n");
        text.Append("# TYPE process_resident_memory_bytes gauge\n");
        text.Append($"process_resident_memory_bytes {Environment.WorkingSet}\n");
        return Results.Text(text.ToString(), "text/plain; version=0.0.4; charset=utf-8");
    }

    /// <summary><c>null</c> when nothing can be read: no number is told then, because zero would be a lie.</summary>
    private async Task<IReadOnlyDictionary<ActionState, long>?> TryCountAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await archive.CountStatesAsync(cancellationToken);
        }
        catch (StoreUnavailableException)
        {
            return null;
        }
    }

    private async Task<int?> TryCountStoppedAsync(CancellationToken cancellationToken)
    {
        try
        {
            return (await store.FindStopsAsync(cancellationToken)).Length;
        }
        catch (StoreUnavailableException)
        {
            return null;
        }
    }
}
