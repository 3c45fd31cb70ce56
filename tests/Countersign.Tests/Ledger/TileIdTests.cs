using Countersign.Core.Ledger;

namespace Countersign.Tests.Ledger;

public sealed class TileIdTests
{
    [Theory]
    [InlineData(0, "")]
    [InlineData(1, "tile/0/000.p/1")]
    [InlineData(255, "tile/0/000.p/255")]
    [InlineData(256, "tile/0/000 tile/1/000.p/1")]
    [InlineData(257, "tile/0/000 tile/0/001.p/1 tile/1/000.p/1")]
    public void A_small_log_serves_these_tiles(long size, string paths) => Assert.Equal(
        paths, string.Join(' ', TileId.Of(size).Select(static tile => new TilePath.Hashes(tile))));

    [Fact]
    public void A_log_of_70000_entries_serves_the_tiles_of_the_specification()
    {
        var tiles = TileId.Of(70000).ToLookup(static tile => tile.Level);

        Assert.Equal(273, tiles[0].Count(static tile => tile.IsFull));
        Assert.Equal(new TileId(0, 273, 112), tiles[0].Last());
        Assert.Equal([new TileId(1, 0, 256), new TileId(1, 1, 17)], tiles[1]);
        Assert.Equal([new TileId(2, 0, 1)], tiles[2]);
        Assert.Equal(3, tiles.Count);
        Assert.Equal(
            [112, 17, 1, 0, 0], Enumerable.Range(0, 5).Select(static level => TileId.PartialWidth(level, 70000)));
    }

    [Theory]
    [InlineData(-1, 0, 1)]
    [InlineData(64, 0, 1)]
    [InlineData(0, -1, 1)]
    [InlineData(0, TileId.MaxIndex + 1, 1)]
    [InlineData(0, 0, 0)]
    [InlineData(0, 0, 257)]
    public void A_tile_that_cannot_be_is_refused(int level, long index, int width) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new TileId(level, index, width));

    [Fact]
    public void A_default_tile_refuses_to_be_used() =>
        Assert.Throws<InvalidOperationException>(() => new TilePath.Hashes(default).ToString());

    [Fact]
    public void The_highest_level_of_the_grammar_has_no_hashes() =>
        Assert.Equal(0, TileId.PartialWidth(63, long.MaxValue));
}
