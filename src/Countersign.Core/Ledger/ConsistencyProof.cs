using System.Numerics;

namespace Countersign.Core.Ledger;

/// <summary>Proves that a log of the new size begins with the log of the old size (RFC 6962 section 2.1.2).</summary>
public sealed class ConsistencyProof
{
    /// <summary>What a witness accepts (C2SP tlog-witness).</summary>
    public const int MaxHashes = 63;

    /// <summary>
    /// Takes a proof as it was read; throws <see cref="FormatException"/> if no pair of trees could have it.
    /// </summary>
    public ConsistencyProof(long oldSize, long newSize, IReadOnlyList<Hash32> hashes)
    {
        if (oldSize < 0 || oldSize > newSize || hashes.Count > MaxHashes)
        {
            throw new FormatException(
                $"A consistency proof of {hashes.Count} hashes from size {oldSize} to {newSize} cannot be: "
                + $"the old size must not exceed the new one and at most {MaxHashes} hashes are allowed.");
        }

        (OldSize, NewSize, Hashes) = (oldSize, newSize, hashes);
    }

    public long OldSize { get; }

    public long NewSize { get; }

    public IReadOnlyList<Hash32> Hashes { get; }

    /// <summary>
    /// Makes the proof from stored hashes; it is empty where nothing is to prove (old size 0 or equal sizes).
    /// </summary>
    public static async ValueTask<ConsistencyProof> CreateAsync(
        long oldSize, long newSize, HashReader reader, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(oldSize);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(oldSize, newSize);
        var ranges = oldSize == 0 ? [] : LeafRange.OfConsistency(oldSize, newSize);
        var hashes = await LeafRange.ReadHashesAsync(ranges, reader, cancellationToken);
        return new ConsistencyProof(oldSize, newSize, hashes);
    }

    /// <summary>Checks the proof as RFC 9162 section 2.1.4.2 says.</summary>
    public bool Verify(Hash32 oldRoot, Hash32 newRoot)
    {
        if (OldSize == 0)
        {
            return Hashes.Count == 0 && oldRoot == MerkleTree.EmptyRoot && (NewSize > 0 || newRoot == oldRoot);
        }

        return OldSize == NewSize ? Hashes.Count == 0 && oldRoot == newRoot : VerifyPath(oldRoot, newRoot);
    }

    private bool VerifyPath(Hash32 oldRoot, Hash32 newRoot)
    {
        // 1. A complete old tree is a node of the new one; its hash is the root the verifier holds, so the proof
        // omits it.
        IEnumerable<Hash32> path = BitOperations.IsPow2(OldSize) ? Hashes.Prepend(oldRoot) : Hashes;
        if (!path.Any())
        {
            return false;
        }

        // 2. Start at the highest complete subtree that ends where the old tree ends.
        var (node, last) = (OldSize - 1, NewSize - 1);
        while (TreeStep.IsRightChild(node))
        {
            TreeStep.Rise(ref node, ref last);
        }

        // 3. Build both roots: what is on the left belongs to both trees, what is on the right to the new one only.
        var (oldHash, newHash) = (path.First(), path.First());
        foreach (var sibling in path.Skip(1))
        {
            if (last == 0)
            {
                return false;
            }

            var siblingIsLeft = TreeStep.Climb(ref node, ref last);
            oldHash = siblingIsLeft ? MerkleTree.HashNode(sibling, oldHash) : oldHash;
            newHash = siblingIsLeft ? MerkleTree.HashNode(sibling, newHash) : MerkleTree.HashNode(newHash, sibling);
        }

        return last == 0 && oldHash == oldRoot && newHash == newRoot;
    }
}
