using System.Text;
using Countersign.Core.Actions;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Gates.Access;
using Countersign.Gates.Mcp.Wire;

namespace Countersign.Gates.Mcp;

/// <summary>
/// What an agent reads when its call did not simply run: tool results, never protocol errors, because models handle the
/// first and hosts drop the second. Each says whether anything was executed and what to do next.
/// </summary>
internal static class McpAnswers
{
    private const int RetryAfterSeconds = 30;

    /// <summary>A result that is one text.</summary>
    public static byte[] Text(string text, bool isError) => Rpc.Object(json =>
    {
        WriteContent(json, text);
        json.WriteBoolean("isError", isError);
    });

    /// <summary>The result of an action that ended: the target's own when it gave one.</summary>
    /// <param name="record">The action.</param>
    /// <param name="takesInput">Whether the answer goes to a call that can be repeated with input.</param>
    public static byte[] Ended(ActionRecord record, bool takesInput = false) => record.Life.LastOutcome is null
        ? Text(EndText.WhyNotRun(record), isError: true)
        : record.Outcome switch
        {
            { Result: not null } when !takesInput && AsksForInput(record) => Instead(
                record,
                $"INPUT REQUIRED by the tool for {record.Id}, which this call cannot carry. Only a client of " +
                $"{ProtocolVersions.Modern} can give it, with the tool's own call."),
            { Result: { } result } => record.Changes.IsEmpty
                ? result.ToArray()
                : WithFirst(ChangeText.Of(record), result),
            { State: OutcomeState.Unknown, Error: var error } => Instead(
                record,
                $"UNKNOWN OUTCOME of {record.Id}: {error} Do not repeat the call before you have checked."),
            { State: OutcomeState.Succeeded, Error: { } error } => Instead(
                record,
                $"RESULT WITHHELD of {record.Id}: {error} Repeating the call would run it again and be asked of " +
                "people again: if the result is needed, ask for less at a time."),
            { Error: var error } => Instead(record, $"FAILED {record.Id}: {error}"),
            null => Text($"The outcome of {record.Id} is not kept any more.", isError: true),
        };

    /// <summary>A text of ours where the agent would have had a result; it says too what was changed.</summary>
    private static byte[] Instead(ActionRecord record, string text) => Text(
        EndText.Sentences(text, record.Changes.IsEmpty ? null : ChangeText.Of(record)), isError: true);

    /// <summary>
    /// The target's result behind a text of ours: a model that reads it knows that something else ran than it asked.
    /// </summary>
    private static byte[] WithFirst(string text, ReadOnlyMemory<byte> result)
    {
        if (!RawObject.TryRead(result, out var members))
        {
            return result.ToArray();
        }

        return Rpc.Object(json =>
        {
            json.WriteStartArray("content");
            WriteText(json, text);
            foreach (var element in members.Find("content") is { } content ? RawObject.Elements(content) : [])
            {
                json.WriteRawValue(element.Span, skipInputValidation: true);
            }

            json.WriteEndArray();
            foreach (var (name, value) in members.Members.Where(member => member.Key != "content"))
            {
                json.WritePropertyName(name);
                json.WriteRawValue(value.Span, skipInputValidation: true);
            }
        });
    }

    /// <summary>Whether the target's tool asked for another round instead of giving its result.</summary>
    public static bool AsksForInput(ActionRecord record) =>
        record.Outcome?.Result is { } result
        && RawObject.TryRead(result, out var members)
        && members.FindText("resultType") == "input_required";

    /// <summary>Nobody decided within the client's patience (reference section 3.2, step 6).</summary>
    public static byte[] Pending(ActionRecord record, Uri url, bool hasOutputSchema) => Rpc.Object(json =>
    {
        var until = record.Life.ExpiresAt is { } at ? $" (expires {at:yyyy-MM-ddTHH:mm:ssZ})" : "";
        WriteContent(
            json,
            $"PENDING APPROVAL {record.Id}{until}. Nothing has been executed. " +
            $"People have to approve this call: {url} . " +
            $"To go on, repeat exactly the same call, or call {ApprovalTools.Wait} with " +
            $"{{\"action_id\":\"{record.Id}\"}}. Changed arguments would be another request.");
        json.WriteBoolean("isError", hasOutputSchema);
        if (!hasOutputSchema)
        {
            json.WriteStartObject("structuredContent");
            json.WriteString("status", "pending_approval");
            json.WriteString("action_id", record.Id.Value);
            json.WriteString("expires_at", record.Life.ExpiresAt?.ToString("yyyy-MM-ddTHH:mm:ssZ"));
            json.WriteString("url", url.ToString());
            json.WriteNumber("retry_after_seconds", RetryAfterSeconds);
            json.WriteEndObject();
        }
    });

    /// <summary>The tool's definition is not the accepted one; the call was not even judged.</summary>
    public static byte[] DefinitionChanged(string tool, TargetName target, ActionRecord? review, Uri? url)
    {
        var next = review switch
        {
            null =>
                $"Nobody can accept it, because target '{target}' has no reviewers: set 'reviewers:' on the target.",
            { State: ActionState.Pending } =>
                $"Its reviewers were asked: {review.Id}, {url} . Call again once they accepted it.",
            { State: ActionState.Denied } => $"Its reviewers did not accept it: {review.Ending}",
            { State: ActionState.Failed or ActionState.Unknown } =>
                $"It was accepted as {review.Id}, but that could not be recorded: {review.Outcome?.Error}",
            _ => $"It is being accepted as {review.Id}; call again in a moment.",
        };
        return Text(
            $"definition-changed: tool '{tool}' is described differently from what was accepted, so it is blocked. " +
            $"Nothing was executed. {next}",
            isError: true);
    }

    public static void WriteContent(System.Text.Json.Utf8JsonWriter json, string text)
    {
        json.WriteStartArray("content");
        WriteText(json, text);
        json.WriteEndArray();
    }

    private static void WriteText(System.Text.Json.Utf8JsonWriter json, string text)
    {
        json.WriteStartObject();
        json.WriteString("type", "text");
        json.WriteString("text", text);
        json.WriteEndObject();
    }
}
