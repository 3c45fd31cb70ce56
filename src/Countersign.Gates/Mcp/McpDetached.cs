using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Gates.Mcp.Upstream;
using Countersign.Gates.Mcp.Wire;

namespace Countersign.Gates.Mcp;

/// <summary>
/// Executes tool calls that nobody waits for, because they were asked over the API: over a connection of their own,
/// with the gateway as the client, under the same rules for tools and definitions.
/// </summary>
internal sealed class McpDetached(McpGateOptions options, Upstreams upstreams, McpExecutor executor)
{
    /// <summary><c>null</c> when the action's target is not on this gate, or not any more.</summary>
    public ActionExecutor? Find(ActionRecord action) =>
        action.Gate == GateKind.Mcp && options.Target(action.Action.Target) is { } target
            ? (approved, cancellationToken) => ExecuteAsync(approved, target, cancellationToken)
            : null;

    private async Task<Outcome> ExecuteAsync(
        ActionRecord action, McpOptions target, CancellationToken cancellationToken)
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
            action.Action.Target, target, Hello.Gateway, IgnoreAsync, limit);
    }

    /// <summary>Nobody is there to answer questions of the server or to read its notifications.</summary>
    private static Task IgnoreAsync(RpcMessage message, Exchange? related) => Task.CompletedTask;
}
