using System.Collections.Concurrent;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Records;
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
internal sealed class McpCalls(McpGateOptions options, McpTools tools, McpExecutor executor, ILogger log)
{
    private readonly ApprovalTools _approvals = new(options);
    private readonly ConcurrentDictionary<AgentId, int> _running = new();

    public async Task<Reply> AnswerAsync(
        McpSession session, Target target, Exchange exchange, CancellationToken cancellationToken)
    {
        var request = exchange.Request;
        if (request.Arguments.FindText("name") is not { } name)
        {
            return Error(request, Rpc.InvalidParams, "'params.name' is missing: name the tool to call.");
        }

        if (!TryEnter(session.Asker.Agent))
        {
            return Error(
                request,
                Rpc.ServerError,
                $"Agent {session.Asker.Agent} has {options.Limits.CallsPerAgent} calls waiting or running; " +
                "let some end first.");
        }

        try
        {
            return name switch
            {
                DryRunTool.Name => await new DryRunTool(options, tools).AnswerAsync(
                    session, target, exchange, cancellationToken),
                _ when ApprovalTools.IsReserved(name) =>
                    await _approvals.AnswerAsync(name, session, exchange, cancellationToken),
                _ => await CallAsync(name, session, target, exchange, cancellationToken),
            };
        }
        finally
        {
            Leave(session.Asker.Agent);
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

        if (tool.Standing is DefinitionStanding.Changed change)
        {
            return await BlockAsync(request, target, tool, change, cancellationToken);
        }

        // 2. The action. From here on only the gatekeeper decides.
        if (McpActionReader.Read(session, target, tool, request.Arguments, options.Json) is not { } asking)
        {
            return Error(request, Rpc.InvalidParams, "'params.arguments' must be an object.");
        }

        await using var notices = new HeldNotices(options, exchange);
        var patience = Patience.Of(session.Ticket.ClientName, exchange.ProgressToken is not null, session.Options);
        var call = new Call(
            (action, limit) => executor.ExecuteAsync(action, session.ConnectAsync, session.Tools, exchange, limit),
            patience,
            notices.Begin);
        var handled = await options.Gatekeeper.HandleAsync(asking, call, cancellationToken);

        // 3. The result.
        return new Reply(Rpc.Result(request.Id, ResultOf(handled.Answer, tool)))
        {
            Handled = handled,
            Outcome = handled.Answer is Answer.Ended ended ? ended.Record : null,
        };
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

    private byte[] ResultOf(Answer answer, KnownTool tool) => answer switch
    {
        Answer.Ended ended => McpAnswers.Ended(ended.Record),
        Answer.StillPending pending => McpAnswers.Pending(
            pending.Record, options.ReviewUrl(pending.Record.Id), tool.HasOutputSchema),
        Answer.Paused paused => McpAnswers.Text($"PAUSED; nothing was executed. {paused.Reason}", isError: true),
        Answer.Stopped stopped => McpAnswers.Text(
            $"AGENT STOPPED; nothing was executed. {stopped.Reason}", isError: true),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    private bool TryEnter(AgentId agent)
    {
        if (_running.AddOrUpdate(agent, 1, static (_, count) => count + 1) <= options.Limits.CallsPerAgent)
        {
            return true;
        }

        Leave(agent);
        return false;
    }

    private void Leave(AgentId agent)
    {
        if (_running.AddOrUpdate(agent, 0, static (_, count) => count - 1) <= 0)
        {
            _running.TryRemove(KeyValuePair.Create(agent, 0));
        }
    }

    private static Reply Error(RpcMessage.Request request, int code, string message) =>
        new(Rpc.Error(request.Id, code, message));
}
