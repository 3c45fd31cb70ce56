using System.Buffers.Binary;
using System.Numerics;

namespace Countersign.Core.Ledger;

/// <summary>
/// All that appending needs to remember of a tree: the hash of one complete subtree per set bit of its size, largest
/// first. Immutable, so that a commit that fails leaves the range before it intact.
/// </summary>
public sealed class CompactRange
{
    private const int SizeBytes = sizeof(long);

    private readonly Hash32[] _peaks;

    private CompactRange(long size, Hash32[] peaks)
    {
        _peaks = peaks;
        Size = size;
        Root = FoldRoot(peaks);
    }

    public static CompactRange Empty { get; } = new(0, []);

    /// <summary>The number of leaves.</summary>
    public long Size { get; }

    /// <summary>The root of the tree of this size.</summary>
    public Hash32 Root { get; }

    /// <summary>One hash per set bit of the size, largest subtree first.</summary>
    public ReadOnlySpan<Hash32> Peaks => _peaks;

    /// <summary>Appends leaf hashes at an amortised cost of one node hash each.</summary>
    public CompactRange Append(ReadOnlySpan<Hash32> leaves) => Append(leaves, static (_, _) => { });

    /// <summary>Appends leaf hashes and reports every subtree they complete, the leaves themselves included.</summary>
    public CompactRange Append(ReadOnlySpan<Hash32> leaves, SubtreeCompleted completed)
    {
        var size = Size;
        var stack = new Hash32[Subtree.MaxLevel + 1];
        _peaks.CopyTo(stack, 0);
        foreach (var leaf in leaves)
        {
            Push(stack, size, leaf, completed);
            size = checked(size + 1);
        }

        return new CompactRange(size, stack[..BitOperations.PopCount((ulong)size)]);
    }

    /// <summary>
    /// The form kept in the store's head row: the size as 8 big-endian bytes, then 32 bytes for each peak.
    /// </summary>
    public byte[] ToBytes()
    {
        var bytes = new byte[SizeBytes + (_peaks.Length * Hash32.Length)];
        BinaryPrimitives.WriteInt64BigEndian(bytes, Size);
        for (var i = 0; i < _peaks.Length; i++)
        {
            _peaks[i].CopyTo(bytes.AsSpan(SizeBytes + (i * Hash32.Length)));
        }

        return bytes;
    }

    /// <summary>
    /// Reads <see cref="ToBytes"/>; throws <see cref="FormatException"/> if the length does not fit the size.
    /// </summary>
    public static CompactRange FromBytes(ReadOnlySpan<byte> bytes)
    {
        var size = bytes.Length < SizeBytes ? -1 : BinaryPrimitives.ReadInt64BigEndian(bytes);
        if (size < 0 || bytes.Length != SizeBytes + (BitOperations.PopCount((ulong)size) * Hash32.Length))
        {
            throw new FormatException(
                $"The compact range of {bytes.Length} bytes is damaged: 8 bytes of size and 32 for each set bit of it "
                + "are expected. Restore the store from a backup.");
        }

        var peaks = new Hash32[BitOperations.PopCount((ulong)size)];
        for (var i = 0; i < peaks.Length; i++)
        {
            peaks[i] = new Hash32(bytes.Slice(SizeBytes + (i * Hash32.Length), Hash32.Length));
        }

        return new CompactRange(size, peaks);
    }

    // Adding a leaf is adding one to a binary number: each trailing set bit of the size is a carry, and merges two
    // peaks.
    private static void Push(Hash32[] stack, long size, Hash32 leaf, SubtreeCompleted completed)
    {
        var top = BitOperations.PopCount((ulong)size);
        completed(new Subtree(0, size), leaf);
        for (var level = 1; level <= BitOperations.TrailingZeroCount(~size); level++)
        {
            leaf = MerkleTree.HashNode(stack[--top], leaf);
            completed(new Subtree(level, size >> level), leaf);
        }

        stack[top] = leaf;
    }

    private static Hash32 FoldRoot(Hash32[] peaks)
    {
        if (peaks.Length == 0)
        {
            return MerkleTree.EmptyRoot;
        }

        var root = peaks[^1];
        for (var i = peaks.Length - 2; i >= 0; i--)
        {
            root = MerkleTree.HashNode(peaks[i], root);
        }

        return root;
    }
}
