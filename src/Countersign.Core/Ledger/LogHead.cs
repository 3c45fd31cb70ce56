namespace Countersign.Core.Ledger;

/// <summary>The head of our own log, as the store holds it between two commits.</summary>
public sealed class LogHead(LogOrigin origin, TileEdge edge)
{
    public LogOrigin Origin { get; } = origin;

    public TileEdge Edge { get; } = edge;

    public long Size => Edge.Range.Size;

    public Hash32 Root => Edge.Range.Root;

    /// <summary>What is signed for this head.</summary>
    public Checkpoint ToCheckpoint() => new(Origin, Size, Root, []);

    /// <summary>
    /// The pure step inside a store's transaction. The store inserts the entries and the tiles, replaces the head,
    /// and signs the checkpoint; the signature leaves the process only after the commit.
    /// </summary>
    public LogAppend Append(IReadOnlyList<ReadOnlyMemory<byte>> leaves)
    {
        var hashes = new Hash32[leaves.Count];
        for (var i = 0; i < hashes.Length; i++)
        {
            EntryBundle.CheckLength(leaves[i].Length);
            hashes[i] = MerkleTree.HashLeaf(leaves[i].Span);
        }

        var grown = Edge.Append(hashes, out var tiles);
        return new LogAppend(new LogHead(Origin, grown), tiles);
    }
}
