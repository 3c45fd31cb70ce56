using Countersign.Core.Ledger;

namespace Countersign.Tests.Ledger;

public sealed class ConsistencyProofTests
{
    private const int MaxSize = 130;

    private static readonly TestTree Tree = new(MaxSize);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_pair_of_small_trees_is_proved_and_no_other_root_is()
    {
        Hash32[] roots = [.. Enumerable.Range(0, MaxSize + 1).Select(Tree.Root)];
        var foreign = TestTree.Leaf(-1);
        for (var newSize = 0; newSize <= MaxSize; newSize++)
        {
            for (var oldSize = 0; oldSize <= newSize; oldSize++)
            {
                var proof = await ConsistencyProof.CreateAsync(oldSize, newSize, Tree.ReadAsync, Stop);

                Assert.True(proof.Verify(roots[oldSize], roots[newSize]));
                Assert.False(proof.Verify(foreign, roots[newSize]));
                Assert.False(oldSize > 0 && proof.Verify(roots[oldSize], foreign));
            }
        }
    }

    [Fact]
    public async Task A_proof_with_a_changed_missing_or_further_hash_is_refused()
    {
        for (var oldSize = 1; oldSize <= 70; oldSize++)
        {
            var proof = await ConsistencyProof.CreateAsync(oldSize, 70, Tree.ReadAsync, Stop);

            Assert.All(ProofMutations.Of(proof.Hashes), hashes => Assert.False(
                new ConsistencyProof(oldSize, 70, hashes).Verify(Tree.Root(oldSize), Tree.Root(70))));
        }
    }

    [Fact]
    public async Task Nothing_is_to_prove_from_an_empty_log_or_to_the_same_log()
    {
        Assert.Empty((await ConsistencyProof.CreateAsync(0, 9, Tree.ReadAsync, Stop)).Hashes);
        Assert.Empty((await ConsistencyProof.CreateAsync(9, 9, Tree.ReadAsync, Stop)).Hashes);
        Assert.False(new ConsistencyProof(9, 9, [TestTree.Leaf(0)]).Verify(Tree.Root(9), Tree.Root(9)));
        Assert.False(new ConsistencyProof(0, 9, [TestTree.Leaf(0)]).Verify(Tree.Root(0), Tree.Root(9)));
        Assert.False(new ConsistencyProof(0, 9, []).Verify(Tree.Root(1), Tree.Root(9)));
        Assert.False(new ConsistencyProof(0, 0, []).Verify(Tree.Root(0), Tree.Root(9)));
        Assert.False(new ConsistencyProof(3, 9, []).Verify(Tree.Root(3), Tree.Root(9)));
    }

    [Theory]
    [InlineData(-1, 5)]
    [InlineData(6, 5)]
    public void Sizes_that_shrink_are_refused(long oldSize, long newSize) =>
        Assert.Throws<FormatException>(() => new ConsistencyProof(oldSize, newSize, []));

    [Fact]
    public void More_than_63_hashes_are_refused() => Assert.Throws<FormatException>(
        () => new ConsistencyProof(3, 5, [.. Enumerable.Repeat(TestTree.Leaf(0), 64)]));
}
