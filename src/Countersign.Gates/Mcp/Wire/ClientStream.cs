using Microsoft.AspNetCore.Http;

namespace Countersign.Gates.Mcp.Wire;

/// <summary>
/// The response to one POST. It stays open in both ways as long as possible: a quick answer becomes plain JSON,
/// anything before the answer turns it into an event stream (streamable HTTP, "Sending Messages to the Server").
/// </summary>
internal sealed class ClientStream(HttpResponse response, bool takesEvents) : IAsyncDisposable
{
    private static readonly byte[] s_comment = ": waiting\n\n"u8.ToArray();
    private static readonly byte[] s_dataStart = "event: message\ndata: "u8.ToArray();
    private static readonly byte[] s_dataEnd = "\n\n"u8.ToArray();

    // Guards _state and everything written to the response: waiting, upstream messages and the answer come from
    // different tasks.
    private readonly SemaphoreSlim _turn = new(1, 1);
    private State _state = State.Untouched;

    private enum State
    {
        Untouched,
        Streaming,
        Closed,
    }

    /// <summary>Sends one message before the answer; <c>false</c> when the client is gone or takes no events.</summary>
    public Task<bool> TrySendAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken) =>
        TryWriteAsync(() => WriteEventAsync(message, cancellationToken), cancellationToken);

    /// <summary>Keeps the connection alive; the first comment sends the headers.</summary>
    public Task<bool> TryCommentAsync(CancellationToken cancellationToken) =>
        TryWriteAsync(() => response.Body.WriteAsync(s_comment, cancellationToken).AsTask(), cancellationToken);

    /// <summary>Sends the answer, whichever way is still open, and closes the stream.</summary>
    public async Task FinishAsync(
        ReadOnlyMemory<byte> answer, int status, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            if (_state == State.Streaming)
            {
                await WriteEventAsync(answer, cancellationToken);
            }
            else if (_state == State.Untouched)
            {
                response.StatusCode = status;
                response.ContentType = "application/json";
                response.ContentLength = answer.Length;
                response.Headers.CacheControl = "no-store";
                await response.Body.WriteAsync(answer, cancellationToken);
            }

            await response.Body.FlushAsync(cancellationToken);
            _state = State.Closed;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>
    /// After this nothing touches the response any more. An execution that outlives its client may still hold the
    /// stream, so the semaphore is left to the collector; it owns no handle.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        await _turn.WaitAsync(CancellationToken.None);
        _state = State.Closed;
        _turn.Release();
    }

    /// <summary>Headers of an event stream: no cache and no proxy may hold it back.</summary>
    public static void Begin(HttpResponse response)
    {
        response.StatusCode = StatusCodes.Status200OK;
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-cache, no-store";
        response.Headers["X-Accel-Buffering"] = "no";
    }

    /// <summary>One event around one message. A line break would end the data line, and JSON needs none.</summary>
    public static byte[] Event(ReadOnlyMemory<byte> message)
    {
        byte[] bytes = [.. s_dataStart, .. message.Span, .. s_dataEnd];
        var data = bytes.AsSpan(s_dataStart.Length, message.Length);
        data.Replace((byte)'\n', (byte)' ');
        data.Replace((byte)'\r', (byte)' ');
        return bytes;
    }

    private async Task<bool> TryWriteAsync(Func<Task> write, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            if (_state == State.Closed || !takesEvents)
            {
                return false;
            }

            if (_state == State.Untouched)
            {
                Begin(response);
                _state = State.Streaming;
            }

            await write();
            await response.Body.FlushAsync(cancellationToken);
            return true;
        }
        catch (Exception gone) when (gone is IOException or OperationCanceledException)
        {
            _state = State.Closed;
            return false;
        }
        finally
        {
            _turn.Release();
        }
    }

    private Task WriteEventAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken) =>
        response.Body.WriteAsync(Event(message), cancellationToken).AsTask();
}
