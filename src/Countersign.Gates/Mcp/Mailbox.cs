using System.Threading.Channels;

namespace Countersign.Gates.Mcp;

/// <summary>
/// Messages for a client that belong to no request of its own: they wait, bounded, for the client's GET stream. The
/// newest stream gets them, because a client that reconnects may have left a dead one behind.
/// </summary>
internal sealed class Mailbox(int capacity) : IDisposable
{
    private readonly Channel<ReadOnlyMemory<byte>> _messages = Channel.CreateBounded<ReadOnlyMemory<byte>>(
        new BoundedChannelOptions(capacity) { FullMode = BoundedChannelFullMode.DropOldest });

    private CancellationTokenSource? _reader;
    private volatile bool _closed;

    public void Post(ReadOnlyMemory<byte> message) => _messages.Writer.TryWrite(message);

    /// <summary>Takes over reading; the token fires when a newer stream does the same.</summary>
    public CancellationToken TakeOver()
    {
        var mine = new CancellationTokenSource();
        var token = mine.Token;
        Interlocked.Exchange(ref _reader, mine)?.Cancel();
        if (_closed)
        {
            // Its session ended meanwhile: nothing arrives any more, and nobody else would end this stream.
            mine.Cancel();
        }

        return token;
    }

    public ValueTask<ReadOnlyMemory<byte>> ReadAsync(CancellationToken cancellationToken) =>
        _messages.Reader.ReadAsync(cancellationToken);

    public void Dispose()
    {
        _closed = true;
        Interlocked.Exchange(ref _reader, null)?.Cancel();
    }
}
