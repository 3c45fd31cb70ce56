using System.Globalization;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Records;
using Countersign.Gates.Access;
using Countersign.Gates.Mcp.Wire;

namespace Countersign.Gates.Mcp;

/// <summary>
/// The gateway's own tools: an agent can look at its requests and wait for them. None of them approves anything, and
/// none shows another agent's requests.
/// </summary>
internal sealed class ApprovalTools(McpGateOptions options)
{
    public const string Wait = "approval_wait";
    public const string Status = "approval_status";

    /// <summary>Longest wait of one call: below every client's time-out that was measured.</summary>
    private const int MaxWaitSeconds = 45;

    public static IEnumerable<ReadOnlyMemory<byte>> Definitions { get; } =
    [
        """
        {"name":"approval_wait",
         "description":"Waits for people to decide about a pending call. If they approved, repeat the very same call.",
         "inputSchema":{"type":"object",
          "properties":{
           "action_id":{"type":"string","description":"The id from the pending answer: act_ and 26 characters."},
           "wait_seconds":{"type":"integer","minimum":0,"maximum":45,"default":45}},
          "required":["action_id"]},
         "annotations":{"readOnlyHint":true}}
        """u8.ToArray(),
        """
        {"name":"approval_status",
         "description":"Says at once where a pending call stands. Approves nothing.",
         "inputSchema":{"type":"object",
          "properties":{
           "action_id":{"type":"string","description":"The id from the pending answer: act_ and 26 characters."}},
          "required":["action_id"]},
         "annotations":{"readOnlyHint":true}}
        """u8.ToArray(),
        DryRunTool.Definition,
    ];

    public static bool IsReserved(string tool) => tool is Wait or Status or DryRunTool.Name;

    public async Task<Reply> AnswerAsync(
        string tool, McpSession session, Exchange exchange, CancellationToken cancellationToken)
    {
        var arguments = exchange.Request.Arguments.FindObject("arguments") ?? RawObject.Empty;
        if (!ActionId.TryParse(arguments.FindText("action_id"), out var id)
            || await options.Gatekeeper.FindAsync(id, cancellationToken) is not { } record
            || record.Asker != session.Asker)
        {
            return Say(exchange, "Unknown action: give the action_id of one of your own calls.", isError: true);
        }

        if (tool == Wait && record.State == ActionState.Pending)
        {
            record = await WaitAsync(record, arguments, exchange, cancellationToken);
        }

        // What a tool asks for is kept for its own call, which alone can bring the answer; a value behind a token is in
        // no record, and the API hands it over.
        return IsUndelivered(record) && tool == Wait && !McpAnswers.AsksForInput(record)
            && !TokenDesk.IsAbout(record.Action.Target, record.Action.Operation)
            ? new Reply(Rpc.Result(exchange.Request.Id, McpAnswers.Ended(record))) { Outcome = record }
            : new Reply(Rpc.Result(exchange.Request.Id, Describe(record)));
    }

    private async Task<ActionRecord> WaitAsync(
        ActionRecord pending, RawObject arguments, Exchange exchange, CancellationToken cancellationToken)
    {
        await using var notices = new HeldNotices(options, exchange);
        notices.Begin(pending);
        var decided = await options.Gatekeeper.WaitForDecisionAsync(
            pending.Id, PatienceOf(arguments), cancellationToken);
        return decided ?? pending;
    }

    /// <summary>An outcome nobody got belongs to whoever of the same principal asks first.</summary>
    private static bool IsUndelivered(ActionRecord record) =>
        record is { Life.LastOutcome: not null, Life.Delivered: false } && record.State.HasEnded();

    private byte[] Describe(ActionRecord record) => Rpc.Object(json =>
    {
        var told = record.Life.LastOutcome is not null && record.State.HasEnded();
        var text = told
            ? $"{record.State.ToText().ToUpperInvariant()} {record.Id}. {record.Outcome?.Error}"
            : EndText.WhyNotRun(record);
        json.WriteStartArray("content");
        json.WriteStartObject();
        json.WriteString("type", "text");
        json.WriteString("text", text);
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteStartObject("structuredContent");
        json.WriteString("action_id", record.Id.Value);
        json.WriteString("state", record.State.ToText());
        json.WriteString("url", options.ReviewUrl(record.Id).ToString());
        if (record.Life.ExpiresAt is { } until)
        {
            json.WriteString("expires_at", until.ToString("yyyy-MM-ddTHH:mm:ssZ"));
        }

        json.WriteEndObject();
        json.WriteBoolean("isError", false);
    });

    private static TimeSpan PatienceOf(RawObject arguments)
    {
        var given = arguments.Find("wait_seconds") is { } json
            && int.TryParse(json.Span, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
                ? seconds
                : MaxWaitSeconds;
        return TimeSpan.FromSeconds(Math.Min(given, MaxWaitSeconds));
    }

    private static Reply Say(Exchange exchange, string text, bool isError) =>
        new(Rpc.Result(exchange.Request.Id, McpAnswers.Text(text, isError)));
}
