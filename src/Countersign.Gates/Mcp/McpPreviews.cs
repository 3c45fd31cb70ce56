using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Gates.Mcp.Upstream;
using Countersign.Gates.Mcp.Wire;

namespace Countersign.Gates.Mcp;

/// <summary>
/// Asks the target what a call would do: another tool of its own, which the operator named for this, gets the same
/// arguments. It is asked under a limit, and whatever it does not say properly is not known.
/// </summary>
internal sealed class McpPreviews(McpTools tools, McpLimits limits, TimeProvider time)
{
    /// <summary><c>null</c> when no tool of the target previews this one.</summary>
    public ActionPreviewer? Find(Route route, string tool) => route.Options.Previews.TryGetValue(tool, out var name)
        ? (asking, cancellationToken) => LookAsync(asking, name, route, cancellationToken)
        : null;

    private async Task<Preview> LookAsync(
        Asking asking, string name, Route route, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(limits.Preview, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            return await OnceMoreAsync(() => AskAsync(asking, name, route, either.Token));
        }
        catch (Exception cut) when (cut is UpstreamException or OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return Preview.Failed(limit.IsCancellationRequested
                ? $"The preview tool '{name}' did not answer within {limits.Preview.TotalSeconds:0.###} s."
                : $"The preview tool '{name}' gave no answer: {cut.Message}");
        }
    }

    /// <summary>A preview changes nothing, so a server that forgot our session may be asked once more.</summary>
    private static async Task<Preview> OnceMoreAsync(Func<Task<Preview>> ask)
    {
        try
        {
            return await ask();
        }
        catch (UpstreamException forgotten) when (forgotten.SessionEnded)
        {
            return await ask();
        }
    }

    private async Task<Preview> AskAsync(
        Asking asking, string name, Route route, CancellationToken cancellationToken)
    {
        var connection = await route.ConnectAsync(cancellationToken);
        var tool = await tools.FindAsync(asking.Target.Name, route.Tools, name, connection, cancellationToken);
        if (tool is null or { Standing: DefinitionStanding.Changed })
        {
            return Preview.Failed(tool is null
                ? $"The target's server has no tool '{name}' to preview this with."
                : $"definition-changed: the preview tool '{name}' is described differently from what was accepted.");
        }

        // Nothing that the preview says on its way belongs to the agent's call, and no agent answers its questions.
        var call = ToolCall.Of(tool, ArgumentsOf(asking.Action), connection.IsModern, progressToken: null) with
        {
            IsPreview = true,
        };
        return McpPreviewReader.Read(name, await connection.CallAsync(call, related: null, cancellationToken));
    }

    /// <summary>The arguments of the call; what a client answered to that tool's questions is for it alone.</summary>
    private static ReadOnlyMemory<byte> ArgumentsOf(CanonicalAction action) =>
        action.Arguments.TryGetMember(McpRounds.InputArgument, out _)
        && RawObject.TryRead(action.Arguments.Bytes, out var arguments)
            ? arguments.Without(McpRounds.InputArgument).ToBytes()
            : action.Arguments.Bytes;
}
