using System.Buffers.Binary;
using Countersign.Core.Ledger;

namespace Countersign.Tests.Ledger;

/// <summary>Leaf hashes and, straight from the definition, the hash of any subtree.</summary>
internal sealed class TestTree
{
    private readonly Hash32[] _leaves;

    public TestTree(int size) => _leaves = [.. Enumerable.Range(0, size).Select(Leaf)];

    public ReadOnlySpan<Hash32> Leaves => _leaves;

    public static Hash32 Leaf(int index)
    {
        var entry = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(entry, index);
        return MerkleTree.HashLeaf(entry);
    }

    public Hash32 Root(int size) => MerkleTree.Root(_leaves.AsSpan(0, size));

    public ValueTask<IReadOnlyList<Hash32>> ReadAsync(
        IReadOnlyList<Subtree> subtrees, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return new([.. subtrees.Select(HashOf)]);
    }

    private Hash32 HashOf(Subtree subtree) =>
        MerkleTree.Root(_leaves.AsSpan((int)(subtree.Index << subtree.Level), 1 << subtree.Level));
}
