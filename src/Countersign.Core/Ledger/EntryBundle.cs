using System.Buffers.Binary;

namespace Countersign.Core.Ledger;

/// <summary>The entries below one tile (C2SP tlog-tiles): a big-endian 16-bit length before each.</summary>
public static class EntryBundle
{
    /// <summary>
    /// What 16 bits can count; larger things belong in the payload, of which the leaf keeps the hash.
    /// </summary>
    public const int MaxEntryBytes = ushort.MaxValue;

    private const int LengthBytes = sizeof(ushort);

    /// <summary>Joins up to 256 entries.</summary>
    public static byte[] Encode(IReadOnlyList<ReadOnlyMemory<byte>> entries)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(entries.Count, TileId.FullWidth);
        var bundle = new byte[entries.Sum(static entry => LengthBytes + entry.Length)];
        var rest = bundle.AsSpan();
        foreach (var entry in entries)
        {
            CheckLength(entry.Length);
            BinaryPrimitives.WriteUInt16BigEndian(rest, (ushort)entry.Length);
            entry.Span.CopyTo(rest[LengthBytes..]);
            rest = rest[(LengthBytes + entry.Length)..];
        }

        return bundle;
    }

    /// <summary>
    /// Splits a bundle; throws <see cref="FormatException"/> unless it holds exactly the entries of its width.
    /// </summary>
    public static IReadOnlyList<ReadOnlyMemory<byte>> Decode(ReadOnlyMemory<byte> bundle, int width)
    {
        var entries = new List<ReadOnlyMemory<byte>>(width);
        var rest = bundle;
        while (rest.Length > 0 && entries.Count < width)
        {
            var length = rest.Length < LengthBytes ? int.MaxValue : BinaryPrimitives.ReadUInt16BigEndian(rest.Span);
            if (length > rest.Length - LengthBytes)
            {
                throw Damaged($"entry {entries.Count} is cut off");
            }

            entries.Add(rest.Slice(LengthBytes, length));
            rest = rest[(LengthBytes + length)..];
        }

        return rest.Length == 0 && entries.Count == width
            ? entries
            : throw Damaged($"it holds {entries.Count} of {width} entries and {rest.Length} bytes more");
    }

    /// <summary>Refuses an entry that no bundle could carry.</summary>
    internal static void CheckLength(int length)
    {
        if (length > MaxEntryBytes)
        {
            throw new ArgumentException(
                $"An entry of {length} bytes exceeds the {MaxEntryBytes} of an entry bundle. "
                + "Put the content in the payload.");
        }
    }

    private static FormatException Damaged(string reason) =>
        new($"The entry bundle is damaged: {reason}. Fetch it again or restore it from a mirror.");
}
