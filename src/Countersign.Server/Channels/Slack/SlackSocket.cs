using System.Buffers;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Countersign.Server.Channels.Slack;

/// <summary>
/// Socket Mode: Slack sends interactions over a connection that we open, so nobody has to reach this server. Each
/// envelope is acknowledged after it was recorded. When Slack announces the end of a connection, the next one is open
/// before this one ends.
/// </summary>
internal sealed class SlackSocket(
    SlackClient client, SlackInbox inbox, ChannelHealth health, TimeProvider time, ILogger<SlackSocket> log)
    : BackgroundService
{
    private const string HealthPart = "socket";

    /// <summary>How many envelopes of one connection are handled at the same time.</summary>
    private const int MaxAtOnce = 64;

    private static readonly TimeSpan FirstDelay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(30);

    /// <summary>Slack pings every few seconds; a connection that is silent this long is dead.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(60);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        health.Fails(HealthPart, "Socket Mode is not connected yet.");
        var ending = new List<Task>();
        var failures = 0;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                var connection = await ConnectAsync(stoppingToken);
                (failures, ending) = (0, [.. ending.Where(task => !task.IsCompleted)]);
                var replaced = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                var began = time.GetTimestamp();
                ending.Add(ServeAsync(connection, replaced, stoppingToken));
                await replaced.Task;
                if (time.GetElapsedTime(began) < FirstDelay)
                {
                    // Connections that end as soon as they begin would otherwise be opened without a pause.
                    await Task.Delay(FirstDelay, time, stoppingToken);
                }
            }
            catch (Exception failure) when (IsAway(failure, stoppingToken))
            {
                failures++;
                Channels.Log.Degraded(log, SlackOutbox.Channel, failure.Message);
                health.Fails(HealthPart, $"Socket Mode is not connected: {failure.Message}");
                var delay = FirstDelay * Math.Pow(2, Math.Min(failures - 1, 10));
                await Task.Delay(delay < LongestDelay ? delay : LongestDelay, time, stoppingToken);
            }
        }

        await Task.WhenAll(ending);
    }

    /// <summary>Whatever it is: a channel that fails must not end the node.</summary>
    private static bool IsAway(Exception failure, CancellationToken stoppingToken) =>
        !stoppingToken.IsCancellationRequested && failure is not OutOfMemoryException;

    private async Task<ClientWebSocket> ConnectAsync(CancellationToken cancellationToken)
    {
        var address = await client.OpenConnectionAsync(cancellationToken) switch
        {
            SlackReply.Ok ok when ok.Body.TryGetProperty("url", out var url)
                && Uri.TryCreate(url.GetString(), UriKind.Absolute, out var found)
                && (found.Scheme == Uri.UriSchemeWss || (found.Scheme == Uri.UriSchemeWs && found.IsLoopback)) => found,
            SlackReply.Refused refused => throw new SlackException($"Slack refuses a connection: {refused.Error}."),
            SlackReply.Away away => throw new SlackException(away.Why),
            _ => throw new SlackException("Slack gave no address to connect to."),
        };
        var socket = new ClientWebSocket();
        socket.Options.KeepAliveInterval = TimeSpan.FromSeconds(10);
        socket.Options.KeepAliveTimeout = Silence;
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(SlackLimits.Call);
            await socket.ConnectAsync(address, limit.Token);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Handles one connection until it ends, and says when the next one has to be opened.</summary>
    private async Task ServeAsync(
        ClientWebSocket socket, TaskCompletionSource replaced, CancellationToken cancellationToken)
    {
        using var free = new SemaphoreSlim(MaxAtOnce);
        using var sending = new SemaphoreSlim(1);
        var handling = new List<Task>();
        try
        {
            while (await ReadAsync(socket, cancellationToken) is { } message)
            {
                if (SlackEnvelope.Read(message) is not { } envelope)
                {
                    continue;
                }

                switch (envelope.Type)
                {
                    case "hello":
                        Log.SocketConnected(log);
                        health.Works(HealthPart);
                        break;
                    case "disconnect":
                        // Slack warns some seconds before; "refresh_requested" and the like end it at once.
                        replaced.TrySetResult();
                        break;
                    default:
                        await free.WaitAsync(cancellationToken);
                        handling.RemoveAll(task => task.IsCompleted);
                        handling.Add(AnswerAsync(socket, envelope, (free, sending), cancellationToken));
                        break;
                }
            }
        }
        catch (Exception failure) when (failure is WebSocketException or OperationCanceledException or SlackException
            or ObjectDisposedException)
        {
            // The end of a connection is ordinary; the next one is opened below.
        }
        finally
        {
            // Whatever became of one envelope, the next connection has to be opened.
            await Task.WhenAll(handling).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            socket.Dispose();
            replaced.TrySetResult();
        }
    }

    private async Task AnswerAsync(
        ClientWebSocket socket,
        SlackEnvelope envelope,
        (SemaphoreSlim Free, SemaphoreSlim Sending) gates,
        CancellationToken cancellationToken)
    {
        try
        {
            var answer = envelope.Payload is { } payload && envelope.Type == "interactive"
                ? await inbox.TakeAsync(payload)
                : new SlackAnswer.Done();
            if (envelope.Id is null || answer is SlackAnswer.Unavailable)
            {
                return;
            }

            var acknowledgement = new JsonObject { ["envelope_id"] = envelope.Id };
            if (answer.ToJson() is { } payloadOfAnswer)
            {
                acknowledgement["payload"] = payloadOfAnswer;
            }

            await gates.Sending.WaitAsync(cancellationToken);
            try
            {
                await socket.SendAsync(
                    Encoding.UTF8.GetBytes(acknowledgement.ToJsonString()),
                    WebSocketMessageType.Text,
                    endOfMessage: true,
                    cancellationToken);
            }
            finally
            {
                gates.Sending.Release();
            }
        }
        catch (Exception failure) when (failure is WebSocketException or OperationCanceledException
            or ObjectDisposedException)
        {
            // Recorded all the same: Slack sends the envelope again, and then it does nothing.
        }
        finally
        {
            gates.Free.Release();
        }
    }

    /// <summary>The next text message; <c>null</c> when the other side closed.</summary>
    private static async Task<byte[]?> ReadAsync(ClientWebSocket socket, CancellationToken cancellationToken)
    {
        var message = new ArrayBufferWriter<byte>();
        while (true)
        {
            var part = await socket.ReceiveAsync(message.GetMemory(8 * 1024), cancellationToken);
            if (part.MessageType == WebSocketMessageType.Close)
            {
                return null;
            }

            message.Advance(part.Count);
            if (message.WrittenCount > SlackLimits.BodyBytes)
            {
                throw new SlackException("Slack sent a message that is larger than any interaction.");
            }

            if (part.EndOfMessage)
            {
                return message.WrittenSpan.ToArray();
            }
        }
    }
}

/// <summary>What comes over a socket, around a payload.</summary>
internal sealed record SlackEnvelope(string Type, string? Id, string? Payload)
{
    public static SlackEnvelope? Read(byte[] message)
    {
        try
        {
            var root = JsonElement.Parse(message);
            return root.ValueKind == JsonValueKind.Object && Text(root, "type") is { } type
                ? new SlackEnvelope(
                    type,
                    Text(root, "envelope_id"),
                    root.TryGetProperty("payload", out var payload) ? payload.GetRawText() : null)
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;
}
