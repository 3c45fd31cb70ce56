using Countersign.Core.Ledger;
using FsCheck;
using FsCheck.Fluent;

namespace Countersign.Tests.Ledger;

public sealed class TileEdgeTests
{
    private const int Size = 70_000;

    private static readonly TestTree Tree = new(Size);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public void Every_full_tile_comes_out_once_whatever_the_batches() => Prop
        .ForAll(Gen.Choose(1, 300).NonEmptyListOf().ToArbitrary(), static batches =>
        {
            var tiles = new List<Tile>();
            var edge = TileEdge.Empty;
            foreach (var batch in batches.TakeWhile(batch => edge.Range.Size + batch <= Size))
            {
                edge = edge.Append(Tree.Leaves.Slice((int)edge.Range.Size, batch), out var completed);
                tiles.AddRange(completed);
            }

            var expected = TileId.Of(edge.Range.Size).Where(static tile => tile.IsFull);
            return expected.Order(ById).SequenceEqual(tiles.Select(static tile => tile.Id).Order(ById));
        })
        .QuickCheckThrowOnFailure();

    [Fact]
    public void Tiles_and_partial_tiles_hold_the_hashes_of_their_subtrees()
    {
        var edge = TileEdge.Empty.Append(Tree.Leaves, out var tiles);
        var partial = Enumerable.Range(0, 4).Select(edge.Partial).OfType<Tile>().ToList();

        Assert.Equal([112, 17, 1], partial.Select(static tile => tile.Id.Width));
        Assert.Null(edge.Partial(3));
        Assert.Equal(TileId.Of(Size).ToHashSet(), tiles.Concat(partial).Select(static tile => tile.Id).ToHashSet());
        Assert.All(tiles.Concat(partial).Where(static tile => tile.Id.Level > 0 || tile.Id.Index > 270), AssertHashes);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(257)]
    [InlineData(65_535)]
    [InlineData(65_536)]
    [InlineData(Size)]
    public async Task A_loaded_edge_goes_on_as_the_one_that_grew(int size)
    {
        var grown = TileEdge.Empty.Append(Tree.Leaves[..size], out _);

        var loaded = await TileEdge.LoadAsync(CompactRange.FromBytes(grown.Range.ToBytes()), Tree.ReadAsync, Stop);

        var more = Enumerable.Range(Size, 600).Select(TestTree.Leaf).ToArray();
        var (one, other) = (grown.Append(more, out var tiles), loaded.Append(more, out var sameTiles));
        Assert.Equal(one.Range.Root, other.Range.Root);
        Assert.Equal(tiles.Select(Spell), sameTiles.Select(Spell));
        Assert.Equal(
            Enumerable.Range(0, 3).Select(level => Spell(one.Partial(level))),
            Enumerable.Range(0, 3).Select(level => Spell(other.Partial(level))));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(8)]
    public async Task A_store_that_contradicts_its_head_is_refused(int damagedLevel)
    {
        var range = CompactRange.Empty.Append(Tree.Leaves[..1000]);

        async ValueTask<IReadOnlyList<Hash32>> Damaged(
            IReadOnlyList<Subtree> subtrees, CancellationToken cancellationToken)
        {
            var hashes = await Tree.ReadAsync(subtrees, cancellationToken);
            return subtrees[0].Level == damagedLevel ? [.. hashes.Take(hashes.Count - 1), TestTree.Leaf(-1)] : hashes;
        }

        await Assert.ThrowsAsync<InvalidDataException>(
            async () => await TileEdge.LoadAsync(range, Damaged, Stop));
    }

    [Fact]
    public async Task A_store_that_lost_hashes_is_refused()
    {
        var range = CompactRange.Empty.Append(Tree.Leaves[..1000]);

        async ValueTask<IReadOnlyList<Hash32>> Short(
            IReadOnlyList<Subtree> subtrees, CancellationToken cancellationToken) =>
            [.. (await Tree.ReadAsync(subtrees, cancellationToken)).Skip(1)];

        await Assert.ThrowsAsync<InvalidDataException>(async () => await TileEdge.LoadAsync(range, Short, Stop));
    }

    [Fact]
    public void A_tile_of_another_length_is_refused() =>
        Assert.Throws<FormatException>(() => new Tile(new TileId(0, 0, 2), new byte[63]));

    private static Comparer<TileId> ById { get; } = Comparer<TileId>.Create(
        static (a, b) => (a.Level, a.Index, a.Width).CompareTo((b.Level, b.Index, b.Width)));

    private static void AssertHashes(Tile tile)
    {
        var level = tile.Id.Level * 8;
        for (var i = 0; i < tile.Id.Width; i++)
        {
            var start = (int)((tile.Id.Index * 256) + i) << level;
            Assert.Equal(MerkleTree.Root(Tree.Leaves.Slice(start, 1 << level)), tile[i]);
        }
    }

    private static string Spell(Tile? tile) =>
        tile is null ? "none" : $"{tile.Id} {Convert.ToHexString(tile.Bytes.Span)}";
}
