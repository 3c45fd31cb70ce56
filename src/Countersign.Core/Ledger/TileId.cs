namespace Countersign.Core.Ledger;

/// <summary>
/// Names a tile (C2SP tlog-tiles): at tile level L, up to 256 hashes of complete subtrees of 256^L leaves.
/// </summary>
public readonly record struct TileId
{
    /// <summary>Each tile spans 8 levels of the tree.</summary>
    public const int Height = 8;

    /// <summary>The hashes of a full tile.</summary>
    public const int FullWidth = 1 << Height;

    /// <summary>
    /// The highest level that the path grammar allows; no log that fits a <see cref="long"/> gets there.
    /// </summary>
    public const int MaxLevel = 63;

    /// <summary>The last tile whose leaves can be counted in a <see cref="long"/>.</summary>
    public const long MaxIndex = (long.MaxValue >> Height) - 1;

    private readonly int _width;

    public TileId(int level, long index, int width)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(level);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(level, MaxLevel);
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(index, MaxIndex);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(width, FullWidth);
        (Level, Index, _width) = (level, index, width);
    }

    public int Level { get; }

    public long Index { get; }

    /// <summary>How many hashes the tile holds: 256, or fewer at the right edge.</summary>
    public int Width => _width > 0 ? _width : throw new InvalidOperationException("A default TileId names no tile.");

    public bool IsFull => Width == FullWidth;

    /// <summary>Every tile that a log of this size serves, full and partial, level by level.</summary>
    public static IEnumerable<TileId> Of(long size)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        return Enumerate(size);
    }

    /// <summary>The width of the partial tile at a level, size / 256^level mod 256; 0 means there is none.</summary>
    public static int PartialWidth(int level, long size) => (int)(HashesAt(level, size) % FullWidth);

    /// <summary>The tile that holds a hash of this tile level, as wide as a log of this size makes it.</summary>
    internal static TileId Holding(int level, long hashIndex, long size)
    {
        var index = hashIndex / FullWidth;
        var width = Math.Min(FullWidth, HashesAt(level, size) - (index * FullWidth));
        return new TileId(level, index, (int)width);
    }

    internal static long HashesAt(int level, long size) =>
        Height * level > Subtree.MaxLevel ? 0 : size >> (Height * level);

    private static IEnumerable<TileId> Enumerate(long size)
    {
        for (var level = 0; HashesAt(level, size) > 0; level++)
        {
            for (long hash = 0; hash < HashesAt(level, size); hash += FullWidth)
            {
                yield return Holding(level, hash, size);
            }
        }
    }
}
