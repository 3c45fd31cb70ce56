using System.Collections.Concurrent;
using Countersign.Gates.Mcp.Wire;

namespace Countersign.Gates.Mcp.Upstream;

/// <summary>
/// The requests that a server has not answered over one connection, and what follows from them for a message of its
/// own: to whom it belongs, and whether it may be a preview's, of which no agent hears.
/// </summary>
internal sealed class InFlight
{
    /// <summary>Previews whose answers are awaited by name. Beyond that the connection has one for good.</summary>
    private const int MostPreviews = 1_000;

    private readonly ConcurrentDictionary<RpcId, Exchange> _calls = new();
    private readonly ConcurrentDictionary<RpcId, Outgoing> _previews = new();
    private volatile bool _isLost;

    /// <summary>The one request of a client that is being answered; <c>null</c> when it is not one.</summary>
    public Exchange? Only => _calls.Values.Take(2).ToList() is [var only] ? only : null;

    public void Begin(Outgoing request)
    {
        if (request.Related is { } related)
        {
            _calls[request.Id] = related;
        }
        else if (request.IsPreview)
        {
            _previews[request.Id] = request;
        }
    }

    /// <summary>
    /// Nobody waits for the request any more. A preview that was given up is still being made, so that the server may
    /// speak of it until it has answered.
    /// </summary>
    public void End(Outgoing request, bool isGivenUp)
    {
        _calls.TryRemove(request.Id, out _);
        _isLost |= request.IsPreview && isGivenUp && _previews.Count > MostPreviews;
        if (!isGivenUp || _isLost)
        {
            _previews.TryRemove(request.Id, out _);
        }
    }

    /// <summary>An answer came, whether or not anybody waits for it.</summary>
    public void Settle(RpcId answered) => _previews.TryRemove(answered, out _);

    /// <summary>
    /// Whether a message belongs to a preview, or may: as long as one is made, nothing counts as the agent's that could
    /// as well be the preview's.
    /// </summary>
    public bool IsOfPreview(RpcMessage message, Outgoing? cause)
    {
        if (cause is not null)
        {
            return cause.IsPreview;
        }

        return (_isLost || !_previews.IsEmpty) && !(message is RpcMessage.Notification told && IsSurelyNot(told));
    }

    /// <summary>What names a request of the client, and what is about the server and no request at all.</summary>
    private bool IsSurelyNot(RpcMessage.Notification told) => told.Method switch
    {
        "notifications/progress" => RpcId.TryRead(told.Arguments.Find("progressToken"), out var token)
            && _calls.Values.Any(call => call.UpstreamToken == token),
        "notifications/cancelled" => true,
        "notifications/resources/updated" => true,
        "notifications/tools/list_changed" => true,
        "notifications/prompts/list_changed" => true,
        "notifications/resources/list_changed" => true,
        _ => false,
    };
}
