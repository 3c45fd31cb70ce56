using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Text;

namespace Countersign.Gates.Postgres.Wire;

/// <summary>
/// Collects messages in one buffer and sends them with one write. Between writes it holds no memory.
/// </summary>
/// <remarks>
/// One caller at a time. After a failed or cancelled flush the peer may hold half a message: close it.
/// </remarks>
internal sealed class WireWriter(Stream stream) : IDisposable
{
    private const int SmallestBuffer = 4 * 1024;

    /// <summary>From here on another write costs less than a larger buffer.</summary>
    private const int Full = 32 * 1024;

    // A lone surrogate has no UTF-8; it must not become another character on the way to a parser.
    private static readonly UTF8Encoding s_strictUtf8 = new(false, throwOnInvalidBytes: true);

    private byte[] _buffer = [];
    private int _length;
    private int _message;
    private bool _isWriting;

    /// <summary>Bytes that were appended and not yet flushed.</summary>
    public int Pending => _length;

    /// <summary>Whether the caller does well to flush before it appends more.</summary>
    public bool IsFull => _length >= Full;

    /// <summary>Whole messages, or pieces of one, as they came from the other side.</summary>
    public void Append(ReadOnlySpan<byte> messages) => messages.CopyTo(Take(messages.Length));

    /// <summary>A copy of what was appended and not yet flushed.</summary>
    public byte[] ToArray() => _buffer.AsSpan(0, _length).ToArray();

    /// <summary>Sends what was appended.</summary>
    public ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        if (_length == 0)
        {
            return default;
        }

        var write = stream.WriteAsync(_buffer.AsMemory(0, _length), cancellationToken);
        if (!write.IsCompletedSuccessfully)
        {
            return FinishAsync(write);
        }

        write.GetAwaiter().GetResult();
        Dispose();
        return default;
    }

    /// <summary>Gives the buffer back and forgets what was not flushed; the stream stays its owner's.</summary>
    public void Dispose()
    {
        var buffer = _buffer;
        (_buffer, _length) = ([], 0);

        // Out of a buffer that went back while a write is under way, bytes of another session would go to this peer.
        if (buffer.Length > 0 && !_isWriting)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Begins a message; what follows is its body, until <see cref="End"/>.</summary>
    public void Begin(byte type)
    {
        _message = _length;
        Take(MessageHead.Size)[0] = type;
    }

    /// <summary>Begins one of the first packets, which have a length and no type.</summary>
    public void BeginUntyped()
    {
        _message = _length - 1;
        Take(sizeof(int));
    }

    /// <summary>Fills in the length: everything since <see cref="Begin"/> but the type.</summary>
    public void End()
    {
        var lengthAt = _message + 1;
        BinaryPrimitives.WriteInt32BigEndian(_buffer.AsSpan(lengthAt), _length - lengthAt);
    }

    public void Byte(byte value) => Take(1)[0] = value;

    public void Int16(short value) => BinaryPrimitives.WriteInt16BigEndian(Take(sizeof(short)), value);

    /// <summary>A count; the protocol has 16 bits for it.</summary>
    /// <exception cref="OverflowException">There are more than 65,535.</exception>
    public void Count(int value) =>
        BinaryPrimitives.WriteUInt16BigEndian(Take(sizeof(ushort)), checked((ushort)value));

    public void Int32(int value) => BinaryPrimitives.WriteInt32BigEndian(Take(sizeof(int)), value);

    public void UInt32(uint value) => BinaryPrimitives.WriteUInt32BigEndian(Take(sizeof(uint)), value);

    public void Bytes(ReadOnlySpan<byte> value) => value.CopyTo(Take(value.Length));

    /// <summary>A text and its NUL.</summary>
    /// <exception cref="ArgumentException">There is a NUL inside, which would end it for the reader.</exception>
    public void String(ReadOnlySpan<byte> utf8)
    {
        if (utf8.Contains((byte)0))
        {
            throw new ArgumentException("A text of the PostgreSQL protocol cannot hold a NUL.", nameof(utf8));
        }

        var room = Take(utf8.Length + 1);
        utf8.CopyTo(room);
        room[^1] = 0;
    }

    /// <inheritdoc cref="String(ReadOnlySpan{byte})"/>
    public void String(string text)
    {
        if (text.Contains('\0', StringComparison.Ordinal))
        {
            throw new ArgumentException("A text of the PostgreSQL protocol cannot hold a NUL.", nameof(text));
        }

        var room = Take(s_strictUtf8.GetByteCount(text) + 1);
        s_strictUtf8.GetBytes(text, room);
        room[^1] = 0;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask FinishAsync(ValueTask write)
    {
        _isWriting = true;
        try
        {
            await write;
        }
        finally
        {
            _isWriting = false;
            Dispose();
        }
    }

    private Span<byte> Take(int size)
    {
        if (_isWriting)
        {
            throw new InvalidOperationException("A connection of the PostgreSQL gate is written twice at once.");
        }

        if (_buffer.Length - _length < size)
        {
            Grow(size);
        }

        var room = _buffer.AsSpan(_length, size);
        _length += size;
        return room;
    }

    private void Grow(int size)
    {
        var needed = checked(_length + size);
        var larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(Math.Max(SmallestBuffer, 2L * needed), Array.MaxLength));
        _buffer.AsSpan(0, _length).CopyTo(larger);
        var length = _length;
        Dispose();
        (_buffer, _length) = (larger, length);
    }
}
