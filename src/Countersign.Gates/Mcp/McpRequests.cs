using Countersign.Core.Actions;
using Countersign.Core.Storage;
using Countersign.Gates.Mcp.Upstream;
using Countersign.Gates.Mcp.Wire;
using Microsoft.Extensions.Logging;

namespace Countersign.Gates.Mcp;

/// <summary>
/// Answers a client's requests inside a session: tools through the gatekeeper, the rest from the upstream server.
/// </summary>
internal sealed class McpRequests(
    McpGateOptions options, McpTools tools, McpCalls calls, McpTasks tasks, ILogger log)
{
    public async Task<Reply> AnswerAsync(
        McpSession session, Target target, Exchange exchange, CancellationToken cancellationToken)
    {
        var reply = await DispatchAsync(session, target, exchange, cancellationToken);
        return exchange.Caller is null
            ? reply
            : ModernAnswers.Dress(reply, exchange.Request.Method, session.Introduction);
    }

    private async Task<Reply> DispatchAsync(
        McpSession session, Target target, Exchange exchange, CancellationToken cancellationToken)
    {
        try
        {
            return exchange.Request.Method switch
            {
                "tools/call" => await calls.AnswerAsync(session, target, exchange, cancellationToken),
                "tools/list" => await OnceMoreAsync(tools.ListAsync, session, exchange, cancellationToken),
                "server/discover" when exchange.Caller is { } caller =>
                    await DiscoverAsync(session, caller, exchange, cancellationToken),
                "tasks/get" or "tasks/update" or "tasks/cancel" when exchange.Caller is not null =>
                    await tasks.AnswerAsync(session, exchange, cancellationToken),
                var method when IsPassedOn(method, exchange.Caller is not null) =>
                    await OnceMoreAsync(PassOnAsync, session, exchange, cancellationToken),
                var method => Error(exchange, Rpc.MethodNotFound, $"The method '{method}' is not served here."),
            };
        }
        catch (UpstreamException failure) when (!cancellationToken.IsCancellationRequested)
        {
            log.UpstreamFailed(target.Name, failure.Message);
            return Error(exchange, Rpc.InternalError, $"{failure.Message} Nothing was executed.");
        }
        catch (StoreUnavailableException failure)
        {
            return Error(exchange, Rpc.InternalError, $"Countersign cannot record anything now: {failure.Message}");
        }
    }

    /// <summary>
    /// The methods whose results are the upstream server's own affair; everything unknown is refused.
    /// </summary>
    private static bool IsPassedOn(string method, bool isModern) => method is
        "completion/complete" or "prompts/list" or "prompts/get"
        or "resources/list" or "resources/templates/list" or "resources/read"
        || !isModern && method is
            "ping" or "logging/setLevel" or "resources/subscribe" or "resources/unsubscribe";

    /// <summary>
    /// Asks the upstream server. When it has forgotten our session, a new one is opened and it is asked once more:
    /// these methods change nothing, so asking twice does no harm.
    /// </summary>
    private async Task<Reply> OnceMoreAsync(
        Func<McpSession, Exchange, CancellationToken, Task<byte[]>> ask,
        McpSession session,
        Exchange exchange,
        CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(options.Limits.Request, options.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            return new Reply(await ask(session, exchange, either.Token));
        }
        catch (UpstreamException forgotten) when (forgotten.SessionEnded)
        {
            return new Reply(await ask(session, exchange, either.Token));
        }
    }

    /// <summary>
    /// What the target can do. A server with a handshake asks its questions on a session's stream, so a client that
    /// could answer them is sent to the handshake: with an error that is none of 2026-07-28's own, upon which a client
    /// falls back (basic/versioning).
    /// </summary>
    private static async Task<Reply> DiscoverAsync(
        McpSession session, ModernCaller caller, Exchange exchange, CancellationToken cancellationToken)
    {
        var connection = await session.ConnectAsync(cancellationToken);
        // A client that begins sees the tools as they are now, like one that opens a session.
        session.Tools.Forget();
        if (connection.IsModern || !caller.TakesQuestions)
        {
            return new Reply(Rpc.Result(exchange.Request.Id, ModernAnswers.Discover(connection.Introduction)));
        }

        return Error(
            exchange,
            Rpc.ServerError,
            $"The target's server may ask this client something, which needs a session. Send 'initialize' with one " +
            $"of {string.Join(", ", ProtocolVersions.Supported)}.") with { Status = 400 };
    }

    private static async Task<byte[]> PassOnAsync(
        McpSession session, Exchange exchange, CancellationToken cancellationToken)
    {
        var request = exchange.Request;
        var connection = await session.ConnectAsync(cancellationToken);
        return Rpc.Answer(
            request.Id, await connection.RequestAsync(request.Method, request.Params, exchange, cancellationToken));
    }

    private static Reply Error(Exchange exchange, int code, string message) =>
        new(Rpc.Error(exchange.Request.Id, code, message));
}
