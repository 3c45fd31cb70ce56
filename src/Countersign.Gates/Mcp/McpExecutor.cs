using Countersign.Core;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;
using Countersign.Gates.Mcp.Upstream;
using Countersign.Gates.Mcp.Wire;

namespace Countersign.Gates.Mcp;

/// <summary>
/// Sends an approved tool call to the upstream server, exactly once: the canonical arguments byte for byte, the
/// progress token of the caller, and nothing else.
/// </summary>
internal sealed class McpExecutor(McpTools tools)
{
    /// <summary>
    /// Executes over a connection that is already there or can be opened; what cannot be sent is <c>failed</c>. The
    /// tool is looked at again, because it may have changed while people thought about the call.
    /// </summary>
    public async Task<Outcome> ExecuteAsync(
        ActionRecord action,
        Func<CancellationToken, Task<UpstreamConnection>> connect,
        ToolCatalog catalog,
        Exchange? caller,
        CancellationToken cancellationToken)
    {
        var (connection, tool, whyNot) = await PrepareAsync(action, connect, catalog, cancellationToken);
        if (whyNot is not null)
        {
            return Failed($"Nothing was sent: {whyNot}");
        }

        try
        {
            var (parameters, extras) = CallOf(action, tool!, connection!.IsModern, caller?.UpstreamToken);
            var answer = await connection.RequestAsync("tools/call", parameters, extras, caller, cancellationToken);
            if (caller is not null)
            {
                caller.UpstreamError = answer.Error;
            }

            return OutcomeOf(answer);
        }
        catch (UpstreamException unanswered)
        {
            return OutcomeOf(unanswered);
        }
    }

    private async Task<(UpstreamConnection? Connection, KnownTool? Tool, string? WhyNot)> PrepareAsync(
        ActionRecord action,
        Func<CancellationToken, Task<UpstreamConnection>> connect,
        ToolCatalog catalog,
        CancellationToken cancellationToken)
    {
        try
        {
            var connection = await connect(cancellationToken);
            var tool = await tools.FindAsync(
                action.Action.Target, catalog, action.Action.Operation, connection, cancellationToken);
            return (connection, tool, WhyBlocked(action, tool, connection));
        }
        catch (Exception failure) when (failure is UpstreamException or StoreUnavailableException)
        {
            return (null, null, failure.Message);
        }
        catch (OperationCanceledException)
        {
            return (
                null, null, "There was no connection to the target's server before the time for this action ended.");
        }
    }

    private static string? WhyBlocked(
        ActionRecord action, KnownTool? tool, UpstreamConnection connection) => tool switch
    {
        null => $"The target's server has no tool '{action.Action.Operation}'.",
        { Standing: DefinitionStanding.Changed } =>
            $"definition-changed: tool '{action.Action.Operation}' is described differently from what was accepted.",
        _ when !connection.IsModern && action.Action.Arguments.TryGetMember(McpRounds.InputArgument, out _) =>
            "The target's server takes no input for a call, because it speaks an older revision of MCP.",
        _ => null,
    };

    /// <summary>
    /// The parameters of the call, and for a server of 2026-07-28 the headers its tool asks for and what a client that
    /// left can do.
    /// </summary>
    private static (byte[] Parameters, ModernExtras Extras) CallOf(
        ActionRecord action, KnownTool tool, bool isModern, RpcId? progressToken)
    {
        var approved = action.Action.Arguments.Bytes;
        if (!isModern || !RawObject.TryRead(approved, out var arguments))
        {
            return (ParamsOf(action, approved, RawObject.Empty, progressToken), ModernExtras.None);
        }

        var input = arguments.FindObject(McpRounds.InputArgument) ?? RawObject.Empty;
        var own = arguments.Without(McpRounds.InputArgument);
        var extras = new ModernExtras(ParamHeaders.Of(tool.Members, own), CallerNote.CapabilitiesIn(action));
        return (ParamsOf(action, own.ToBytes(), input, progressToken), extras);
    }

    private static byte[] ParamsOf(
        ActionRecord action,
        ReadOnlyMemory<byte> arguments,
        RawObject input,
        RpcId? progressToken) => Rpc.Object(json =>
    {
        json.WriteString("name", action.Action.Operation);
        Rpc.WriteRaw(json, "arguments", arguments);
        foreach (var (name, value) in input.Members)
        {
            Rpc.WriteRaw(json, name, value);
        }

        if (progressToken is { } token)
        {
            Rpc.WriteRaw(json, "_meta", RawObject.Empty.With("progressToken", token.Bytes).ToBytes());
        }
    });

    /// <summary>
    /// A tool that reports an error has answered: its result is kept as it is. A JSON-RPC error is text, which callers
    /// get as a result they can read.
    /// </summary>
    private static Outcome OutcomeOf(RpcMessage.Response answer)
    {
        if (answer.Error is { } error)
        {
            return Failed($"The target's server answered with {Rpc.Describe(error)}");
        }

        var result = answer.Result!.Value;
        if (!RawObject.TryRead(result, out var members))
        {
            return Failed("The target's server answered with a result that is no object.");
        }

        var failed = members.Find("isError") is { } flag && flag.Span.SequenceEqual("true"u8);
        return new Outcome(
            failed ? OutcomeState.Failed : OutcomeState.Succeeded,
            result,
            failed ? "The tool reported an error." : null,
            TimeSpan.Zero);
    }

    private static Outcome OutcomeOf(UpstreamException unanswered) => unanswered.Fate switch
    {
        SendFate.NotSent => Failed($"Nothing was sent: {unanswered.Message}"),
        SendFate.Refused => Failed($"{unanswered.Message} It did not take the call."),
        SendFate.TooLarge => Failed($"The tool ran, but its result was not taken: {unanswered.Message}"),
        _ => new Outcome(
            OutcomeState.Unknown,
            Result: null,
            $"{unanswered.Message} The tool may or may not have run: look at the target before asking again.",
            TimeSpan.Zero),
    };

    private static Outcome Failed(string error) => new(OutcomeState.Failed, Result: null, error, TimeSpan.Zero);
}
