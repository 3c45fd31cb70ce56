using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading.Channels;

namespace Countersign.Tests.Channels.Slack;

/// <summary>Slack's end of one connection of Socket Mode.</summary>
internal sealed class SlackConnection(WebSocket socket)
{
    private readonly Channel<JsonObject> _acknowledged = Channel.CreateUnbounded<JsonObject>();
    private readonly TaskCompletionSource _closing = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await SendAsync(new JsonObject { ["type"] = "hello", ["num_connections"] = 1 }, cancellationToken);
        var reading = ReadAllAsync(cancellationToken);
        await Task.WhenAny(reading, _closing.Task);
        if (_closing.Task.IsCompleted && socket.State == WebSocketState.Open)
        {
            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, cancellationToken);
        }

        await reading;
    }

    public void Close() => _closing.TrySetResult();

    /// <summary>Cuts it off without a word, as a network does.</summary>
    public void Drop() => socket.Abort();

    public Task SendAsync(JsonObject message, CancellationToken cancellationToken) => socket.SendAsync(
        Encoding.UTF8.GetBytes(message.ToJsonString()), WebSocketMessageType.Text, true, cancellationToken);

    /// <summary>Sends an interaction in an envelope.</summary>
    public Task SendAsync(string envelope, JsonObject payload, CancellationToken cancellationToken) =>
        SendAsync(envelope, payload, retry: 0, cancellationToken);

    /// <summary>Sends it for the first time, or once more because it was not acknowledged in time.</summary>
    public Task SendAsync(string envelope, JsonObject payload, int retry, CancellationToken cancellationToken)
    {
        var message = new JsonObject
        {
            ["envelope_id"] = envelope,
            ["type"] = "interactive",
            ["accepts_response_payload"] = true,
            ["payload"] = payload.DeepClone(),
        };
        if (retry > 0)
        {
            message["retry_attempt"] = retry;
            message["retry_reason"] = "timeout";
        }

        return SendAsync(message, cancellationToken);
    }

    public async Task<JsonObject> NextAcknowledgementAsync(CancellationToken cancellationToken) =>
        await _acknowledged.Reader.ReadAsync(cancellationToken).AsTask()
            .WaitAsync(TimeSpan.FromSeconds(30), cancellationToken);

    private async Task ReadAllAsync(CancellationToken cancellationToken)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (true)
            {
                var part = await socket.ReceiveAsync(buffer.AsMemory(), cancellationToken);
                if (part.MessageType == WebSocketMessageType.Close)
                {
                    return;
                }

                _acknowledged.Writer.TryWrite(
                    JsonNode.Parse(Encoding.UTF8.GetString(buffer, 0, part.Count))!.AsObject());
            }
        }
        catch (Exception ended) when (ended is WebSocketException or OperationCanceledException or IOException)
        {
            // The other side went away, or the test is over.
        }
    }
}
