using Countersign.Core.Ledger;
using FsCheck;
using FsCheck.Fluent;

namespace Countersign.Tests.Ledger;

public sealed class TilePathTests
{
    [Theory]
    [InlineData("tile/0/005", 0, 5, 256)]
    [InlineData("tile/0/x001/x234/067", 0, 1234067, 256)]
    [InlineData("tile/1/000.p/1", 1, 0, 1)]
    [InlineData("tile/63/999.p/255", 63, 999, 255)]
    [InlineData("tile/2/x001/000", 2, 1000, 256)]
    public void A_path_of_hashes_is_read_and_spelt(string text, int level, long index, int width)
    {
        Assert.True(TilePath.TryParse(text, out var path));

        Assert.Equal(new TilePath.Hashes(new TileId(level, index, width)), path);
        Assert.Equal(text, path.ToString());
    }

    [Fact]
    public void A_path_of_entries_is_read_and_spelt()
    {
        Assert.True(TilePath.TryParse("tile/entries/x001/x234/067.p/8", out var path));

        Assert.Equal(new TilePath.Entries(new TileId(0, 1234067, 8)), path);
        Assert.Equal("tile/entries/x001/x234/067.p/8", path.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("tile")]
    [InlineData("tile/")]
    [InlineData("tile/0")]
    [InlineData("tile/0/")]
    [InlineData("/tile/0/000")]
    [InlineData("Tile/0/000")]
    [InlineData("tile/00/000")]
    [InlineData("tile/64/000")]
    [InlineData("tile/-1/000")]
    [InlineData("tile/+1/000")]
    [InlineData("tile/data/000")]
    [InlineData("tile/Entries/000")]
    [InlineData("tile/0/0")]
    [InlineData("tile/0/0000")]
    [InlineData("tile/0/x000/001")]
    [InlineData("tile/0/001/001")]
    [InlineData("tile/0/x001")]
    [InlineData("tile/0/xx001/001")]
    [InlineData("tile/0/X001/001")]
    [InlineData("tile/0/x001//001")]
    [InlineData("tile/0/000/")]
    [InlineData("tile/0/000.p")]
    [InlineData("tile/0/000.p/")]
    [InlineData("tile/0/000.p/0")]
    [InlineData("tile/0/000.p/01")]
    [InlineData("tile/0/000.p/256")]
    [InlineData("tile/0/000.p/1/")]
    [InlineData("tile/0/000.P/1")]
    [InlineData("tile/0/000.p/1.p/1")]
    [InlineData("tile/0/.p/1")]
    [InlineData("tile.p/1/0/000")]
    [InlineData("tile/0/000 ")]
    [InlineData("tile/0/٠٠٠")]
    [InlineData("tile/0/x036/x028/x797/x018/x963/967")]
    [InlineData("tile/0/x999/x999/x999/x999/x999/x999/999")]
    public void Any_other_spelling_is_refused(string text) => Assert.False(TilePath.TryParse(text, out _));

    [Fact]
    public void Every_path_survives_its_spelling() => Prop
        .ForAll(
            Gen.Choose(0, 63).SelectMany(
                static _ => Gen.Choose(0, int.MaxValue).Two(),
                static (level, n) => (level, index: ((long)n.Item1 * n.Item2) & TileId.MaxIndex)).ToArbitrary(),
            static tile => Enumerable.Range(1, 256).All(width =>
            {
                TilePath[] paths =
                [
                    new TilePath.Hashes(new TileId(tile.level, tile.index, width)),
                    new TilePath.Entries(new TileId(0, tile.index, width)),
                ];
                return paths.All(static path => TilePath.TryParse(path.ToString(), out var again) && again == path);
            }))
        .QuickCheckThrowOnFailure();

    [Fact]
    public void The_last_countable_tile_has_a_path()
    {
        var last = new TilePath.Hashes(new TileId(0, TileId.MaxIndex, 256));

        Assert.True(TilePath.TryParse(last.ToString(), out var path));
        Assert.Equal(last, path);
    }
}
