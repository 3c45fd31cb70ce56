using System.Buffers.Binary;
using Countersign.Gates.Postgres.Wire;

namespace Countersign.Gates.Postgres;

/// <summary>
/// A statement's columns as a portal of it has them: the same, in the formats that the client bound. Bound portals that
/// wait for people are described this way, because only a portal that may run exists at the database.
/// </summary>
internal static class ResultFormats
{
    /// <summary>Table, attribute, type, size, modifier; the format stands behind them.</summary>
    private const int FieldsBeforeFormat = 4 + 2 + 4 + 2 + 4;

    public static void Rewrite(WireMessage description, ReadOnlySpan<byte> bind, WireWriter to)
    {
        RowDescriptionBody.Read(description.Body);
        var bytes = description.Bytes.ToArray();
        var formats = FormatsIn(bind);
        var at = MessageHead.Size;
        var count = BinaryPrimitives.ReadUInt16BigEndian(bytes.AsSpan(at));
        at += sizeof(ushort);
        for (var column = 0; column < count; column++)
        {
            at += bytes.AsSpan(at).IndexOf((byte)0) + 1 + FieldsBeforeFormat;
            BinaryPrimitives.WriteInt16BigEndian(bytes.AsSpan(at), FormatOf(formats, column));
            at += sizeof(short);
        }

        to.Append(bytes);
    }

    /// <summary>The result formats at the end of what a Bind says behind its names.</summary>
    private static ReadOnlySpan<byte> FormatsIn(ReadOnlySpan<byte> bind)
    {
        var rest = bind;
        rest = rest[(sizeof(ushort) + (BinaryPrimitives.ReadUInt16BigEndian(rest) * sizeof(short)))..];
        var values = BinaryPrimitives.ReadUInt16BigEndian(rest);
        rest = rest[sizeof(ushort)..];
        for (var i = 0; i < values; i++)
        {
            rest = rest[(sizeof(int) + Math.Max(BinaryPrimitives.ReadInt32BigEndian(rest), 0))..];
        }

        return rest[sizeof(ushort)..];
    }

    private static short FormatOf(ReadOnlySpan<byte> formats, int column) => (formats.Length / sizeof(short)) switch
    {
        0 => 0,
        1 => BinaryPrimitives.ReadInt16BigEndian(formats),
        var count when column < count => BinaryPrimitives.ReadInt16BigEndian(formats[(column * sizeof(short))..]),
        _ => 0,
    };
}
