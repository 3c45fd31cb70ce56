using System.Buffers;
using System.Buffers.Binary;
using System.Net.Security;
using System.Runtime.CompilerServices;

namespace Countersign.Gates.Postgres.Wire;

/// <summary>
/// Takes messages out of a stream: as many as one system call brings, without a copy, without an allocation.
/// </summary>
/// <remarks>
/// A session that waits holds 2 KiB. Larger buffers are rented while bytes come faster, grow with the bytes that
/// really came (never with what a length claims), and go back when they are empty. One caller at a time.
/// </remarks>
internal sealed class WireReader(Stream stream) : IDisposable
{
    private const int RestingBuffer = 2 * 1024;
    private const int BusyBuffer = 64 * 1024;

    private readonly byte[] _resting = new byte[RestingBuffer];

    // SslStream keeps a buffer of its own while it waits, unless it is asked for zero bytes first.
    private readonly bool _waitsForZeroBytes = stream is SslStream;

    private byte[]? _rented;
    private int _start;
    private int _end;
    private bool _wasFilled;
    private bool _isReading;

    private byte[] Buffer => _rented ?? _resting;

    /// <summary>Bytes that were received and not yet taken.</summary>
    public int Buffered => _end - _start;

    /// <summary>Whether the next message can be taken without waiting.</summary>
    public bool HasWholeMessage => TryPeek(out var head) && head.Length <= Buffered;

    /// <summary>The next message; <see cref="WireMessage.IsEnd"/> when the peer closed the connection.</summary>
    /// <param name="most">Longest body that is taken here.</param>
    /// <param name="cancellationToken">Stops waiting. A TLS connection cannot be read again afterwards.</param>
    /// <exception cref="ProtocolViolation">What came is no message, or a longer one.</exception>
    public ValueTask<WireMessage> ReadAsync(int most, CancellationToken cancellationToken) =>
        TryRead(most, out var message) ? new(message) : FillAndReadAsync(most, cancellationToken);

    /// <summary>The next message if it is buffered; messages taken before stay valid.</summary>
    /// <exception cref="ProtocolViolation">What came is no message, or a longer one.</exception>
    public bool TryRead(int most, out WireMessage message)
    {
        message = default;
        if (!TryPeek(out var head))
        {
            return false;
        }

        head.RefuseAbove(most);
        if (head.Length > Buffered)
        {
            return false;
        }

        message = new WireMessage(head.Type, Buffer.AsMemory(_start, head.Length));
        _start += head.Length;
        return true;
    }

    /// <summary>Type and length of the next message, which stays where it is.</summary>
    /// <exception cref="ProtocolViolation">What came is no message.</exception>
    public bool TryPeek(out MessageHead head)
    {
        head = Buffered < MessageHead.Size ? default : MessageHead.Read(Buffer.AsSpan(_start, MessageHead.Size));
        return !head.IsEnd;
    }

    /// <summary>The Int16 in front of the next message's body, if it is here: how many columns a row has.</summary>
    public bool TryPeekCount(out int count)
    {
        var isHere = Buffered >= MessageHead.Size + sizeof(ushort);
        count = isHere ? BinaryPrimitives.ReadUInt16BigEndian(Buffer.AsSpan(_start + MessageHead.Size)) : 0;
        return isHere;
    }

    /// <inheritdoc cref="TryPeek"/>
    public ValueTask<MessageHead> PeekAsync(CancellationToken cancellationToken) =>
        TryPeek(out var head) ? new(head) : FillAndPeekAsync(cancellationToken);

    /// <summary>
    /// Waits until more has come, without taking any of it: how a caller sees, while it does something else, that the
    /// peer hung up. <c>false</c> when it did, or when <paramref name="most"/> bytes are buffered.
    /// </summary>
    public ValueTask<bool> BufferMoreAsync(int most, CancellationToken cancellationToken) =>
        Buffered >= most ? new(false) : FillAsync(BusyBuffer, cancellationToken);

    /// <summary>
    /// Hands the next message on as it comes, in constant memory; what is flushed cannot be taken back.
    /// </summary>
    /// <exception cref="ProtocolViolation">
    /// The body is longer than <paramref name="most"/>, or the connection ended inside it: then the other side holds
    /// half a message and must be closed.
    /// </exception>
    public ValueTask RelayAsync(WireWriter to, int most, CancellationToken cancellationToken) =>
        TakeInPiecesAsync(to, most, cancellationToken);

    /// <summary>Drops the next message, however long, in constant memory.</summary>
    /// <exception cref="ProtocolViolation">The body is longer than <paramref name="most"/>.</exception>
    public ValueTask SkipAsync(int most, CancellationToken cancellationToken) =>
        TakeInPiecesAsync(to: null, most, cancellationToken);

    /// <summary>Gives the buffer back; the stream stays its owner's.</summary>
    public void Dispose()
    {
        _start = _end = 0;

        // Into a buffer that went back while a read is under way, bytes of this session would come for another one.
        _rented = _isReading ? null : _rented;
        GiveBack();
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<WireMessage> FillAndReadAsync(int most, CancellationToken cancellationToken)
    {
        WireMessage message;
        while (!TryRead(most, out message))
        {
            var wanted = TryPeek(out var head) ? head.Length : MessageHead.Size;
            if (!await FillAsync(wanted, cancellationToken))
            {
                RefuseHalfMessage();
                break;
            }
        }

        return message;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<MessageHead> FillAndPeekAsync(CancellationToken cancellationToken)
    {
        MessageHead head;
        while (!TryPeek(out head))
        {
            if (!await FillAsync(MessageHead.Size, cancellationToken))
            {
                RefuseHalfMessage();
                break;
            }
        }

        return head;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask TakeInPiecesAsync(WireWriter? to, int most, CancellationToken cancellationToken)
    {
        var head = await PeekAsync(cancellationToken);
        head.RefuseAbove(most);
        for (var left = head.IsEnd ? 0 : head.Length; left > 0;)
        {
            var piece = (int)Math.Min(left, Buffered);
            to?.Append(Buffer.AsSpan(_start, piece));
            _start += piece;
            left -= piece;
            if (to is { IsFull: true })
            {
                await to.FlushAsync(cancellationToken);
                // Others may wait for this thread, and more of the message may be here already.
                await Task.Yield();
            }

            if (left > 0 && !await FillAsync(wanted: 1, cancellationToken))
            {
                throw HalfMessage();
            }
        }
    }

    /// <summary>One read of the stream; <c>false</c> at its end.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> FillAsync(int wanted, CancellationToken cancellationToken)
    {
        if (_isReading)
        {
            throw new InvalidOperationException("A connection of the PostgreSQL gate is read twice at once.");
        }

        _isReading = true;
        try
        {
            MakeRoom(wanted);
            if (_waitsForZeroBytes && Buffered == 0)
            {
                _end += await stream.ReadAsync(Memory<byte>.Empty, cancellationToken);
            }

            var room = Buffer.AsMemory(_end);
            var read = await stream.ReadAsync(room, cancellationToken);
            _end += read;
            _wasFilled = read == room.Length;
            return read > 0;
        }
        finally
        {
            _isReading = false;
        }
    }

    /// <summary>Room for at least one more byte, in a buffer that suits the pace of the peer.</summary>
    private void MakeRoom(int wanted)
    {
        if (Buffered == 0)
        {
            _start = _end = 0;
            if (!_wasFilled)
            {
                GiveBack();
            }
        }

        // Bytes that really came make the buffer grow; a claimed length alone only moves them to the front.
        var length = Buffer.Length;
        var isCrowded = Buffered == length || (length < wanted && Buffered > length / 2);
        if (isCrowded || (_wasFilled && _rented is null))
        {
            Move((int)Math.Clamp(2L * length, BusyBuffer, Array.MaxLength));
        }
        else if (length - _start < wanted || _end == length)
        {
            Move(length);
        }
    }

    /// <summary>What is buffered goes to the front, of a larger buffer if need be.</summary>
    private void Move(int size)
    {
        var held = Buffer.AsSpan(_start, Buffered);
        if (size > Buffer.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(size);
            held.CopyTo(larger);
            GiveBack();
            _rented = larger;
        }
        else
        {
            held.CopyTo(Buffer);
        }

        (_start, _end) = (0, held.Length);
    }

    private void GiveBack()
    {
        if (_rented is { } rented)
        {
            _rented = null;
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private void RefuseHalfMessage()
    {
        if (Buffered > 0)
        {
            throw HalfMessage();
        }
    }

    private static ProtocolViolation HalfMessage() =>
        new("The connection ended inside a message.") { IsFatal = true };
}
