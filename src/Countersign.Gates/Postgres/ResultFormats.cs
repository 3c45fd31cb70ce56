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
        var bound = BindBody.ReadRest(bind);
        var at = MessageHead.Size;
        var count = BinaryPrimitives.ReadUInt16BigEndian(bytes.AsSpan(at));
        at += sizeof(ushort);
        for (var column = 0; column < count; column++)
        {
            at += bytes.AsSpan(at).IndexOf((byte)0) + 1 + FieldsBeforeFormat;
            BinaryPrimitives.WriteInt16BigEndian(bytes.AsSpan(at), (short)(bound.IsBinaryResult(column) ? 1 : 0));
            at += sizeof(short);
        }

        to.Append(bytes);
    }
}
