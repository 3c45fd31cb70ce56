using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Policies;
using Countersign.Core.Records;
using Countersign.Gates.Access;
using Countersign.Gates.Mcp.Wire;

namespace Countersign.Gates.Mcp;

/// <summary>
/// The gateway's tool <c>would_this_need_approval</c>: what would become of a call, before it is made. It sends nothing
/// and opens nothing.
/// </summary>
internal sealed class DryRunTool(McpGateOptions options, McpTools tools, McpPreviews previews)
{
    public const string Name = "would_this_need_approval";

    public static ReadOnlyMemory<byte> Definition { get; } =
        """
        {"name":"would_this_need_approval",
         "description":"Says what would become of a call: allowed, held for people, or denied. Calls nothing.",
         "inputSchema":{"type":"object",
          "properties":{
           "tool":{"type":"string","description":"The name of the tool."},
           "arguments":{"type":"object","description":"Its arguments, exactly as they would be sent."}},
          "required":["tool"]},
         "annotations":{"readOnlyHint":true}}
        """u8.ToArray();

    public async Task<Reply> AnswerAsync(
        McpSession session, Target target, Exchange exchange, CancellationToken cancellationToken)
    {
        var call = exchange.Request.Arguments.FindObject("arguments") ?? RawObject.Empty;
        if (call.FindText("tool") is not { } name || ApprovalTools.IsReserved(name))
        {
            return Say(exchange, "Name the tool to ask about, one of the server's own, in 'tool'.", isError: true);
        }

        var connection = await session.ConnectAsync(cancellationToken);
        if (await tools.FindAsync(target.Name, session.Tools, name, connection, cancellationToken) is not { } tool)
        {
            return Say(exchange, $"Unknown tool '{name}'. Call tools/list for the tools.", isError: true);
        }

        if (tool.Standing is DefinitionStanding.Changed)
        {
            return Say(
                exchange,
                $"definition-changed: tool '{name}' is described differently from what was accepted, so it is " +
                "blocked until its reviewers accept it.",
                isError: false);
        }

        return McpActionReader.Read(session, target, tool, call, input: null, options.Json) is { } asking
            ? Tell(exchange, await options.DryRun.AskAsync(
                asking with { Previewer = previews.Find(session.Route, name) }, cancellationToken))
            : Say(exchange, "'arguments' must be an object.", isError: true);
    }

    private static Reply Tell(Exchange exchange, DryRunAnswer answer)
    {
        if (answer is not DryRunAnswer.Foreseen { Forecast: var forecast })
        {
            return Say(exchange, $"AGENT STOPPED. {((DryRunAnswer.Stopped)answer).Reason}", isError: true);
        }

        return new Reply(Rpc.Result(exchange.Request.Id, Rpc.Object(json =>
        {
            McpAnswers.WriteContent(json, TextOf(forecast));
            json.WriteStartObject("structuredContent");
            ForecastJson.WriteMembers(json, forecast);
            json.WriteEndObject();
            json.WriteBoolean("isError", false);
        })));
    }

    private static string TextOf(Forecast forecast)
    {
        var first = forecast.Verdict.Outcome switch
        {
            VerdictOutcome.Allow => "ALLOWED: the call would run at once.",
            VerdictOutcome.Require => "NEEDS APPROVAL: the call would be held for " +
                string.Join("; and ", forecast.Tracks.SelectMany(StagesOf)) + ".",
            _ => "DENIED: the call would be refused.",
        };
        return EndText.Sentences([
            first,
            forecast.LacksPreview
                ? "The real call is previewed first, which may make this milder; now nothing was looked at."
                : null,
            .. forecast.Verdict.Rules.Select(rule => $"Rule '{rule.Id}': {rule.Reason}"),
            forecast.Nearest?.ToString(),
            "Nothing was called, and nobody was asked."]);
    }

    private static IEnumerable<string> StagesOf(ForecastTrack track) => track.Requirement.Stages.Select(
        (stage, i) => $"{stage.Need} of {string.Join(", ", stage.Of)} ({PersonsOf(track, i)})");

    private static string PersonsOf(ForecastTrack track, int stage) => track.Persons[stage].IsEmpty
        ? "nobody who is registered can decide today"
        : $"today {string.Join(", ", track.Persons[stage])}";

    private static Reply Say(Exchange exchange, string text, bool isError) =>
        new(Rpc.Result(exchange.Request.Id, McpAnswers.Text(text, isError)));
}
