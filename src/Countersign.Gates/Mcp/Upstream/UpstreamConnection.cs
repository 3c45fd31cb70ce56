using Countersign.Core.Tracing;
using Countersign.Gates.Access;
using Countersign.Gates.Mcp.Wire;

namespace Countersign.Gates.Mcp.Upstream;

/// <summary>
/// One initialised connection to a target's MCP server, of one client session. It numbers the requests, so that ids of
/// the client and of the server never meet.
/// </summary>
internal sealed class UpstreamConnection : IAsyncDisposable
{
    private const string PreviewRefusal =
        "The gateway has a preview made, and nobody answers questions meanwhile that may be the preview's. " +
        "Ask on the stream of the call it is about, or when the preview has been answered.";

    private readonly IUpstreamLink _link;
    private readonly Hello _hello;
    private readonly Arrival _outside;
    private readonly InFlight _inFlight = new();
    private readonly LentCredentials _lent = new();
    private readonly AnswerMask _mask;

    private long _lastId;
    private int _running;
    private int _closing;
    private int _disposed;

    private UpstreamConnection(
        Func<LinkArrival, IUpstreamLink> connect, Hello hello, Arrival outside, AnswerMask mask)
    {
        _hello = hello;
        _outside = outside;
        _mask = mask;
        _link = connect(ArriveAsync);
    }

    /// <summary>The version the server chose.</summary>
    public string Version { get; private set; } = ProtocolVersions.Latest;

    /// <summary>What the server said about itself: capabilities, serverInfo, instructions.</summary>
    public RawObject Introduction { get; private set; } = RawObject.Empty;

    /// <summary>Whether the server speaks 2026-07-28, without a handshake.</summary>
    public bool IsModern => Version == ProtocolVersions.Modern;

    public bool IsOpen => _link.IsOpen && _closing == 0;

    public bool IsBusy => Volatile.Read(ref _running) > 0;

    /// <summary>Connects and shakes hands.</summary>
    /// <exception cref="UpstreamException">The server cannot be reached, or refuses.</exception>
    public static async Task<UpstreamConnection> OpenAsync(
        Func<LinkArrival, IUpstreamLink> connect,
        Hello hello,
        Arrival outside,
        AnswerMask mask,
        CancellationToken cancellationToken)
    {
        var connection = new UpstreamConnection(connect, hello, outside, mask);
        try
        {
            await connection.ShakeHandsAsync(cancellationToken);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// Connects to a server of 2026-07-28; <c>null</c> when it answers like one that wants a handshake. Asking changes
    /// nothing at the server, so that whatever else goes wrong with the question may be met with one as well.
    /// </summary>
    /// <exception cref="UpstreamException">The server cannot be reached.</exception>
    public static async Task<UpstreamConnection?> DiscoverAsync(
        Func<LinkArrival, IUpstreamLink> connect,
        Hello hello,
        Arrival outside,
        AnswerMask mask,
        CancellationToken cancellationToken)
    {
        var connection = new UpstreamConnection(connect, hello, outside, mask);
        var found = false;
        try
        {
            found = await connection.DiscoverAsync(cancellationToken);
            return found ? connection : null;
        }
        catch (UpstreamException failure) when (failure.Fate != SendFate.NotSent)
        {
            return null;
        }
        finally
        {
            await (found ? ValueTask.CompletedTask : connection.DisposeAsync());
        }
    }

    /// <summary>Sends a request once, and returns its answer.</summary>
    public Task<RpcMessage.Response> RequestAsync(
        string method, ReadOnlyMemory<byte>? parameters, Exchange? related, CancellationToken cancellationToken) =>
        RequestAsync(method, parameters, id => Compose(id, method, parameters, related), related, cancellationToken);

    /// <summary>The same for a tool call, with what goes along with it.</summary>
    public Task<RpcMessage.Response> CallAsync(
        ToolCall call, Exchange? related, CancellationToken cancellationToken) =>
        RequestAsync("tools/call", call.Parameters, id => Compose(id, call, related), related, cancellationToken);

    public Task SendAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken) =>
        _link.SendAsync(message, cancellationToken);

    /// <summary>Closes once nothing runs any more: what was sent deserves its outcome.</summary>
    public async Task CloseWhenIdleAsync()
    {
        Volatile.Write(ref _closing, 1);
        if (!IsBusy)
        {
            await DisposeAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            await _link.DisposeAsync();
        }
    }

    // Composed within the span, so that the target's server continues from there.
    private async Task<RpcMessage.Response> RequestAsync(
        string method,
        ReadOnlyMemory<byte>? parameters,
        Func<RpcId, Outgoing> compose,
        Exchange? related,
        CancellationToken cancellationToken)
    {
        var id = RpcId.Of(Interlocked.Increment(ref _lastId));
        if (related is not null)
        {
            related.UpstreamId = id;
        }

        Interlocked.Increment(ref _running);
        using var span = McpSpans.Send(method, parameters, id, Version);
        if (span is not null)
        {
            _link.Describe(span);
        }

        try
        {
            var answer = _mask.Clean(method, await AskAsync(compose(id), cancellationToken));
            McpSpans.Tell(span, answer);
            return answer;
        }
        catch (UpstreamException failure)
        {
            McpSpans.Fail(span, failure.Fate);
            throw;
        }
        finally
        {
            if (Interlocked.Decrement(ref _running) == 0 && Volatile.Read(ref _closing) != 0)
            {
                await DisposeAsync();
            }
        }
    }

    private async Task<RpcMessage.Response> AskAsync(Outgoing request, CancellationToken cancellationToken)
    {
        var isGivenUp = true;
        _lent.Lend(request.Credential);
        _inFlight.Begin(request);
        try
        {
            var answer = await _link.RequestAsync(request, cancellationToken);
            isGivenUp = false;
            return _lent.Clean(answer);
        }
        catch (UpstreamException untaken) when (untaken.Fate is SendFate.NotSent or SendFate.Refused)
        {
            isGivenUp = false;
            throw;
        }
        finally
        {
            _inFlight.End(request, isGivenUp);
            _lent.TakeBack(request.Credential);
        }
    }

    private Outgoing Compose(RpcId id, ToolCall call, Exchange? related)
    {
        var request = Compose(id, "tools/call", call.Parameters, related, call.Capabilities);
        return request with
        {
            Headers = [.. request.Headers, .. call.Headers],
            Credential = call.Credential,
            IsPreview = call.IsPreview,
        };
    }

    private Outgoing Compose(
        RpcId id,
        string method,
        ReadOnlyMemory<byte>? parameters,
        Exchange? related,
        ReadOnlyMemory<byte>? noted = null)
    {
        // The parameters of a call are written anew from its action; the others are the client's own.
        var own = related is null || method == "tools/call" ? parameters : McpSpans.Untraced(parameters);
        var trace = Spans.Here;
        if (!IsModern)
        {
            var old = related?.Caller is null ? own : ModernParams.Strip(own, related);
            return new Outgoing(id, Rpc.Request(id, method, old), related) { Headers = TraceHeaders.Of(trace) };
        }

        var modern = ModernParams.Compose(own, _hello, related, noted, trace);
        return new Outgoing(id, Rpc.Request(id, method, modern), related)
        {
            Headers = [.. ModernParams.HeadersOf(method, modern), .. TraceHeaders.Of(trace)],
        };
    }

    private async Task<bool> DiscoverAsync(CancellationToken cancellationToken)
    {
        Version = ProtocolVersions.Modern;
        _link.Agree(Version);
        var answer = await RequestAsync("server/discover", parameters: null, related: null, cancellationToken);
        if (answer.Result is not { } result
            || !RawObject.TryRead(result, out var introduction)
            || introduction.Find("supportedVersions") is not { } versions
            || !RawObject.Elements(versions).Any(version => RawObject.TextOf(version) == Version))
        {
            return false;
        }

        Introduction = introduction;
        return true;
    }

    private async Task ShakeHandsAsync(CancellationToken cancellationToken)
    {
        var answer = await RequestAsync("initialize", _hello.ToParams(), related: null, cancellationToken);
        if (answer.Error is { } error)
        {
            throw new UpstreamException(
                SendFate.Refused, $"The target's server refused to initialize with {Rpc.Describe(error)}");
        }

        if (!RawObject.TryRead(answer.Result!.Value, out var introduction)
            || introduction.FindText("protocolVersion") is not { } version)
        {
            throw new UpstreamException(SendFate.Refused, "The target's server answered initialize without a version.");
        }

        Introduction = introduction;
        Version = version;
        _link.Agree(version);
        await _link.SendAsync(Rpc.Notification("notifications/initialized", parameters: null), cancellationToken);
    }

    /// <summary>
    /// Answers what concerns this connection alone; everything else is for the client. A server that does not take an
    /// answer to a message of its own says nothing by that about the requests it was sent, so their fate stays open.
    /// </summary>
    private async Task ArriveAsync(RpcMessage came, Outgoing? cause)
    {
        var message = _mask.Clean(_lent.Clean(came));
        try
        {
            await (message switch
            {
                RpcMessage.Request { Method: "ping" } ping =>
                    _link.SendAsync(Rpc.Result(ping.Id, "{}"u8.ToArray()), CancellationToken.None),
                RpcMessage.Response answer => Settle(answer),
                _ when _inFlight.IsOfPreview(message, cause) => KeepFromAgentAsync(message),
                // With one request in flight there is little doubt to which a message belongs.
                _ => _outside(message, cause is null && _link.HasOneStream ? _inFlight.Only : cause?.Related),
            });
        }
        catch (UpstreamException)
        {
            // It asked, and does not listen.
        }
    }

    private Task Settle(RpcMessage.Response answer)
    {
        _inFlight.Settle(answer.Id);
        return Task.CompletedTask;
    }

    private Task KeepFromAgentAsync(RpcMessage message) => message is RpcMessage.Request question
        ? _link.SendAsync(Rpc.Error(question.Id, Rpc.InternalError, PreviewRefusal), CancellationToken.None)
        : Task.CompletedTask;
}
