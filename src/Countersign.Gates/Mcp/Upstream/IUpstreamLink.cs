using System.Diagnostics;
using Countersign.Gates.Credentials;
using Countersign.Gates.Mcp.Wire;

namespace Countersign.Gates.Mcp.Upstream;

/// <summary>
/// Told of a message that is no answer to a request of ours, with the exchange it belongs to when that is known.
/// </summary>
internal delegate Task Arrival(RpcMessage message, Exchange? related);

/// <summary>
/// The same within a connection: with the request of ours on whose own stream the message came, if it came on one.
/// Answers that nobody may wait for any more are told, too.
/// </summary>
internal delegate Task LinkArrival(RpcMessage message, Outgoing? cause);

/// <summary>Carries messages to one upstream server, over HTTP or over the pipes of a process.</summary>
internal interface IUpstreamLink : IAsyncDisposable
{
    /// <summary>Whether a further message has a chance to arrive.</summary>
    bool IsOpen { get; }

    /// <summary>
    /// Whether everything arrives on one stream, which says of no message to which request it belongs.
    /// </summary>
    bool HasOneStream { get; }

    /// <summary>Sends a request once, and returns its answer.</summary>
    /// <exception cref="UpstreamException">There is no answer.</exception>
    Task<RpcMessage.Response> RequestAsync(Outgoing request, CancellationToken cancellationToken);

    /// <summary>Sends a notification, or an answer to a request of the server.</summary>
    /// <exception cref="UpstreamException">The server did not take it.</exception>
    Task SendAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken);

    /// <summary>
    /// Told the version both sides agreed on, once, before anything but the initialize request is sent; the one
    /// without a handshake before the first request.
    /// </summary>
    void Agree(string protocolVersion);

    /// <summary>Says on a span where the messages go.</summary>
    void Describe(Activity span);
}

/// <summary>A request on its way to the upstream server, and the exchange on whose behalf it is sent.</summary>
internal sealed record Outgoing(RpcId Id, ReadOnlyMemory<byte> Message, Exchange? Related)
{
    /// <summary>Whether it is the gateway's own question about a call, of which no agent may hear.</summary>
    public bool IsPreview { get; init; }

    /// <summary>
    /// Headers over HTTP: those of 2026-07-28, and where the trace stands. A pipe has none, and servers with a
    /// handshake know no place for a trace in the message.
    /// </summary>
    public IEnumerable<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>
    /// What this request carries instead of the target's standing credential; only a link over HTTP can.
    /// </summary>
    public MintedCredential? Credential { get; init; }
}

/// <summary>
/// What a link needs from its surroundings. <c>MaxMessage</c> bounds one incoming message in bytes, <c>Send</c> how
/// long the server may take to take one that is sent to it.
/// </summary>
internal sealed record LinkTerms(LinkArrival Arrival, int MaxMessage, TimeSpan Send, TimeProvider Time);
