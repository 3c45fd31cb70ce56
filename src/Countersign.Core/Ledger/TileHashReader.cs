namespace Countersign.Core.Ledger;

/// <summary>Reads one tile, from a store, a mirror or over HTTP.</summary>
public delegate ValueTask<Tile> TileReader(TileId tile, CancellationToken cancellationToken);

/// <summary>
/// Answers a <see cref="HashReader"/> from the tiles of a log of one size. Each tile is read once per question, so a
/// proof among ten million entries reads at most two tiles per tile level.
/// </summary>
public sealed class TileHashReader(long size, TileReader readTile)
{
    /// <summary>Has the shape of <see cref="HashReader"/>.</summary>
    public async ValueTask<IReadOnlyList<Hash32>> ReadAsync(
        IReadOnlyList<Subtree> subtrees, CancellationToken cancellationToken)
    {
        var tiles = new Dictionary<TileId, Tile>();
        var hashes = new Hash32[subtrees.Count];
        for (var i = 0; i < hashes.Length; i++)
        {
            var id = TileHolding(subtrees[i]);
            if (!tiles.TryGetValue(id, out var tile))
            {
                tile = await readTile(id, cancellationToken);
                tiles.Add(id, tile);
            }

            hashes[i] = HashIn(tile, subtrees[i]);
        }

        return hashes;
    }

    private TileId TileHolding(Subtree subtree)
    {
        if (subtree.End > size)
        {
            throw new ArgumentOutOfRangeException(
                nameof(subtree), $"{subtree} ends at {subtree.End}, beyond the log of {size} entries.");
        }

        var firstHash = subtree.Index << (subtree.Level % TileId.Height);
        return TileId.Holding(subtree.Level / TileId.Height, firstHash, size);
    }

    // A tile stores every eighth level of the tree; the levels between are hashed anew from at most 128 of its hashes.
    private static Hash32 HashIn(Tile tile, Subtree subtree)
    {
        var levelInTile = subtree.Level % TileId.Height;
        var start = (int)((subtree.Index << levelInTile) % TileId.FullWidth);
        return tile.RootOf(start, count: 1 << levelInTile);
    }
}
