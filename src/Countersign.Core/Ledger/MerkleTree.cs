using System.Numerics;

namespace Countersign.Core.Ledger;

/// <summary>The hashes of the log's tree as RFC 6962 section 2.1 defines them, with SHA-256.</summary>
public static class MerkleTree
{
    private const byte LeafPrefix = 0x00;
    private const byte NodePrefix = 0x01;
    private const int StackLimit = 1024;

    /// <summary>The root of a tree without leaves: SHA-256 of nothing.</summary>
    public static Hash32 EmptyRoot { get; } = Hash32.Of([]);

    /// <summary>Hashes one entry: SHA-256(0x00 || entry).</summary>
    public static Hash32 HashLeaf(ReadOnlySpan<byte> entry)
    {
        Span<byte> input = entry.Length < StackLimit ? stackalloc byte[StackLimit] : new byte[1 + entry.Length];
        input[0] = LeafPrefix;
        entry.CopyTo(input[1..]);
        return Hash32.Of(input[..(1 + entry.Length)]);
    }

    /// <summary>Hashes two children: SHA-256(0x01 || left || right).</summary>
    public static Hash32 HashNode(Hash32 left, Hash32 right)
    {
        Span<byte> input = stackalloc byte[1 + Hash32.Length + Hash32.Length];
        input[0] = NodePrefix;
        left.CopyTo(input[1..]);
        right.CopyTo(input[(1 + Hash32.Length)..]);
        return Hash32.Of(input);
    }

    /// <summary>
    /// The root over leaf hashes, straight from the definition; for growing logs use <see cref="CompactRange"/>.
    /// </summary>
    public static Hash32 Root(ReadOnlySpan<Hash32> leaves) => leaves.Length switch
    {
        0 => EmptyRoot,
        1 => leaves[0],
        _ => HashNode(Root(leaves[..(int)SplitPoint(leaves.Length)]), Root(leaves[(int)SplitPoint(leaves.Length)..])),
    };

    /// <summary>The largest power of two smaller than a size of at least 2: where RFC 6962 divides a tree.</summary>
    internal static long SplitPoint(long size) => 1L << BitOperations.Log2((ulong)(size - 1));
}
