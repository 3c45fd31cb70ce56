using Countersign.Core.Ledger;

namespace Countersign.Server.Storage.Sqlite;

/// <summary>
/// Reads the log's tree from its tables: full tiles are stored, partial ones are computed on request.
/// </summary>
/// <param name="session">Where they are.</param>
/// <param name="size">Entries of the tree.</param>
/// <param name="edge">
/// The hashes of partial tiles as the writer keeps them; without it each costs the roots of all tiles below. It may be
/// of another size.
/// </param>
internal sealed class StoredTree(SqliteSession session, long size, TileEdge? edge = null)
{
    public static List<byte[]> ReadLeaves(SqliteSession session, long from, int count) => session.Query(
        "SELECT leaf FROM entry WHERE position >= ?1 AND position < ?1 + ?2 ORDER BY position",
        static reader => (byte[])reader.GetValue(0),
        from,
        count);

    /// <summary>Answers questions for hashes of this tree; has the shape of <see cref="HashReader"/>.</summary>
    public ValueTask<IReadOnlyList<Hash32>> ReadHashesAsync(
        IReadOnlyList<Subtree> subtrees, CancellationToken cancellationToken) =>
        new TileHashReader(size, (id, _) => ValueTask.FromResult(ReadTile(id))).ReadAsync(subtrees, cancellationToken);

    /// <exception cref="InvalidDataException">A part of the tile is missing.</exception>
    public Tile ReadTile(TileId id)
    {
        // What was partial in a tree of this size may be full by now: then it begins with the same hashes.
        if (FindFullTile(id.Level, id.Index) is { } full)
        {
            return new Tile(id, full.AsMemory(0, id.Width * Hash32.Length));
        }

        if (id.IsFull)
        {
            throw Missing(id);
        }

        if (edge?.Partial(id.Level) is { } partial && partial.Id.Index == id.Index && partial.Id.Width >= id.Width)
        {
            return new Tile(id, partial.Bytes[..(id.Width * Hash32.Length)]);
        }

        return id.Level == 0 ? HashEntries(id) : HashTilesBelow(id);
    }

    /// <summary>Hashes the entries below a tile of level 0 again.</summary>
    /// <exception cref="InvalidDataException">An entry is missing.</exception>
    public Tile HashEntries(TileId id)
    {
        var leaves = ReadLeaves(session, id.Index * TileId.FullWidth, id.Width);
        return leaves.Count == id.Width
            ? Tile.Of(id, [.. leaves.Select(static leaf => MerkleTree.HashLeaf(leaf))])
            : throw Missing(id);
    }

    public byte[]? FindFullTile(int level, long index) =>
        (byte[]?)session.Scalar("SELECT hashes FROM tile WHERE level = ?1 AND position = ?2", level, index);

    private static InvalidDataException Missing(TileId id) => new(
        $"Tile {new TilePath.Hashes(id)} of the log is incomplete in the store. " +
        "Restore the store from a backup and verify it.");

    /// <summary>Each hash of a higher tile is the root of one full tile below.</summary>
    private Tile HashTilesBelow(TileId id)
    {
        var first = id.Index * TileId.FullWidth;
        var below = Enumerable.Range(0, id.Width)
            .Select(i => ReadTile(new TileId(id.Level - 1, first + i, TileId.FullWidth)));
        return Tile.Of(id, [.. below.Select(static tile => tile.RootOf(0, tile.Id.Width))]);
    }
}
