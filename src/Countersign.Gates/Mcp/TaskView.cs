using System.Text.Json;
using Countersign.Core.Actions;
using Countersign.Core.Records;
using Countersign.Gates.Mcp.Wire;

namespace Countersign.Gates.Mcp;

/// <summary>An action in the form of a task, as the extension's specification words it.</summary>
internal sealed record TaskView(string Id, ActionRecord Record, DateTimeOffset Expires)
{
    /// <summary>To the millisecond, in which <c>ttlMs</c> counts as well.</summary>
    private const string TimeFormat = "yyyy-MM-ddTHH:mm:ss.fffZ";

    /// <summary>
    /// Whether it has its result. What ran once is over, although its grant may have uses left for other calls.
    /// </summary>
    public bool IsOver => Record.State.HasEnded() || Record.Life.LastOutcome is not null;

    private bool IsCancelled => Record is { State: ActionState.Withdrawn, Life.LastOutcome: null };

    /// <param name="resultType"><c>task</c> where the task is new, <c>complete</c> where it was asked for.</param>
    /// <param name="options">What the gate knows of people and addresses.</param>
    public byte[] ToBytes(string resultType, McpGateOptions options) => Rpc.Object(json =>
    {
        json.WriteString("resultType", resultType);
        json.WriteString("taskId", Id);
        json.WriteString("status", !IsOver ? "working" : IsCancelled ? "cancelled" : "completed");
        if (!IsOver || IsCancelled)
        {
            json.WriteString("statusMessage", MessageOf(options));
        }

        var created = Record.CreatedAt.ToUnixTimeMilliseconds();
        json.WriteString("createdAt", Spell(Record.CreatedAt));
        json.WriteString("lastUpdatedAt", Spell(LastUpdated()));
        json.WriteNumber("ttlMs", Expires.ToUnixTimeMilliseconds() - created);
        json.WriteNumber("pollIntervalMs", (long)options.Limits.TaskPolling.TotalMilliseconds);
        if (IsOver && !IsCancelled)
        {
            WriteResult(json);
        }
    });

    /// <summary>What the call itself would have been answered with, in the form of 2026-07-28.</summary>
    private void WriteResult(Utf8JsonWriter json)
    {
        ReadOnlyMemory<byte> result = McpAnswers.Ended(Record);
        if (RawObject.TryRead(result, out var members) && members.Find("resultType") is null)
        {
            result = members.With("resultType", RawObject.Quote("complete")).ToBytes();
        }

        Rpc.WriteRaw(json, "result", result);
    }

    private string MessageOf(McpGateOptions options) => Record.State switch
    {
        ActionState.Pending => HeldNotices.TextOf(Record, options),
        ActionState.Approved => $"Approved {Record.Id}; it is about to run.",
        ActionState.Executing => $"Executing {Record.Id}.",
        _ => McpAnswers.WhyNotRun(Record),
    };

    /// <summary>The latest moment the record knows of.</summary>
    private DateTimeOffset LastUpdated() => Record.Life.Votes
        .Select(vote => vote.At)
        .Append(Record.CreatedAt)
        .Append(Record.Life.Execution?.StartedAt ?? Record.CreatedAt)
        .Max();

    private static string Spell(DateTimeOffset time) => time.UtcDateTime.ToString(
        TimeFormat, System.Globalization.CultureInfo.InvariantCulture);
}
