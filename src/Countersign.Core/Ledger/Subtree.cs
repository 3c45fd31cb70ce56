namespace Countersign.Core.Ledger;

/// <summary>
/// A complete subtree: the 2^level leaves that start at index × 2^level. Its hash never changes again.
/// </summary>
public readonly record struct Subtree
{
    /// <summary>Trees are counted in <see cref="long"/>, so no subtree is higher.</summary>
    public const int MaxLevel = 62;

    public Subtree(int level, long index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(level);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(level, MaxLevel);
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(index, (long.MaxValue >> level) - 1);
        (Level, Index) = (level, index);
    }

    public int Level { get; }

    public long Index { get; }

    /// <summary>The tree size from which on this subtree is complete.</summary>
    public long End => (Index + 1) << Level;
}

/// <summary>Told of each subtree in the moment its last leaf arrives, lower subtrees first.</summary>
public delegate void SubtreeCompleted(Subtree subtree, Hash32 hash);

/// <summary>Reads the hashes of complete subtrees, in the order asked for.</summary>
public delegate ValueTask<IReadOnlyList<Hash32>> HashReader(
    IReadOnlyList<Subtree> subtrees, CancellationToken cancellationToken);
