using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using Countersign.Gates.Mcp.Wire;

namespace Countersign.Gates.Mcp;

/// <summary>
/// One request of a client that is being answered: where its answer goes, and what may be said before the answer.
/// </summary>
[SuppressMessage("Reliability", "CA1001", Justification =
    "A cancellation may still arrive while the exchange ends, and the source has neither a timer nor a handle.")]
internal sealed class Exchange(RpcMessage.Request request, ClientStream stream, ModernCaller? caller = null)
{
    /// <summary>Numbers requests without a session, whose clients know nothing of each other's ids.</summary>
    private static long s_lastKey;

    private readonly CancellationTokenSource _cancelled = new();

    /// <summary>
    /// Progress notices of our own. The target's progress continues above them, since it must never fall.
    /// </summary>
    private long _notices;

    public RpcMessage.Request Request { get; } = request;

    public ClientStream Stream { get; } = stream;

    /// <summary>The client of a request of 2026-07-28; <c>null</c> in a session with a handshake.</summary>
    public ModernCaller? Caller { get; } = caller;

    /// <summary>What tells this request from the others of its session.</summary>
    public RpcId Key { get; } = caller is null ? request.Id : RpcId.Of(Interlocked.Increment(ref s_lastKey));

    /// <summary>The client's progress token; without one it gets no progress.</summary>
    public RpcId? ProgressToken { get; } =
        RpcId.TryRead(request.Arguments.FindObject("_meta")?.Find("progressToken"), out var token) ? token : null;

    /// <summary>The progress token towards the upstream server: the client's own where it is unique.</summary>
    public RpcId? UpstreamToken => ProgressToken is null || Caller is null ? ProgressToken : Key;

    /// <summary>The JSON-RPC error with which the upstream server answered this call, if it did.</summary>
    public ReadOnlyMemory<byte>? UpstreamError { get; set; }

    /// <summary>The id of this request on the upstream connection, once it was sent there.</summary>
    public RpcId? UpstreamId { get; set; }

    /// <summary>Fires when the client said <c>notifications/cancelled</c>.</summary>
    public CancellationToken Cancelled => _cancelled.Token;

    public Task CancelAsync() => _cancelled.CancelAsync();

    /// <summary>Tells the client what it is waiting for; a comment alone when it asked for no progress.</summary>
    public Task<bool> NoticeAsync(string text, CancellationToken cancellationToken)
    {
        if (ProgressToken is not { } token)
        {
            return Stream.TryCommentAsync(cancellationToken);
        }

        var parameters = Rpc.Object(json =>
        {
            Rpc.WriteRaw(json, "progressToken", token.Bytes);
            json.WriteNumber("progress", ++_notices);
            json.WriteString("message", text);
        });
        return Stream.TrySendAsync(Rpc.Notification("notifications/progress", parameters), cancellationToken);
    }

    /// <summary>Passes the target's own progress on.</summary>
    public Task<bool> ForwardProgressAsync(RpcMessage.Notification progress, CancellationToken cancellationToken) =>
        Stream.TrySendAsync(_notices == 0 && Caller is null ? progress.Bytes : Raise(progress), cancellationToken);

    private byte[] Raise(RpcMessage.Notification progress)
    {
        var parameters = progress.Arguments;
        if (ProgressToken is { } token)
        {
            parameters = parameters.With("progressToken", token.Bytes);
        }

        foreach (var name in new[] { "progress", "total" })
        {
            if (parameters.Find(name) is { } value
                && double.TryParse(value.Span, NumberStyles.Float, CultureInfo.InvariantCulture, out var number))
            {
                var raised = (number + _notices).ToString("R", CultureInfo.InvariantCulture);
                parameters = parameters.With(name, Encoding.ASCII.GetBytes(raised));
            }
        }

        return Rpc.Notification("notifications/progress", parameters.ToBytes());
    }
}
