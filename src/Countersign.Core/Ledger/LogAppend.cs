namespace Countersign.Core.Ledger;

/// <summary>Everything one append changes: a store writes all of it in one transaction, or nothing.</summary>
public sealed class LogAppend
{
    internal LogAppend(LogHead before, LogHead after, IReadOnlyList<Hash32> leafHashes, IReadOnlyList<Tile> tiles)
    {
        (Before, After, LeafHashes, Tiles) = (before, after, leafHashes, tiles);
        CheckpointText = after.ToCheckpoint().ToText();
    }

    /// <summary>The head that the store must still find in its row.</summary>
    public LogHead Before { get; }

    public LogHead After { get; }

    /// <summary>The index of the first new entry; the others follow without gaps.</summary>
    public long FirstIndex => Before.Size;

    /// <summary>One per new entry, in order.</summary>
    public IReadOnlyList<Hash32> LeafHashes { get; }

    /// <summary>The tiles that became full, each exactly once in the life of the log.</summary>
    public IReadOnlyList<Tile> Tiles { get; }

    /// <summary>The text to be signed.</summary>
    public ReadOnlyMemory<byte> CheckpointText { get; }
}
