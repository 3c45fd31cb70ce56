using System.Collections.Concurrent;
using Countersign.Core.Identity;
using Countersign.Core.Reviews;
using Countersign.Gates.Mcp.Upstream;
using Countersign.Gates.Mcp.Wire;

namespace Countersign.Gates.Mcp;

/// <summary>
/// One client's session in this node's memory: its upstream connection, and which of its requests are being answered.
/// Nothing here is lost with a restart that the ticket cannot bring back, except questions on their way.
/// </summary>
internal sealed class McpSession : IAsyncDisposable
{
    private readonly Upstreams _upstreams;
    private readonly McpLimits _limits;
    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<RpcId, Exchange> _exchanges = new();

    /// <summary>Questions of the upstream server that the client has not answered: our id, and the server's.</summary>
    private readonly ConcurrentDictionary<RpcId, RpcId> _questions = new();

    // Guards _upstream while it is opened or replaced. Left to the collector like _over: neither owns a handle, and an
    // execution may still come for the connection when the session is over.
    private readonly SemaphoreSlim _opening = new(1, 1);
    private readonly CancellationTokenSource _over = new();
    private readonly Occupancy _executions = new();
    private UpstreamConnection? _upstream;
    private long _lastQuestion;

    public McpSession(
        SessionTicket ticket, McpOptions options, Upstreams upstreams, McpLimits limits, TimeProvider time)
    {
        Ticket = ticket;
        Options = options;
        _upstreams = upstreams;
        _limits = limits;
        _time = time;
        Mailbox = new Mailbox(limits.Mailbox);
        Touch();
    }

    public SessionTicket Ticket { get; private set; }

    public McpOptions Options { get; }

    public Asker Asker => Ticket.Asker;

    public Mailbox Mailbox { get; }

    public ToolCatalog Tools { get; } = new();

    public Route Route => new(Options, Tools, ConnectAsync);

    /// <summary>When the session was last used, as a timestamp of the gate's clock.</summary>
    public long LastUsed { get; private set; }

    /// <summary>Whether it serves requests of 2026-07-28, each of which may come from another client.</summary>
    public bool IsStateless => Ticket.Version == ProtocolVersions.Modern;

    /// <summary>What the upstream server said about itself; empty before it was connected to.</summary>
    public RawObject Introduction => _upstream?.Introduction ?? RawObject.Empty;

    public bool IsBusy => !_exchanges.IsEmpty || !_executions.IsEmpty || _upstream is { IsBusy: true };

    /// <summary>
    /// Executes over this session, which is busy from now until the outcome is known, although whoever asked may have
    /// left and nothing may be at the server yet. <c>null</c> when the session was let go; then nothing was executed.
    /// </summary>
    public async Task<Outcome?> TryServeAsync(Func<Route, Task<Outcome>> execute)
    {
        if (!_executions.TryEnter())
        {
            return null;
        }

        try
        {
            return await execute(Route);
        }
        finally
        {
            // First, so that the session is never seen as idle since before the execution.
            Touch();
            _executions.Leave();
        }
    }

    /// <summary>Whether it may be ended because it does nothing; from then on nothing is executed over it.</summary>
    public bool TryLetGo() => !IsBusy && _executions.TryClose();

    /// <summary>The upstream connection, opened when there is none.</summary>
    /// <exception cref="UpstreamException">The server cannot be reached, or refuses.</exception>
    public async Task<UpstreamConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        if (_upstream is { IsOpen: true } open)
        {
            return open;
        }

        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _over.Token);
        try
        {
            return await ReopenAsync(either.Token);
        }
        catch (Exception cut) when (
            _over.IsCancellationRequested && cut is OperationCanceledException or UpstreamException)
        {
            throw new UpstreamException(SendFate.NotSent, "The client's session has ended.", cut);
        }
    }

    /// <summary>Connects if that is possible now; the next request says why it is not.</summary>
    public async Task TryConnectAsync(CancellationToken cancellationToken)
    {
        try
        {
            await ConnectAsync(cancellationToken);
        }
        catch (UpstreamException)
        {
            // Whoever needs the connection opens it and gets the reason.
        }
    }

    /// <summary>Settles the version both sides speak, once, while the session is being opened.</summary>
    public void Agree(string version) => Ticket = Ticket with { Version = version };

    /// <summary>Takes a request in; <c>false</c> when its id is in use or the session has too many.</summary>
    public bool TryBegin(Exchange exchange) =>
        _exchanges.Count < (IsStateless ? _limits.CallsPerAgent : _limits.RequestsPerSession)
        && _exchanges.TryAdd(exchange.Key, exchange);

    public void End(Exchange exchange)
    {
        // First, so that a session is never seen as idle since a request that took long.
        Touch();
        _exchanges.TryRemove(exchange.Key, out _);
    }

    /// <summary>Says that the session is in use now.</summary>
    public void Touch() => LastUsed = _time.GetTimestamp();

    /// <summary>
    /// Passes a notification of the client on; a cancellation ends the waiting of the request it names.
    /// </summary>
    public async Task NotifyAsync(RpcMessage.Notification notification, CancellationToken cancellationToken)
    {
        switch (notification.Method)
        {
            case "notifications/initialized":
                // The upstream connection had its own when it was opened.
                break;
            case "notifications/cancelled":
                await CancelAsync(notification, cancellationToken);
                break;
            default:
                var untraced = McpSpans.Untraced(notification.Params);
                var message = untraced.Equals(notification.Params)
                    ? notification.Bytes
                    : Rpc.Notification(notification.Method, untraced);
                await (await ConnectAsync(cancellationToken)).SendAsync(message, cancellationToken);
                break;
        }
    }

    /// <summary>
    /// Passes the client's answer to a question of the upstream server on, under the server's own id.
    /// </summary>
    public Task AnswerAsync(RpcMessage.Response answer, CancellationToken cancellationToken) =>
        _questions.TryRemove(answer.Id, out var upstreamId) && _upstream is { IsOpen: true } open
            ? open.SendAsync(Rpc.Answer(upstreamId, answer), cancellationToken)
            : Task.CompletedTask;

    /// <summary>Ends every wait and, once nothing runs any more, the upstream connection.</summary>
    public Task EndAsync() => EndAsync(_exchanges.Values);

    /// <summary>
    /// The same, but tool calls are left to their ends: the held ones are withdrawn and say so, and cutting an
    /// execution short would leave an outcome nobody knows.
    /// </summary>
    public Task CutAsync() =>
        EndAsync(_exchanges.Values.Where(exchange => exchange.Request.Method != "tools/call"));

    private async Task EndAsync(IEnumerable<Exchange> waiting)
    {
        var last = await LeaveAsync();
        foreach (var exchange in waiting)
        {
            await exchange.CancelAsync();
        }

        if (last is not null)
        {
            await last.CloseWhenIdleAsync();
        }
    }

    /// <summary>The node stops: executions were drained before, whatever still runs is cut.</summary>
    public async ValueTask DisposeAsync()
    {
        if (await LeaveAsync() is { } open)
        {
            await open.DisposeAsync();
        }
    }

    /// <summary>
    /// From here on no connection is opened any more, since nobody would close it; returns the last one.
    /// </summary>
    private async Task<UpstreamConnection?> LeaveAsync()
    {
        Mailbox.Dispose();
        await _over.CancelAsync();
        await _opening.WaitAsync(CancellationToken.None);
        _opening.Release();
        return _upstream;
    }

    private async Task<UpstreamConnection> ReopenAsync(CancellationToken cancellationToken)
    {
        await _opening.WaitAsync(cancellationToken);
        try
        {
            if (_upstream is { IsOpen: true } opened)
            {
                return opened;
            }

            if (_upstream is { } broken)
            {
                await broken.CloseWhenIdleAsync();
            }

            // What was learnt and asked over the old connection means nothing on the new one.
            Tools.Forget();
            _questions.Clear();
            _upstream = await _upstreams.OpenAsync(
                Ticket.Target, Options, Ticket.Hello, ArriveAsync, cancellationToken);
            return _upstream;
        }
        finally
        {
            _opening.Release();
        }
    }

    /// <summary>
    /// A cancelled tool call only stops waiting: an execution goes on, because cutting it short would leave an outcome
    /// nobody knows, and its outcome waits for the next identical call. Other requests are cancelled upstream as well.
    /// </summary>
    private async Task CancelAsync(RpcMessage.Notification notification, CancellationToken cancellationToken)
    {
        if (!RpcId.TryRead(notification.Arguments.Find("requestId"), out var id)
            || !_exchanges.TryGetValue(id, out var exchange))
        {
            return;
        }

        await exchange.CancelAsync();
        if (exchange.Request.Method != "tools/call"
            && exchange.UpstreamId is { } upstreamId
            && _upstream is { IsOpen: true } open)
        {
            var parameters = notification.Arguments.With("requestId", upstreamId.Bytes).ToBytes();
            var message = Rpc.Notification(notification.Method, McpSpans.Untraced(parameters));
            await open.SendAsync(message, cancellationToken);
        }
    }

    private Task ArriveAsync(RpcMessage message, Exchange? related) => message switch
    {
        RpcMessage.Request question => AskAsync(question, related),
        RpcMessage.Notification { Method: "notifications/progress" } progress => ProgressAsync(progress),
        RpcMessage.Notification { Method: "notifications/cancelled" } cancelled => TakeBackAsync(cancelled, related),
        RpcMessage.Notification notification => TellAsync(notification, related),
        _ => Task.CompletedTask,
    };

    private Task TellAsync(RpcMessage.Notification notification, Exchange? related)
    {
        if (notification.Method == "notifications/tools/list_changed")
        {
            Tools.Forget();
            related = null;
        }

        if (IsStateless && (related?.Caller?.LogLevel is null || notification.Method != "notifications/message"))
        {
            // These clients get what they asked for in the request, and have no other stream.
            return Task.CompletedTask;
        }

        return DeliverAsync(notification.Bytes, related);
    }

    /// <summary>
    /// Progress belongs to whoever gave the token, whichever way it came; without an owner it is dropped.
    /// </summary>
    private async Task ProgressAsync(RpcMessage.Notification progress)
    {
        if (RpcId.TryRead(progress.Arguments.Find("progressToken"), out var token)
            && _exchanges.Values.FirstOrDefault(exchange => exchange.UpstreamToken == token) is { } owner)
        {
            await owner.ForwardProgressAsync(progress, CancellationToken.None);
        }
    }

    private async Task AskAsync(RpcMessage.Request question, Exchange? related)
    {
        // Without a session there is no stream on which a client would take a question.
        var known = !IsStateless && question.Method is "sampling/createMessage" or "elicitation/create" or "roots/list";
        if (!known || _questions.Count >= _limits.QuestionsPerSession)
        {
            var refusal = known
                ? Rpc.Error(question.Id, Rpc.InternalError, "Too many questions wait for this client's answer.")
                : Rpc.Error(question.Id, Rpc.MethodNotFound, $"'{question.Method}' is not passed on to clients.");
            await (_upstream?.SendAsync(refusal, CancellationToken.None) ?? Task.CompletedTask);
            return;
        }

        var id = RpcId.Of(Interlocked.Increment(ref _lastQuestion));
        _questions[id] = question.Id;
        await DeliverAsync(Rpc.Request(id, question.Method, question.Params), related);
    }

    private async Task TakeBackAsync(RpcMessage.Notification cancelled, Exchange? related)
    {
        if (RpcId.TryRead(cancelled.Arguments.Find("requestId"), out var upstreamId)
            && _questions.FirstOrDefault(question => question.Value == upstreamId) is { Value: var found } question
            && found == upstreamId
            && _questions.TryRemove(question.Key, out _))
        {
            var parameters = cancelled.Arguments.With("requestId", question.Key.Bytes).ToBytes();
            await DeliverAsync(Rpc.Notification(cancelled.Method, parameters), related);
        }
    }

    /// <summary>
    /// On the stream of the request it belongs to; in the mailbox when there is none or its client left.
    /// </summary>
    private async Task DeliverAsync(ReadOnlyMemory<byte> message, Exchange? related)
    {
        var sent = related is not null && await related.Stream.TrySendAsync(message, CancellationToken.None);
        if (!sent && !IsStateless)
        {
            Mailbox.Post(message);
        }
    }
}
