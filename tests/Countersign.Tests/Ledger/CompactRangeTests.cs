using Countersign.Core.Ledger;
using FsCheck;
using FsCheck.Fluent;

namespace Countersign.Tests.Ledger;

public sealed class CompactRangeTests
{
    private static readonly TestTree Tree = new(600);

    [Fact]
    public void Its_root_is_the_root_of_the_definition_however_the_leaves_arrive() => Prop
        .ForAll(Gen.Choose(0, 600).Two().ToArbitrary(), static pair =>
        {
            var (first, size) = (Math.Min(pair.Item1, pair.Item2), Math.Max(pair.Item1, pair.Item2));
            var range = CompactRange.Empty.Append(Tree.Leaves[..first]).Append(Tree.Leaves[first..size]);
            return range.Size == size && range.Root == Tree.Root(size);
        })
        .QuickCheckThrowOnFailure();

    [Fact]
    public void It_survives_its_bytes() => Prop
        .ForAll(Gen.Choose(0, 600).ToArbitrary(), static size =>
        {
            var range = CompactRange.Empty.Append(Tree.Leaves[..size]);
            var again = CompactRange.FromBytes(range.ToBytes());
            return again.Size == size && again.Root == range.Root && again.Peaks.SequenceEqual(range.Peaks);
        })
        .QuickCheckThrowOnFailure();

    [Fact]
    public void It_reports_each_completed_subtree_once_with_its_hash()
    {
        var reported = new Dictionary<Subtree, Hash32>();

        CompactRange.Empty.Append(Tree.Leaves[..77]).Append(Tree.Leaves[77..300], reported.Add)
            .Append(Tree.Leaves[300..], reported.Add);

        var expected = Enumerable.Range(0, 10)
            .SelectMany(static level => Enumerable.Range(0, 600 >> level).Select(index => new Subtree(level, index)))
            .Where(static subtree => subtree.End > 77);
        Assert.Equal(expected.ToHashSet(), reported.Keys.ToHashSet());
        Assert.All(reported, static pair => Assert.Equal(HashOf(pair.Key), pair.Value));
    }

    [Fact]
    public void The_range_before_an_append_stays_as_it_was()
    {
        var range = CompactRange.Empty.Append(Tree.Leaves[..7]);

        range.Append(Tree.Leaves[7..]);

        Assert.Equal(7, range.Size);
        Assert.Equal(Tree.Root(7), CompactRange.FromBytes(range.ToBytes()).Root);
    }

    [Fact]
    public void Bytes_whose_length_does_not_fit_the_size_are_refused()
    {
        var bytes = CompactRange.Empty.Append(Tree.Leaves[..5]).ToBytes();
        byte[] negative = [0x80, 0, 0, 0, 0, 0, 0, 0, .. bytes[8..40]];

        Assert.Throws<FormatException>(() => CompactRange.FromBytes(bytes.AsSpan(0, 7)));
        Assert.Throws<FormatException>(() => CompactRange.FromBytes(bytes.AsSpan(0, bytes.Length - 1)));
        Assert.Throws<FormatException>(() => CompactRange.FromBytes([.. bytes, 0]));
        Assert.Throws<FormatException>(() => CompactRange.FromBytes(negative));
    }

    private static Hash32 HashOf(Subtree subtree) =>
        MerkleTree.Root(Tree.Leaves.Slice((int)subtree.Index << subtree.Level, 1 << subtree.Level));
}
