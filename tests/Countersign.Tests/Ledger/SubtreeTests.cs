using Countersign.Core.Ledger;

namespace Countersign.Tests.Ledger;

public sealed class SubtreeTests
{
    [Theory]
    [InlineData(-1, 0)]
    [InlineData(63, 0)]
    [InlineData(0, -1)]
    [InlineData(0, long.MaxValue)]
    [InlineData(62, 1)]
    public void A_subtree_beyond_what_can_be_counted_is_refused(int level, long index) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new Subtree(level, index));

    [Theory]
    [InlineData(0, long.MaxValue - 1, long.MaxValue)]
    [InlineData(62, 0, 1L << 62)]
    [InlineData(3, 2, 24)]
    public void A_subtree_ends_where_its_last_leaf_is(int level, long index, long end) =>
        Assert.Equal(end, new Subtree(level, index).End);
}
