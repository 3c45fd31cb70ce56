using System.Text;
using Countersign.Core.Ledger;

namespace Countersign.Tests.Ledger;

public sealed class LogHeadTests
{
    private static readonly LogHead Empty = new(new LogOrigin("ledger.example.com"), TileEdge.Empty);

    [Fact]
    public void An_append_says_all_that_a_store_must_write()
    {
        var first = Empty.Append(Leaves(0, 300));
        var second = first.After.Append(Leaves(300, 300));

        Assert.Equal([new TileId(0, 1, 256)], second.Tiles.Select(static tile => tile.Id));
        Assert.Equal(600, second.After.Size);
    }

    [Fact]
    public void The_checkpoint_is_that_of_the_new_head()
    {
        var appended = Empty.Append(Leaves(0, 3));

        var checkpoint = Checkpoint.Parse(appended.CheckpointText.Span);
        Assert.Equal(Empty.Origin, checkpoint.Origin);
        Assert.Equal(3, checkpoint.Size);
        Hash32[] hashes = [.. Leaves(0, 3).Select(static leaf => MerkleTree.HashLeaf(leaf.Span))];
        Assert.Equal(MerkleTree.Root(hashes), checkpoint.Root);
        Assert.Equal(checkpoint.Root, appended.After.Root);
    }

    [Fact]
    public void The_head_before_stays_as_it_was()
    {
        var head = Empty.Append(Leaves(0, 255)).After;

        var one = head.Append(Leaves(255, 1));
        var again = head.Append(Leaves(255, 1));

        Assert.Equal(255, head.Size);
        Assert.Equal(one.After.Root, again.After.Root);
        Assert.Equal(one.Tiles.Single().Bytes.ToArray(), again.Tiles.Single().Bytes.ToArray());
    }

    [Fact]
    public void An_append_of_nothing_changes_nothing()
    {
        var appended = Empty.Append([]);

        Assert.Equal(0, appended.After.Size);
        Assert.Empty(appended.Tiles);
    }

    [Fact]
    public void A_leaf_that_fits_no_bundle_is_refused() =>
        Assert.Throws<ArgumentException>(() => Empty.Append([new byte[EntryBundle.MaxEntryBytes + 1]]));

    private static ReadOnlyMemory<byte>[] Leaves(int first, int count) =>
        [.. Enumerable.Range(first, count).Select(Leaf)];

    private static ReadOnlyMemory<byte> Leaf(int index) => Encoding.ASCII.GetBytes($"entry {index}");
}
