using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Records;
using Countersign.Gates.Access;
using Countersign.Gates.Mcp.Wire;
using Microsoft.Extensions.Logging;

namespace Countersign.Gates.Mcp;

/// <summary>
/// A <c>tools/call</c> from request to answer:
/// <list type="number">
/// <item>the tool must exist and its definition must be the accepted one;</item>
/// <item>the call becomes an action and goes through the gatekeeper, which may hold it for people;</item>
/// <item>what comes back becomes a tool result, whatever it is.</item>
/// </list>
/// </summary>
internal sealed class McpCalls(
    McpGateOptions options,
    McpTools tools,
    McpExecutor executor,
    McpPreviews previews,
    McpRounds rounds,
    McpTasks tasks,
    ILogger log)
{
    private readonly ApprovalTools _approvals = new(options);
    private readonly Turnstile _running = new(options.Limits.CallsPerAgent);

    public async Task<Reply> AnswerAsync(
        McpSession session, Target target, Exchange exchange, CancellationToken cancellationToken)
    {
        var request = exchange.Request;
        if (request.Arguments.FindText("name") is not { } name)
        {
            return Error(request, Rpc.InvalidParams, "'params.name' is missing: name the tool to call.");
        }

        if (!_running.TryEnter(session.Asker.Agent))
        {
            return Error(
                request,
                Rpc.ServerError,
                $"Agent {session.Asker.Agent} has {options.Limits.CallsPerAgent} calls waiting or running; " +
                "let some end first.");
        }

        if (ApprovalTools.IsReserved(name))
        {
            McpSpans.NameTool(name);
        }

        try
        {
            return name switch
            {
                DryRunTool.Name => await new DryRunTool(options, tools, previews).AnswerAsync(
                    session, target, exchange, cancellationToken),
                _ when ApprovalTools.IsReserved(name) =>
                    await _approvals.AnswerAsync(name, session, exchange, cancellationToken),
                _ => await CallAsync(name, session, target, exchange, cancellationToken),
            };
        }
        finally
        {
            _running.Leave(session.Asker.Agent);
        }
    }

    private async Task<Reply> CallAsync(
        string name, McpSession session, Target target, Exchange exchange, CancellationToken cancellationToken)
    {
        var request = exchange.Request;

        // 1. The tool, as it is described today.
        var connection = await session.ConnectAsync(cancellationToken);
        if (await tools.FindAsync(target.Name, session.Tools, name, connection, cancellationToken) is not { } tool)
        {
            return Error(
                request, Rpc.InvalidParams, $"Unknown tool '{name}'; nothing was sent. Call tools/list for the tools.");
        }

        McpSpans.NameTool(tool.Definition.Name);
        if (tool.Standing is DefinitionStanding.Changed change)
        {
            return await BlockAsync(request, target, tool, change, cancellationToken);
        }

        // 2. The action. From here on only the gatekeeper decides.
        var (round, problem) = await rounds.ReadAsync(session, exchange, cancellationToken);
        var (asking, refusal) = Read(session, target, tool, exchange, round, problem);
        if (refusal is not null || round.Over is not null)
        {
            return refusal ?? ReplyOf(request, round.Over!);
        }

        await using var notices = new HeldNotices(options, exchange);
        var client = exchange.Caller?.ClientName ?? session.Ticket.ClientName;
        var patience = Patience.Of(client, exchange.ProgressToken is not null, session.Options);
        var call = new Call(
            (action, limit) => executor.ExecuteAsync(action, session, exchange, limit),
            patience,
            notices.Begin)
        {
            LeavesWhenHeld = exchange.Caller is { TakesTasks: true },
        };
        var foreseeable = asking! with
        {
            // Over the session's own connection, so that the preview meets the state that the call would meet.
            Previewer = previews.Find(session.Route, name),
        };
        var handled = await options.Gatekeeper.HandleAsync(foreseeable, call, cancellationToken);

        // 3. The result.
        var again = handled.Answer is Answer.StillPending still
            ? GoOn(session, exchange, round, still.Record)
            : null;
        return new Reply(ProtocolErrorOf(exchange, round)
            ?? Rpc.Result(request.Id, again ?? ResultOf(handled.Answer, tool, exchange)))
        {
            Handled = handled,
            Outcome = handled.Answer is Answer.Ended ended ? ended.Record : null,
        };
    }

    /// <summary>
    /// How a client of 2026-07-28 comes back for a held call: by its task if it takes one, else in rounds; <c>null</c>
    /// when only the model can.
    /// </summary>
    private byte[]? GoOn(McpSession session, Exchange exchange, Round round, ActionRecord held) =>
        exchange.Caller switch
        {
            null => null,
            { TakesTasks: true } when held.Detached => tasks.Create(held),
            _ => rounds.Ask(session, round, held),
        };

    private (Asking? Asking, Reply? Refusal) Read(
        McpSession session, Target target, KnownTool tool, Exchange exchange, Round round, string? problem)
    {
        var call = exchange.Request.Arguments;
        var arguments = call.FindObject("arguments") ?? RawObject.Empty;
        if (exchange.Caller is { } caller
            && ParamHeaders.WhyMismatch(tool.Members, arguments, caller) is { } mismatch)
        {
            return (null, Error(exchange.Request, ModernEra.HeaderMismatch, mismatch));
        }

        var asking = problem is null
            ? McpActionReader.Read(session, target, tool, call, round.Input, options.Json)
            : null;
        problem ??= asking switch
        {
            null => "'params.arguments' must be an object.",
            _ when round.Wait is { } wait && wait.Digest != asking.Action.Digest.Value =>
                "This requestState belongs to another call: repeat the same arguments, or call without it.",
            _ => null,
        };
        asking = asking is null ? null : asking with { CallerNote = CallerNote.Of(exchange.Caller) };
        return problem is null ? (asking, null) : (null, Error(exchange.Request, Rpc.InvalidParams, problem));
    }

    /// <summary>The end of the action that a repeated call waited for.</summary>
    private static Reply ReplyOf(RpcMessage.Request request, ActionRecord over) => over.Life.LastOutcome is null
        ? new Reply(Rpc.Result(request.Id, McpAnswers.Ended(over))) { Outcome = over }
        : Error(
            request,
            Rpc.InvalidParams,
            $"The outcome of {over.Id} was handed over before. Call without requestState to ask anew.");

    /// <summary>
    /// Errors that a client of 2026-07-28 acts upon itself: it lacks a capability, or its input is not what the tool
    /// asked for. Every other error is text that a model can read.
    /// </summary>
    private static byte[]? ProtocolErrorOf(Exchange exchange, Round round)
    {
        if (exchange.Caller is null
            || exchange.UpstreamError is not { } error
            || !RawObject.TryRead(error, out var members)
            || members.Find("code") is not { } code)
        {
            return null;
        }

        var isForClient = code.Span.SequenceEqual("-32021"u8)
            || code.Span.SequenceEqual("-32602"u8) && round.Input is not null;
        return isForClient ? Rpc.Error(exchange.Request.Id, error) : null;
    }

    private async Task<Reply> BlockAsync(
        RpcMessage.Request request,
        Target target,
        KnownTool tool,
        DefinitionStanding.Changed change,
        CancellationToken cancellationToken)
    {
        log.DefinitionChanged(target.Name, tool.Definition.Name);
        var review = await options.Definitions.ProposeAsync(target, tool.Definition, change, cancellationToken);
        var url = review is null ? null : options.ReviewUrl(review.Id);
        return new Reply(Rpc.Result(
            request.Id, McpAnswers.DefinitionChanged(tool.Definition.Name, target.Name, review, url)));
    }

    private byte[] ResultOf(Answer answer, KnownTool tool, Exchange exchange) => answer switch
    {
        Answer.Ended ended => McpAnswers.Ended(ended.Record, takesInput: exchange.Caller is not null),
        Answer.StillPending pending => McpAnswers.Pending(
            pending.Record, options.ReviewUrl(pending.Record.Id), tool.HasOutputSchema),
        Answer.Paused paused => McpAnswers.Text($"PAUSED; nothing was executed. {paused.Reason}", isError: true),
        Answer.Stopped stopped => McpAnswers.Text(
            $"AGENT STOPPED; nothing was executed. {stopped.Reason}", isError: true),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    private static Reply Error(RpcMessage.Request request, int code, string message) =>
        new(Rpc.Error(request.Id, code, message));
}
