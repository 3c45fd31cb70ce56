using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Gates.Access;
using Countersign.Gates.Mcp.Upstream;
using Countersign.Gates.Mcp.Wire;

namespace Countersign.Gates.Mcp;

/// <summary>
/// Executes and previews tool calls that nobody waits for, under the same rules for tools and definitions as live ones.
/// A task's call goes where the agent's other calls without a session go, because a server may keep something between
/// them. What was asked over the API has a connection of its own, with the gateway as the client.
/// </summary>
internal sealed class McpDetached(
    McpGateOptions options, Upstreams upstreams, McpExecutor executor, McpPreviews previews, McpSessions sessions)
{
    private readonly Turnstile _previewing = new(options.Limits.PreviewsPerAgent);

    /// <summary><c>null</c> when the action's target is not on this gate, or not any more.</summary>
    public ActionExecutor? Find(ActionRecord action)
    {
        if (action.Gate != GateKind.Mcp || options.Target(action.Action.Target) is not { } settings)
        {
            return null;
        }

        return (approved, cancellationToken) => ExecuteAsync(approved, settings, cancellationToken);
    }

    /// <summary><c>null</c> when nothing on this gate can tell what the request would do.</summary>
    public ActionPreviewer? FindPreviewer(Asking asking) =>
        asking.Target.Gate == GateKind.Mcp
        && options.Target(asking.Target.Name) is { } target
        && target.Previews.ContainsKey(asking.Action.Operation)
            ? (request, cancellationToken) => PreviewAsync(request, target, cancellationToken)
            : null;

    /// <summary>
    /// What the requests without a session of the asking agent share; <c>null</c> when it asked over another gate, or
    /// when this node has no room, so that the call gets a connection of its own.
    /// </summary>
    private McpSession? FindSession(ActionRecord action, McpOptions settings) =>
        action.Via == GateKind.Mcp && options.Charter().Targets.TryGetValue(action.Action.Target, out var target)
            ? sessions.FindStateless(new Visitor(action.Asker, target, settings))
            : null;

    private async Task<Outcome> ExecuteAsync(
        ActionRecord action, McpOptions target, CancellationToken cancellationToken)
    {
        Task<Outcome> Execute(Route route) => executor.ExecuteAsync(action, route, caller: null, cancellationToken);

        // A session that was let go a moment ago executed nothing, so the call is still to be made.
        var shared = FindSession(action, target) is { } session ? await session.TryServeAsync(Execute) : null;
        return shared ?? await OverOwnConnectionAsync(action.Action.Target, target, Execute);
    }

    private async Task<Preview> PreviewAsync(Asking asking, McpOptions target, CancellationToken cancellationToken)
    {
        if (!_previewing.TryEnter(asking.Asker.Agent))
        {
            return Preview.Failed(
                $"Agent {asking.Asker.Agent} has {options.Limits.PreviewsPerAgent} previews being made; no more are.");
        }

        try
        {
            return await OverOwnConnectionAsync(asking.Target.Name, target, route => previews.Find(
                route, asking.Action.Operation)!(asking, cancellationToken));
        }
        finally
        {
            _previewing.Leave(asking.Asker.Agent);
        }
    }

    private async Task<T> OverOwnConnectionAsync<T>(
        TargetName name, McpOptions target, Func<Route, Task<T>> work)
    {
        UpstreamConnection? own = null;
        try
        {
            return await work(new Route(target, new ToolCatalog(), OpenAsync));
        }
        finally
        {
            await (own?.DisposeAsync() ?? ValueTask.CompletedTask);
        }

        async Task<UpstreamConnection> OpenAsync(CancellationToken limit)
        {
            await (own?.DisposeAsync() ?? ValueTask.CompletedTask);
            return own = await upstreams.OpenAsync(name, target, Hello.Gateway, IgnoreAsync, limit);
        }
    }

    /// <summary>Nobody is there to answer questions of the server or to read its notifications.</summary>
    private static Task IgnoreAsync(RpcMessage message, Exchange? related) => Task.CompletedTask;
}
