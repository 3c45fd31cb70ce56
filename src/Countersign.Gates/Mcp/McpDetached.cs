using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;
using Countersign.Gates.Mcp.Upstream;
using Countersign.Gates.Mcp.Wire;

namespace Countersign.Gates.Mcp;

/// <summary>
/// Executes tool calls that nobody waits for, because they were asked over the API: over a connection of their own,
/// with the gateway as the client, under the same rules for tools and definitions.
/// </summary>
internal sealed class McpDetached(McpGateOptions options, Upstreams upstreams, McpTools tools)
{
    /// <summary><c>null</c> when the action's target is not on this gate, or not any more.</summary>
    public ActionExecutor? Find(ActionRecord action) =>
        action.Gate == GateKind.Mcp && options.Target(action.Action.Target) is { } target
            ? (approved, cancellationToken) => ExecuteAsync(approved, target, cancellationToken)
            : null;

    private async Task<Outcome> ExecuteAsync(
        ActionRecord action, McpOptions target, CancellationToken cancellationToken)
    {
        UpstreamConnection connection;
        try
        {
            connection = await upstreams.OpenAsync(
                action.Action.Target, target, Hello.Gateway, IgnoreAsync, cancellationToken);
        }
        catch (UpstreamException failure)
        {
            return NotSent(failure.Message);
        }

        await using (connection)
        {
            return await WhyBlockedAsync(action, connection, cancellationToken) is { } reason
                ? NotSent(reason)
                : await McpExecutor.ExecuteAsync(
                    action, _ => Task.FromResult(connection), caller: null, cancellationToken);
        }
    }

    private async Task<string?> WhyBlockedAsync(
        ActionRecord action, UpstreamConnection connection, CancellationToken cancellationToken)
    {
        try
        {
            var name = action.Action.Operation;
            var tool = await tools.FindAsync(
                action.Action.Target, new ToolCatalog(), name, connection, cancellationToken);
            return tool switch
            {
                null => $"The target's server has no tool '{name}'.",
                { Standing: DefinitionStanding.Changed } =>
                    $"definition-changed: tool '{name}' is described differently from what was accepted.",
                _ => null,
            };
        }
        catch (Exception failure) when (failure is UpstreamException or StoreUnavailableException)
        {
            return failure.Message;
        }
    }

    /// <summary>Nobody is there to answer questions of the server or to read its notifications.</summary>
    private static Task IgnoreAsync(RpcMessage message, Exchange? related) => Task.CompletedTask;

    private static Outcome NotSent(string reason) =>
        new(OutcomeState.Failed, Result: null, $"Nothing was sent: {reason}", TimeSpan.Zero);
}
