using System.Runtime.InteropServices;

namespace Countersign.Core.Ledger;

/// <summary>A tile as it is stored and served: its hashes, 32 bytes each, one after the other.</summary>
public sealed class Tile
{
    /// <summary>
    /// Takes bytes read from a store or a mirror; throws <see cref="FormatException"/> if the length is wrong.
    /// </summary>
    public Tile(TileId id, ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Length != id.Width * Hash32.Length)
        {
            throw new FormatException(
                $"Tile {new TilePath.Hashes(id)} has {bytes.Length} bytes instead of {id.Width * Hash32.Length}. "
                + "Restore it from a backup or a mirror.");
        }

        (Id, Bytes) = (id, bytes);
    }

    public TileId Id { get; }

    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>The hash at a position below the tile's width.</summary>
    public Hash32 this[int position] => new(Bytes.Span.Slice(position * Hash32.Length, Hash32.Length));

    internal static Tile Of(TileId id, ReadOnlySpan<Hash32> hashes) =>
        new(id, MemoryMarshal.AsBytes(hashes[..id.Width]).ToArray());

    /// <summary>The root over a run of hashes; a run of 2^n is the subtree n levels above this tile's level.</summary>
    internal Hash32 RootOf(int start, int count)
    {
        var hashes = new Hash32[count];
        for (var i = 0; i < count; i++)
        {
            hashes[i] = this[start + i];
        }

        return MerkleTree.Root(hashes);
    }
}
