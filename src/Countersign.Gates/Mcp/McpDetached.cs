using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Gates.Mcp.Upstream;
using Countersign.Gates.Mcp.Wire;

namespace Countersign.Gates.Mcp;

/// <summary>
/// Executes tool calls that nobody waits for, under the same rules for tools and definitions as live ones. A task's
/// call goes where the agent's other calls without a session go, because a server may keep something between them. One
/// that was asked over the API has a connection of its own, with the gateway as the client.
/// </summary>
internal sealed class McpDetached(
    McpGateOptions options, Upstreams upstreams, McpExecutor executor, McpSessions sessions)
{
    /// <summary><c>null</c> when the action's target is not on this gate, or not any more.</summary>
    public ActionExecutor? Find(ActionRecord action)
    {
        if (action.Gate != GateKind.Mcp || options.Target(action.Action.Target) is not { } settings)
        {
            return null;
        }

        return FindSession(action, settings) is { } session
            ? (approved, cancellationToken) => executor.ExecuteAsync(
                approved, session.ConnectAsync, session.Tools, caller: null, cancellationToken)
            : (approved, cancellationToken) => ExecuteAsync(approved, settings, cancellationToken);
    }

    /// <summary>
    /// What the requests without a session of the asking agent share; <c>null</c> when it asked over another gate, or
    /// when this node has no room, so that the call gets a connection of its own.
    /// </summary>
    private McpSession? FindSession(ActionRecord action, McpOptions settings) =>
        action.Via == GateKind.Mcp && options.Charter().Targets.TryGetValue(action.Action.Target, out var target)
            ? sessions.FindStateless(new Visitor(action.Asker, target, settings))
            : null;

    private async Task<Outcome> ExecuteAsync(
        ActionRecord action, McpOptions settings, CancellationToken cancellationToken)
    {
        UpstreamConnection? own = null;
        try
        {
            return await executor.ExecuteAsync(action, OpenAsync, new ToolCatalog(), caller: null, cancellationToken);
        }
        finally
        {
            await (own?.DisposeAsync() ?? ValueTask.CompletedTask);
        }

        async Task<UpstreamConnection> OpenAsync(CancellationToken limit) => own = await upstreams.OpenAsync(
            action.Action.Target, settings, Hello.Gateway, IgnoreAsync, limit);
    }

    /// <summary>Nobody is there to answer questions of the server or to read its notifications.</summary>
    private static Task IgnoreAsync(RpcMessage message, Exchange? related) => Task.CompletedTask;
}
