using System.Diagnostics;
using System.Globalization;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;
using Countersign.Gates.Credentials;
using Countersign.Gates.Mcp.Upstream;
using Countersign.Gates.Mcp.Wire;

namespace Countersign.Gates.Mcp;

/// <summary>
/// Sends an approved tool call to the upstream server, exactly once: the canonical arguments byte for byte, the
/// progress token of the caller, and nothing else.
/// <list type="number">
/// <item>Connect, and look at the tool again: it may have changed while people thought about the call.</item>
/// <item>Have the credential made, where the target wants one for each call.</item>
/// <item>Make sure that the claim is still ours, and that there is time left.</item>
/// <item>Send. Up to here every failure is <c>failed</c>, because nothing was sent.</item>
/// </list>
/// </summary>
internal sealed class McpExecutor(McpTools tools, McpGateOptions options)
{
    private readonly ClaimCheck _claims = new(options.Gatekeeper, options.Stopped, options.Time);

    /// <summary>For a caller who is there, over its session.</summary>
    public async Task<Outcome> ExecuteAsync(
        ActionRecord action, McpSession session, Exchange caller, CancellationToken cancellationToken) =>
        await session.TryServeAsync(route => ExecuteAsync(action, route, caller, cancellationToken))
        ?? NothingSent("the client's session has ended.");

    public async Task<Outcome> ExecuteAsync(
        ActionRecord action, Route route, Exchange? caller, CancellationToken cancellationToken)
    {
        // 1.
        var (connection, tool, whyNot) = await PrepareAsync(action, route, cancellationToken);
        if (whyNot is not null)
        {
            return NothingSent(whyNot);
        }

        // A connection of its own is not cut by a stop, and connecting may have taken long.
        if (options.Stopped.Contains(action.Asker.Agent))
        {
            return NothingSent("people stopped the agent.");
        }

        var call = ToolCall.Of(tool!, action.Action.Arguments.Bytes, connection!.IsModern, caller?.UpstreamToken) with
        {
            Capabilities = CallerNote.CapabilitiesIn(action),
        };
        if (route.Options.Upstream is not McpUpstream.Http { Mint: { } mint })
        {
            return await SendAsync(call, connection, caller, action.OutputCeiling, cancellationToken);
        }

        // 2.
        switch (await mint(action, cancellationToken))
        {
            case Minting.Failed failed:
                return NothingSent(failed.Why);
            case Minting.Made { Credential: var credential }:
                await using (credential)
                {
                    // 3.
                    return await _claims.WhyTooLateAsync(
                        action, credential.UsableUntil, cancellationToken) is { } tooLate
                        ? NothingSent(tooLate)
                        : await SendAsync(
                            call with { Credential = credential },
                            connection,
                            caller,
                            action.OutputCeiling,
                            cancellationToken);
                }

            default:
                throw new UnreachableException();
        }
    }

    private static async Task<Outcome> SendAsync(
        ToolCall call,
        UpstreamConnection connection,
        Exchange? caller,
        long? outputCeiling,
        CancellationToken cancellationToken)
    {
        try
        {
            var answer = await connection.CallAsync(call, caller, cancellationToken);
            var bytes = (answer.Error ?? answer.Result!.Value).Length;
            if (bytes > outputCeiling)
            {
                return Withheld(OutcomeOf(answer).State, bytes, outputCeiling.Value) with { Masked = answer.Masked };
            }

            if (caller is not null)
            {
                caller.UpstreamError = answer.Error;
            }

            return OutcomeOf(answer) with { Masked = answer.Masked };
        }
        catch (UpstreamException unanswered)
        {
            return OutcomeOf(unanswered);
        }
    }

    private async Task<(UpstreamConnection? Connection, KnownTool? Tool, string? WhyNot)> PrepareAsync(
        ActionRecord action, Route route, CancellationToken cancellationToken)
    {
        try
        {
            var connection = await route.ConnectAsync(cancellationToken);
            var tool = await tools.FindAsync(
                action.Action.Target, route.Tools, action.Action.Operation, connection, cancellationToken);
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

    /// <summary>The tool ran, and neither the agent nor the record gets what it said.</summary>
    private static Outcome Withheld(OutcomeState state, long bytes, long approved) => new(
        state,
        Result: null,
        string.Create(
            CultureInfo.InvariantCulture,
            $"The tool ran and {(state == OutcomeState.Succeeded ? "gave its result" : "reported an error")}; what it "
            + $"said is withheld: it is {bytes} bytes long, and {approved} bytes were approved ('bounds.output')."),
        TimeSpan.Zero);

    private static Outcome OutcomeOf(UpstreamException unanswered) => unanswered.Fate switch
    {
        SendFate.NotSent => NothingSent(unanswered.Message),
        SendFate.Refused => Failed($"{unanswered.Message} It did not take the call."),
        SendFate.TooLarge => Failed($"The tool ran, but its result was not taken: {unanswered.Message}"),
        _ => new Outcome(
            OutcomeState.Unknown,
            Result: null,
            $"{unanswered.Message} The tool may or may not have run: look at the target before asking again.",
            TimeSpan.Zero),
    };

    private static Outcome NothingSent(string why) => Failed($"Nothing was sent: {why}");

    private static Outcome Failed(string error) => new(OutcomeState.Failed, Result: null, error, TimeSpan.Zero);
}
