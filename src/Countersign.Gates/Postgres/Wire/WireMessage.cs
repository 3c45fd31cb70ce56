using System.Buffers.Binary;

namespace Countersign.Gates.Postgres.Wire;

/// <summary>One whole message; its bytes are valid until the next read that has to wait.</summary>
/// <param name="Type">Its first byte; zero (the default) when the peer closed the connection between messages.</param>
/// <param name="Bytes">All of it, as it can be handed on.</param>
internal readonly record struct WireMessage(byte Type, ReadOnlyMemory<byte> Bytes)
{
    public bool IsEnd => Type == 0;

    public ReadOnlySpan<byte> Body => Bytes.Span[MessageHead.Size..];
}

/// <summary>Type and Int32 length of a message; the length counts itself but not the type.</summary>
/// <param name="Type">Zero (the default) when the peer closed the connection between messages.</param>
/// <param name="BodyLength">Bytes behind the head.</param>
internal readonly record struct MessageHead(byte Type, int BodyLength)
{
    public const int Size = 1 + sizeof(int);

    /// <summary>PostgreSQL itself sends and takes no longer message.</summary>
    private const int Longest = 1024 * 1024 * 1024;

    public bool IsEnd => Type == 0;

    /// <summary>Bytes of the whole message.</summary>
    public int Length => Size + BodyLength;

    /// <exception cref="ProtocolViolation">No message begins like this.</exception>
    public static MessageHead Read(ReadOnlySpan<byte> head)
    {
        var type = head[0];
        var length = BinaryPrimitives.ReadInt32BigEndian(head[1..]);
        if (!char.IsAsciiLetterOrDigit((char)type))
        {
            throw new ProtocolViolation($"There is no message of type {type}.") { IsFatal = true };
        }

        return length is >= sizeof(int) and <= Longest
            ? new MessageHead(type, length - sizeof(int))
            : throw new ProtocolViolation($"A message '{(char)type}' claims an impossible length of {length} bytes.")
            {
                IsFatal = true,
            };
    }

    /// <exception cref="ProtocolViolation">The body is longer than <paramref name="most"/> bytes.</exception>
    public void RefuseAbove(int most)
    {
        if (BodyLength > most)
        {
            throw new ProtocolViolation(
                $"A message '{(char)Type}' has {BodyLength} bytes; at most {most} are taken here. Send it in parts.")
            {
                IsFatal = true,
            };
        }
    }
}
