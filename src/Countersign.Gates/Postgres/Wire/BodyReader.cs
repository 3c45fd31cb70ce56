using System.Buffers.Binary;
using System.Text.Unicode;

namespace Countersign.Gates.Postgres.Wire;

/// <summary>Takes the fields out of one body, left to right, and believes none of them.</summary>
/// <param name="message">Which message it is, for the text of a refusal.</param>
/// <param name="body">The bytes behind the head.</param>
internal ref struct BodyReader(string message, ReadOnlySpan<byte> body)
{
    /// <summary>What was not taken yet.</summary>
    public ReadOnlySpan<byte> Rest { get; private set; } = body;

    public byte Byte() => Bytes(1)[0];

    public int Int16() => BinaryPrimitives.ReadInt16BigEndian(Bytes(sizeof(short)));

    public int Int32() => BinaryPrimitives.ReadInt32BigEndian(Bytes(sizeof(int)));

    public uint UInt32() => BinaryPrimitives.ReadUInt32BigEndian(Bytes(sizeof(uint)));

    /// <summary>
    /// An unsigned Int16 that counts things of at least <paramref name="size"/> bytes, which are there.
    /// </summary>
    public int Count(int size)
    {
        var count = BinaryPrimitives.ReadUInt16BigEndian(Bytes(sizeof(ushort)));
        return (long)count * size <= Rest.Length
            ? count
            : throw Malformed($"counts {count} items where {Rest.Length} bytes are left");
    }

    public ReadOnlySpan<byte> Bytes(int length)
    {
        if ((uint)length > (uint)Rest.Length)
        {
            throw Malformed(length < 0 ? $"holds the length {length}" : "ends inside a value");
        }

        var bytes = Rest[..length];
        Rest = Rest[length..];
        return bytes;
    }

    /// <summary>A text without its NUL, as the peer sent it.</summary>
    public ReadOnlySpan<byte> RawString()
    {
        var length = Rest.IndexOf((byte)0);
        if (length < 0)
        {
            throw Malformed("ends inside a text");
        }

        var text = Rest[..length];
        Rest = Rest[(length + 1)..];
        return text;
    }

    /// <summary>A text without its NUL, in UTF-8.</summary>
    public ReadOnlySpan<byte> String()
    {
        var text = RawString();
        RefuseUnlessText(text);
        return text;
    }

    /// <summary>Checks a value that the peer calls text.</summary>
    public readonly void RefuseUnlessText(ReadOnlySpan<byte> value)
    {
        if (!Utf8.IsValid(value) || value.Contains((byte)0))
        {
            throw new ProtocolViolation($"The {message} message holds a text that is not UTF-8; send UTF-8 only.")
            {
                SqlState = SqlState.InvalidByteSequence,
            };
        }
    }

    /// <summary>The body ends here; a NUL inside a text shows as bytes that are left.</summary>
    public readonly void End()
    {
        if (Rest.Length > 0)
        {
            throw Malformed($"has {Rest.Length} bytes behind its end");
        }
    }

    public readonly ProtocolViolation Malformed(string problem) => new($"The {message} message {problem}.");
}
