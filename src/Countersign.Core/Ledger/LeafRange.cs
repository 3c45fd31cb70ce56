using System.Numerics;

namespace Countersign.Core.Ledger;

/// <summary>
/// The leaves from start to just before end. Proofs consist of the hashes of such ranges; a range at the right edge
/// is no complete subtree, but splits into complete ones, whose hashes are stored.
/// </summary>
internal readonly record struct LeafRange(long Start, long End)
{
    private long Length => End - Start;

    /// <summary>Reads the hashes of all ranges with one question to the reader.</summary>
    public static async ValueTask<Hash32[]> ReadHashesAsync(
        IReadOnlyList<LeafRange> ranges, HashReader reader, CancellationToken cancellationToken)
    {
        var parts = ranges.Select(static range => range.Subtrees()).ToList();
        var wanted = parts.SelectMany(static subtrees => subtrees).ToList();
        var stored = await reader(wanted, cancellationToken);
        if (stored.Count != wanted.Count)
        {
            throw new InvalidDataException($"The reader returned {stored.Count} hashes for {wanted.Count} subtrees.");
        }

        var next = 0;
        return [.. parts.Select(subtrees => Fold(stored, ref next, subtrees.Count))];
    }

    /// <summary>The inclusion path of RFC 6962 section 2.1.1, sibling first, child of the root last.</summary>
    public static List<LeafRange> OfInclusion(long index, long size)
    {
        var path = new List<LeafRange>();
        var tree = new LeafRange(0, size);
        while (tree.Length > 1)
        {
            var (left, right) = tree.Split();
            (tree, var sibling) = index < left.End ? (left, right) : (right, left);
            path.Add(sibling);
        }

        path.Reverse();
        return path;
    }

    /// <summary>The consistency proof of RFC 6962 section 2.1.2 between sizes 0 &lt; old &lt;= new.</summary>
    public static List<LeafRange> OfConsistency(long oldSize, long newSize)
    {
        var proof = new List<LeafRange>();
        var tree = new LeafRange(0, newSize);
        while (tree.End > oldSize)
        {
            var (left, right) = tree.Split();
            (tree, var sibling) = oldSize <= left.End ? (left, right) : (right, left);
            proof.Add(sibling);
        }

        // What is left is the last part of the old tree. Where it is all of it, the verifier knows its hash already.
        if (tree.Start > 0)
        {
            proof.Add(tree);
        }

        proof.Reverse();
        return proof;
    }

    private (LeafRange Left, LeafRange Right) Split()
    {
        var middle = Start + MerkleTree.SplitPoint(Length);
        return (this with { End = middle }, this with { Start = middle });
    }

    // RFC 6962 divides at powers of two, so every start is a multiple of the largest power of two in the length.
    private List<Subtree> Subtrees()
    {
        var subtrees = new List<Subtree>();
        for (var (start, rest) = (Start, Length); rest > 0;)
        {
            var level = BitOperations.Log2((ulong)rest);
            subtrees.Add(new Subtree(level, start >> level));
            start += 1L << level;
            rest -= 1L << level;
        }

        return subtrees;
    }

    private static Hash32 Fold(IReadOnlyList<Hash32> stored, ref int next, int count)
    {
        var first = next;
        next += count;
        var hash = stored[next - 1];
        for (var i = next - 2; i >= first; i--)
        {
            hash = MerkleTree.HashNode(stored[i], hash);
        }

        return hash;
    }
}
