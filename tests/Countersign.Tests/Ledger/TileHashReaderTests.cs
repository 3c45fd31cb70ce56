using Countersign.Core.Ledger;

namespace Countersign.Tests.Ledger;

public sealed class TileHashReaderTests
{
    private const int Size = 70_000;

    private static readonly TestTree Tree = new(Size);
    private static readonly Dictionary<TileId, Tile> Tiles = BuildTiles();

    private readonly List<TileId> _reads = [];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(65_535)]
    [InlineData(65_536)]
    [InlineData(69_887)]
    [InlineData(69_888)]
    [InlineData(69_999)]
    public async Task An_inclusion_proof_from_tiles_verifies_and_reads_at_most_two_tiles_per_level(long index)
    {
        var proof = await InclusionProof.CreateAsync(index, Size, new TileHashReader(Size, ReadTile).ReadAsync, Stop);

        Assert.True(proof.Verify(Tree.Leaves[(int)index], Tree.Root(Size)));
        Assert.All(_reads.CountBy(static tile => tile.Level), static level => Assert.InRange(level.Value, 1, 2));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(256)]
    [InlineData(65_537)]
    [InlineData(69_999)]
    public async Task A_consistency_proof_from_tiles_verifies_and_reads_few_tiles(long oldSize)
    {
        var proof = await ConsistencyProof.CreateAsync(
            oldSize, Size, new TileHashReader(Size, ReadTile).ReadAsync, Stop);

        Assert.True(proof.Verify(Tree.Root((int)oldSize), Tree.Root(Size)));
        Assert.All(_reads.CountBy(static tile => tile.Level), static level => Assert.InRange(level.Value, 1, 2));
    }

    [Fact]
    public async Task A_subtree_beyond_the_log_is_refused() => await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
        async () => await new TileHashReader(Size, ReadTile).ReadAsync([new Subtree(0, Size)], Stop));

    private static Dictionary<TileId, Tile> BuildTiles()
    {
        var edge = TileEdge.Empty.Append(Tree.Leaves, out var full);
        var partial = Enumerable.Range(0, 3).Select(edge.Partial).OfType<Tile>();
        return full.Concat(partial).ToDictionary(static tile => tile.Id);
    }

    private ValueTask<Tile> ReadTile(TileId tile, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _reads.Add(tile);
        return new(Tiles[tile]);
    }
}
