using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Records;
using Countersign.Gates.Mcp.Wire;

namespace Countersign.Gates.Mcp;

/// <summary>
/// Tasks of 2026-07-28 (extension io.modelcontextprotocol/tasks): views on held actions, which nodes take by themselves
/// once people approved them. A task adds nothing to the record:
/// <list type="number">
/// <item>its id is the action's, sealed, and worth something to the agent that asked only;</item>
/// <item>its status is read from the action each time;</item>
/// <item>cancelling it withdraws the action as long as nothing was sent.</item>
/// </list>
/// </summary>
internal sealed class McpTasks(McpGateOptions options, TaskRounds rounds, SealedBox box)
{
    private const string Prefix = "task_";

    /// <summary>Capabilities, as a client that takes tasks declares them.</summary>
    private static readonly byte[] s_missing = Rpc.Object(json =>
    {
        json.WriteStartObject("requiredCapabilities");
        json.WriteStartObject("extensions");
        json.WriteStartObject(ModernEra.TasksExtension);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    });

    /// <summary>
    /// The answer to a held call, which may leave only after the record and its detachment are durable.
    /// </summary>
    public byte[] Create(ActionRecord held)
    {
        var now = options.Time.GetUtcNow();
        var end = held.Life.LatestEnd is { } at && at > now ? at : now;
        var ticket = new TaskTicket(held.Id, end + options.Limits.TaskRetention);
        var round = new TaskRound(held, Number: 1, Questions: null);
        var view = new TaskView(Prefix + box.Seal(ticket.ToBytes()), held, round, ticket.Promised);
        return view.ToBytes("task", options);
    }

    /// <summary>Answers <c>tasks/get</c>, <c>tasks/update</c> and <c>tasks/cancel</c>.</summary>
    public async Task<Reply> AnswerAsync(McpSession session, Exchange exchange, CancellationToken cancellationToken)
    {
        var request = exchange.Request;
        if (exchange.Caller is not { TakesTasks: true })
        {
            return new Reply(Rpc.Error(
                request.Id,
                Rpc.MissingCapability,
                $"This request has to declare the extension '{ModernEra.TasksExtension}'.",
                s_missing));
        }

        if (await FindAsync(session, request.Arguments.FindText("taskId"), cancellationToken) is not { } task)
        {
            // The same words whether it never was, is over, or is somebody else's.
            return Error(request, "Unknown task: give the taskId of a call of your own that is still kept.");
        }

        return request.Method switch
        {
            "tasks/get" => Tell(request, task),
            "tasks/cancel" => await CancelAsync(session, request, task, cancellationToken),
            _ => await UpdateAsync(session, exchange, task, cancellationToken),
        };
    }

    /// <summary>The task of an id, if it is this agent's, of this target, and not over.</summary>
    private async Task<TaskView?> FindAsync(McpSession session, string? id, CancellationToken cancellationToken)
    {
        if (id?.StartsWith(Prefix, StringComparison.Ordinal) != true || box.Open(id[Prefix.Length..]) is not { } plain)
        {
            return null;
        }

        var ticket = TaskTicket.Read(plain);
        if (await options.Gatekeeper.FindAsync(ticket.Action, cancellationToken) is not { } record
            || record.Asker != session.Asker
            || record.Action.Target != session.Ticket.Target)
        {
            return null;
        }

        var view = new TaskView(
            id, record, await rounds.LatestAsync(record, cancellationToken), ticket.Promised);
        return view.KeptUntil(options) <= options.Time.GetUtcNow() ? null : view;
    }

    private Reply Tell(RpcMessage.Request request, TaskView task) => new(
        Rpc.Result(request.Id, task.ToBytes("complete", options)))
    {
        // An identical call later asks anew; this task is told the same as long as it is kept.
        Outcome = task.IsNews ? task.Record : null,
    };

    /// <summary>Answers what the tool asked. When nothing is asked, answers are acknowledged and forgotten.</summary>
    private async Task<Reply> UpdateAsync(
        McpSession session, Exchange exchange, TaskView task, CancellationToken cancellationToken)
    {
        var request = exchange.Request;
        if (request.Arguments.FindObject("inputResponses") is not { } answers)
        {
            return Error(request, "'params.inputResponses' must be an object.");
        }

        return await rounds.AnswerAsync(session, exchange, task.Round, answers, cancellationToken) is { } problem
            ? Error(request, problem)
            : Acknowledge(request);
    }

    /// <summary>
    /// Withdraws what people have not decided or no node has taken yet. What was sent cannot be unsent, and what is
    /// over stays as it is; both are acknowledged all the same.
    /// </summary>
    private async Task<Reply> CancelAsync(
        McpSession session, RpcMessage.Request request, TaskView task, CancellationToken cancellationToken)
    {
        if (!task.IsOver)
        {
            await options.ReviewDesk.WithdrawAsync(
                task.Record.Id, session.Asker.Agent.Value, "its client cancelled the task", cancellationToken);
        }

        return Acknowledge(request);
    }

    private static Reply Acknowledge(RpcMessage.Request request) => new(Rpc.Result(request.Id, "{}"u8.ToArray()));

    private static Reply Error(RpcMessage.Request request, string message) =>
        new(Rpc.Error(request.Id, Rpc.InvalidParams, message));
}
