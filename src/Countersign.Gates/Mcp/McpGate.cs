using System.Collections.Concurrent;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Records;
using Countersign.Core.Storage;
using Countersign.Gates.Access;
using Countersign.Gates.Mcp.Upstream;
using Countersign.Gates.Mcp.Wire;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Countersign.Gates.Mcp;

/// <summary>
/// The MCP gate: agents speak streamable HTTP to <c>/mcp/{target}</c> as if it were the target's own server.
/// <list type="number">
/// <item>The entrance lets agents in, and nobody else.</item>
/// <item>One POST is one message, read strictly: a request, a notification or an answer.</item>
/// <item><c>initialize</c> opens a session that everything later names; a request of 2026-07-28 needs none.</item>
/// <item>A request is answered as JSON when that is quick, and otherwise over a stream that shows signs of life.</item>
/// <item>Once the answer has left, the gatekeeper is told, so that nobody gets the same outcome again.</item>
/// </list>
/// </summary>
internal sealed class McpGate : IAsyncDisposable
{
    private const string SessionHeader = "Mcp-Session-Id";

    private readonly McpGateOptions _options;
    private readonly McpEntrance _entrance;
    private readonly McpSessions _sessions;
    private readonly McpHandshake _handshake;
    private readonly McpRequests _requests;
    private readonly McpDetached _detached;
    private readonly SealedBox _waits;
    private readonly SealedBox _taskIds;

    /// <summary>Deliveries that are being noted; stopping waits for them.</summary>
    private readonly ConcurrentDictionary<Task, Reply> _confirming = new();

    public McpGate(McpGateOptions options)
    {
        var log = options.Loggers.CreateLogger<McpGate>();
        var upstreams = new Upstreams(options.Limits, options.Time, log);
        var tools = new McpTools(options.Definitions, options.Limits, options.Time, log);
        var executor = new McpExecutor(tools, options);
        var previews = new McpPreviews(tools, options.Limits, options.Time);
        _options = options;
        _entrance = new McpEntrance(options);
        _sessions = new McpSessions(
            new SessionSeal(options.SessionKey, options.Random), upstreams, options.Limits, options.Time);
        _handshake = new McpHandshake(_sessions, options.Time, log);
        _waits = new SealedBox(options.SessionKey, options.Random, "countersign-mcp-wait-v1");
        _taskIds = new SealedBox(options.SessionKey, options.Random, "countersign-mcp-task-v1");
        var tasks = new McpTasks(options, new TaskRounds(options, executor, previews), _taskIds);
        var calls = new McpCalls(options, tools, executor, previews, new McpRounds(options, _waits), tasks, log);
        _requests = new McpRequests(options, tools, calls, tasks, log);
        _detached = new McpDetached(options, upstreams, executor, previews, _sessions);
        options.Stopped.Stopped += _sessions.Cut;
    }

    /// <summary>What executes actions on this gate's targets that came in over the API.</summary>
    public ActionExecutor? FindExecutor(ActionRecord action) => _detached.Find(action);

    /// <summary>What finds out about requests over the API what they would do on this gate's targets.</summary>
    public ActionPreviewer? FindPreviewer(Asking asking) => _detached.FindPreviewer(asking);

    /// <summary>One message of a client.</summary>
    public async Task PostAsync(HttpContext context, string target)
    {
        if (await _entrance.AdmitAsync(context, target) is not { } visitor)
        {
            return;
        }

        var (message, refusal) = await ReadAsync(context);
        if (refusal is not null)
        {
            await refusal.WriteAsync(context);
            return;
        }

        if (ModernEra.Concerns(context.Request, message!))
        {
            await TakeModernAsync(context, visitor, message!);
        }
        else if (message is RpcMessage.Request { Method: "initialize" } initialize)
        {
            using var span = McpSpans.Enter(
                context.Request, initialize, visitor.Target.Name, ProtocolVersions.Latest);
            await _handshake.AnswerAsync(context, visitor, initialize);
        }
        else if (await FindSessionAsync(context, visitor, message as RpcMessage.Request) is { } session)
        {
            await TakeAsync(context, visitor, session, message!);
        }
    }

    /// <summary>
    /// The stream for what belongs to no request of the client; it lasts until the client goes or opens another.
    /// </summary>
    public async Task GetAsync(HttpContext context, string target)
    {
        if (await _entrance.AdmitAsync(context, target) is not { } visitor
            || await FindSessionAsync(context, visitor, request: null) is not { } session)
        {
            return;
        }

        using var over = CancellationTokenSource.CreateLinkedTokenSource(
            context.RequestAborted, session.Mailbox.TakeOver());
        ClientStream.Begin(context.Response);
        try
        {
            await new MailboxStream(context.Response, session, _options).PumpAsync(over.Token);
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested)
        {
            // The client left, or reads somewhere else now.
        }
    }

    /// <summary>The client ends its session.</summary>
    public async Task DeleteAsync(HttpContext context, string target)
    {
        if (await _entrance.AdmitAsync(context, target) is { } visitor
            && await FindSessionAsync(context, visitor, request: null) is { } session)
        {
            await _sessions.EndAsync(context.Request.Headers[SessionHeader].ToString(), session);
            context.Response.StatusCode = StatusCodes.Status204NoContent;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _options.Stopped.Stopped -= _sessions.Cut;
        await Task.WhenAll(_confirming.Keys);
        await _sessions.DisposeAsync();
        _waits.Dispose();
        _taskIds.Dispose();
    }

    private async Task<(RpcMessage? Message, Refusal? Refusal)> ReadAsync(HttpContext context)
    {
        var (json, problem) = await RequestBody.ReadJsonAsync(context.Request, _options.Json, context.RequestAborted);
        if (json is null)
        {
            var code = problem!.Status == StatusCodes.Status400BadRequest ? Rpc.ParseError : Rpc.InvalidRequest;
            return (null, new Refusal(problem.Status, code, problem.Detail));
        }

        if (!RpcMessage.TryRead(json.Bytes, out var message))
        {
            var text = json.Bytes.Span[0] == (byte)'['
                ? "Batches are not taken: send each message in a request of its own."
                : "This is no JSON-RPC 2.0 message as MCP defines it.";
            return (null, new Refusal(400, Rpc.InvalidRequest, text));
        }

        return (message, null);
    }

    private async Task<McpSession?> FindSessionAsync(HttpContext context, Visitor visitor, RpcMessage.Request? request)
    {
        var id = context.Request.Headers[SessionHeader].ToString();
        var version = context.Request.Headers[ModernEra.VersionHeader].ToString();
        var session = id.Length == 0 ? null : _sessions.Find(id, visitor);
        // A client that names no version speaks the session's.
        var refusal = session switch
        {
            _ when version == ProtocolVersions.Modern => new Refusal(
                405, Rpc.InvalidRequest, $"{version} knows no sessions, so there is nothing but POST."),
            _ when version.Length > 0 && !ProtocolVersions.Supported.Contains(version) => new Refusal(
                400, Rpc.InvalidRequest, $"The protocol version '{version}' is not served here."),
            null when id.Length == 0 => Refusal.NoSession,
            null => Refusal.UnknownSession,
            _ => null,
        };
        if (refusal is not null)
        {
            await (refusal with { Id = request?.Id }).WriteAsync(context);
            return null;
        }

        return session;
    }

    private async Task TakeAsync(HttpContext context, Visitor visitor, McpSession session, RpcMessage message)
    {
        if (message is RpcMessage.Request request)
        {
            await ExchangeAsync(context, visitor.Target, session, request, caller: null);
            return;
        }

        if (message is RpcMessage.Notification { Method: var method } && !Rpc.IsNotification(method))
        {
            await new Refusal(
                400,
                Rpc.InvalidRequest,
                $"'{method}' is no notification, so it needs an id; nothing was passed on.").WriteAsync(context);
            return;
        }

        try
        {
            await (message is RpcMessage.Notification notification
                ? session.NotifyAsync(notification, context.RequestAborted)
                : session.AnswerAsync((RpcMessage.Response)message, context.RequestAborted));
        }
        catch (UpstreamException)
        {
            // Neither kind of message has an answer that could say so; the next request will.
        }

        context.Response.StatusCode = StatusCodes.Status202Accepted;
    }

    /// <summary>
    /// A message of 2026-07-28 stands for itself. Its notifications are for other transports: here a client cancels by
    /// closing the response.
    /// </summary>
    private async Task TakeModernAsync(HttpContext context, Visitor visitor, RpcMessage message)
    {
        if (message is not RpcMessage.Request request)
        {
            context.Response.StatusCode = StatusCodes.Status202Accepted;
            return;
        }

        var (caller, refusal) = ModernEra.Read(context.Request, request);
        var session = refusal is null ? _sessions.FindStateless(visitor) : null;
        if (session is null)
        {
            await (refusal ?? Refusal.Full with { Id = request.Id }).WriteAsync(context);
            return;
        }

        await ExchangeAsync(context, visitor.Target, session, request, caller);
    }

    private async Task ExchangeAsync(
        HttpContext context, Target target, McpSession session, RpcMessage.Request request, ModernCaller? caller)
    {
        var version = caller is null ? session.Ticket.Version : ProtocolVersions.Modern;
        using var span = McpSpans.Enter(context.Request, request, target.Name, version);
        await using var stream = new ClientStream(context.Response, TakesEvents(context.Request));
        var exchange = new Exchange(request, stream, caller);
        if (!session.TryBegin(exchange))
        {
            await new Refusal(
                400,
                Rpc.InvalidRequest,
                $"Request id {request.Id} is in use, or this session has its limit of " +
                $"{_options.Limits.RequestsPerSession} unanswered requests.") { Id = request.Id }.WriteAsync(context);
            return;
        }

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, exchange.Cancelled);
        try
        {
            var answering = _requests.AnswerAsync(session, target, exchange, stop.Token);
            await KeepAliveAsync(stream, answering, stop.Token);
            var reply = await answering;
            McpSpans.Tell(span, reply);
            try
            {
                await stream.FinishAsync(reply.Message, reply.Status, context.RequestAborted);
            }
            catch
            {
                reply.Dispose();
                throw;
            }

            Confirm(reply, context.RequestAborted);
        }
        catch (Exception over) when (
            stop.IsCancellationRequested && over is OperationCanceledException or UpstreamException)
        {
            // The client left or cancelled: its wait is over and it gets no answer. The action stays as it is.
            await stream.TryCommentAsync(CancellationToken.None);
        }
        finally
        {
            session.End(exchange);
        }
    }

    /// <summary>Turns a slow answer into a stream, and shows signs of life on it until the answer is there.</summary>
    private async Task KeepAliveAsync(ClientStream stream, Task answering, CancellationToken cancellationToken)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var wait = _options.Limits.FirstByte;
        while (!over.IsCancellationRequested
            && await Task.WhenAny(answering, Task.Delay(wait, _options.Time, over.Token)) != answering)
        {
            await stream.TryCommentAsync(CancellationToken.None);
            wait = _options.Limits.Heartbeat;
        }

        await over.CancelAsync();
    }

    /// <summary>
    /// Notes the delivery beside the client's next request. Until that is durable the outcome stays held for this
    /// caller, so that an identical call does not take it.
    /// </summary>
    private void Confirm(Reply reply, CancellationToken clientGone)
    {
        var confirming = ConfirmAsync(reply, clientGone);
        if (!confirming.IsCompleted)
        {
            _confirming.TryAdd(confirming, reply);
            _ = confirming.ContinueWith(
                done => _confirming.TryRemove(done, out var _),
                CancellationToken.None,
                TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default);
        }
    }

    /// <summary>An answer to a client that is gone was not delivered: the next identical call gets it.</summary>
    private async Task ConfirmAsync(Reply reply, CancellationToken clientGone)
    {
        using var over = reply;
        if (reply.Outcome is not { } outcome || clientGone.IsCancellationRequested)
        {
            return;
        }

        try
        {
            // Only what is kept for its caller meanwhile may be noted in passing.
            await (reply.Handled is null
                ? _options.Gatekeeper.DeliveredAsync(outcome, CancellationToken.None)
                : _options.Gatekeeper.DeliveredInPassingAsync(outcome, CancellationToken.None));
        }
        catch (StoreUnavailableException)
        {
            // Then the next identical call is told this outcome once more.
        }
    }

    private static bool TakesEvents(HttpRequest request)
    {
        var accept = request.Headers.Accept.ToString();
        return accept.Length == 0
            || accept.Contains("text/event-stream", StringComparison.OrdinalIgnoreCase)
            || accept.Contains("*/*", StringComparison.Ordinal);
    }
}
