using System.Buffers.Binary;

namespace Countersign.Gates.Postgres.Parsing;

/// <summary>What the child is asked for.</summary>
internal enum PgQueryVerb : byte
{
    /// <summary>The tree as JSON.</summary>
    Parse = (byte)'P',

    /// <summary>The text as PostgreSQL's grammar would write it, without comments.</summary>
    Deparse = (byte)'D',

    /// <summary>The tokens, as libpg_query's protobuf.</summary>
    Scan = (byte)'S',

    /// <summary>A hash of the tree without constants.</summary>
    Fingerprint = (byte)'F',
}

/// <summary>How the child answers.</summary>
internal enum PgQueryStatus : byte
{
    Done = (byte)'=',

    /// <summary>The text is wrong: 4 bytes with the place in characters from 1, and the message.</summary>
    Wrong = (byte)'!',
}

/// <summary>
/// One message between the server and its child: 4 bytes with the length of what follows (little endian), 1 byte with
/// a verb or a status, and the content.
/// </summary>
internal static class PgQueryFrame
{
    public const int HeadBytes = sizeof(int) + 1;

    /// <summary>Writes the head of a message with so much content.</summary>
    public static void WriteHead(Span<byte> head, byte kind, int contentBytes)
    {
        BinaryPrimitives.WriteInt32LittleEndian(head, contentBytes + 1);
        head[sizeof(int)] = kind;
    }

    /// <summary>Reads a head; refuses one whose content is longer than that.</summary>
    public static (byte Kind, int ContentBytes) ReadHead(ReadOnlySpan<byte> head, int most)
    {
        var length = BinaryPrimitives.ReadInt32LittleEndian(head) - 1;
        return length >= 0 && length <= most
            ? (head[sizeof(int)], length)
            : throw new InvalidDataException($"A message of the parser's child has a length of {length + 1} bytes.");
    }
}
