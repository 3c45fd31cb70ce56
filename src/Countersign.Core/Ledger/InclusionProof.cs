namespace Countersign.Core.Ledger;

/// <summary>Proves that the log of one size holds an entry at an index (RFC 6962 section 2.1.1).</summary>
public sealed class InclusionProof
{
    /// <summary>The path in the highest tree that can be counted.</summary>
    public const int MaxHashes = 63;

    /// <summary>Takes a proof as it was read; throws <see cref="FormatException"/> if no tree could have it.</summary>
    public InclusionProof(long index, long size, IReadOnlyList<Hash32> hashes)
    {
        if (index < 0 || index >= size || hashes.Count > MaxHashes)
        {
            throw new FormatException(
                $"An inclusion proof of {hashes.Count} hashes for index {index} in a log of {size} entries cannot be: "
                + $"the index must be below the size and at most {MaxHashes} hashes are allowed.");
        }

        (Index, Size, Hashes) = (index, size, hashes);
    }

    public long Index { get; }

    public long Size { get; }

    /// <summary>Sibling first, child of the root last.</summary>
    public IReadOnlyList<Hash32> Hashes { get; }

    /// <summary>Makes the proof from stored hashes with one question to the reader.</summary>
    public static async ValueTask<InclusionProof> CreateAsync(
        long index, long size, HashReader reader, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, size);
        var hashes = await LeafRange.ReadHashesAsync(LeafRange.OfInclusion(index, size), reader, cancellationToken);
        return new InclusionProof(index, size, hashes);
    }

    /// <summary>Checks the proof as RFC 9162 section 2.1.3.2 says.</summary>
    public bool Verify(Hash32 leaf, Hash32 root)
    {
        // The position of the path's node in its level, and that of the level's last node.
        var (node, last) = (Index, Size - 1);
        var hash = leaf;
        foreach (var sibling in Hashes)
        {
            if (last == 0)
            {
                return false;
            }

            hash = TreeStep.Climb(ref node, ref last)
                ? MerkleTree.HashNode(sibling, hash)
                : MerkleTree.HashNode(hash, sibling);
        }

        return last == 0 && hash == root;
    }
}
