using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Gates.Mcp.Upstream;
using Countersign.Gates.Mcp.Wire;

namespace Countersign.Gates.Mcp;

/// <summary>
/// Sends an approved tool call to the upstream server, exactly once: the canonical arguments byte for byte, the
/// progress token of the caller, and nothing else.
/// </summary>
internal static class McpExecutor
{
    /// <summary>
    /// Executes over a connection that is already there or can be opened; what cannot be sent is <c>failed</c>.
    /// </summary>
    public static async Task<Outcome> ExecuteAsync(
        ActionRecord action,
        Func<CancellationToken, Task<UpstreamConnection>> connect,
        Exchange? caller,
        CancellationToken cancellationToken)
    {
        var connection = await TryConnectAsync(connect, cancellationToken);
        if (connection.Failure is { } failure)
        {
            return Failed($"Nothing was sent: {failure.Message}");
        }

        try
        {
            var answer = await connection.Open!.RequestAsync(
                "tools/call", ParamsOf(action, caller?.ProgressToken), caller, cancellationToken);
            return OutcomeOf(answer);
        }
        catch (UpstreamException unanswered)
        {
            return OutcomeOf(unanswered);
        }
    }

    private static async Task<(UpstreamConnection? Open, UpstreamException? Failure)> TryConnectAsync(
        Func<CancellationToken, Task<UpstreamConnection>> connect, CancellationToken cancellationToken)
    {
        try
        {
            return (await connect(cancellationToken), null);
        }
        catch (UpstreamException failure)
        {
            return (null, failure);
        }
    }

    private static byte[] ParamsOf(ActionRecord action, RpcId? progressToken) => Rpc.Object(json =>
    {
        json.WriteString("name", action.Action.Operation);
        Rpc.WriteRaw(json, "arguments", action.Action.Arguments.Bytes);
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
