namespace Countersign.Core.Ledger;

/// <summary>Everything one append changes: a store writes all of it in one transaction, or nothing.</summary>
public sealed class LogAppend
{
    internal LogAppend(LogHead after, IReadOnlyList<Tile> tiles)
    {
        (After, Tiles) = (after, tiles);
        CheckpointText = after.ToCheckpoint().ToText();
    }

    public LogHead After { get; }

    /// <summary>The tiles that became full, each exactly once in the life of the log.</summary>
    public IReadOnlyList<Tile> Tiles { get; }

    /// <summary>The text to be signed.</summary>
    public ReadOnlyMemory<byte> CheckpointText { get; }
}
