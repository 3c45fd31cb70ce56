using System.Text.Json;
using Countersign.Core.Actions;
using Countersign.Core.Records;
using Countersign.Gates.Access;
using Countersign.Gates.Mcp.Wire;

namespace Countersign.Gates.Mcp;

/// <summary>An action in the form of a task, as the extension's specification words it.</summary>
/// <param name="Id">The task's id.</param>
/// <param name="First">The action it began with.</param>
/// <param name="Round">Where it is; the same action unless its tool asked for input.</param>
/// <param name="Promised">Until when it is kept at least: what its client was told at first.</param>
internal sealed record TaskView(string Id, ActionRecord First, TaskRound Round, DateTimeOffset Promised)
{
    /// <summary>To the millisecond, in which <c>ttlMs</c> counts as well.</summary>
    private const string TimeFormat = "yyyy-MM-ddTHH:mm:ss.fffZ";

    /// <summary>
    /// Whether it has its result. What ran once is over, although its grant may have uses left for other calls.
    /// </summary>
    public bool IsOver => Round.Questions is null && HasRun;

    public ActionRecord Record => Round.Record;

    /// <summary>
    /// Until when it can be asked for: a while after it ended, however late that was, and never less than was promised.
    /// As long as it has not ended, this is the earliest that may turn out.
    /// </summary>
    public DateTimeOffset KeptUntil(McpGateOptions options)
    {
        var end = IsOver ? Record.Ledger.At : options.Time.GetUtcNow();
        var until = end + options.Limits.TaskRetention;
        return until > Promised ? until : Promised;
    }

    /// <summary>Whether there is something to tell that an identical call must not be told as well.</summary>
    public bool IsNews =>
        HasRun && Record.State != ActionState.Executing && !Record.Life.Delivered;

    private bool HasRun => Record.State.HasEnded() || Record.Life.LastOutcome is not null;

    private string Status => Record switch
    {
        _ when Round.Questions is not null => "input_required",
        _ when !IsOver => "working",
        { State: ActionState.Withdrawn, Life.LastOutcome: null } => "cancelled",
        _ => "completed",
    };

    /// <param name="resultType"><c>task</c> where the task is new, <c>complete</c> where it was asked for.</param>
    /// <param name="options">What the gate knows of people and addresses.</param>
    public byte[] ToBytes(string resultType, McpGateOptions options) => Rpc.Object(json =>
    {
        json.WriteString("resultType", resultType);
        json.WriteString("taskId", Id);
        json.WriteString("status", Status);
        if (Status is "working" or "cancelled")
        {
            json.WriteString("statusMessage", MessageOf(options));
        }

        var created = First.CreatedAt.ToUnixTimeMilliseconds();
        json.WriteString("createdAt", Spell(First.CreatedAt));
        json.WriteString("lastUpdatedAt", Spell(Record.Ledger.At));
        json.WriteNumber("ttlMs", KeptUntil(options).ToUnixTimeMilliseconds() - created);
        json.WriteNumber("pollIntervalMs", (long)options.Limits.TaskPolling.TotalMilliseconds);
        if (Status == "completed")
        {
            WriteResult(json);
        }
        else if (Round.Questions is { } questions)
        {
            WriteQuestions(json, questions);
        }
    });

    private void WriteQuestions(Utf8JsonWriter json, RawObject questions)
    {
        json.WriteStartObject("inputRequests");
        foreach (var (name, question) in questions.Without([.. Round.Given.Members.Select(given => given.Key)]).Members)
        {
            Rpc.WriteRaw(json, Round.KeyOf(name), question);
        }

        json.WriteEndObject();
    }

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
        _ => EndText.WhyNotRun(Record),
    };

    private static string Spell(DateTimeOffset time) => time.UtcDateTime.ToString(
        TimeFormat, System.Globalization.CultureInfo.InvariantCulture);
}
