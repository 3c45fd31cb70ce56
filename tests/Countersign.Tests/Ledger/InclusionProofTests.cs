using Countersign.Core.Ledger;

namespace Countersign.Tests.Ledger;

public sealed class InclusionProofTests
{
    private const int MaxSize = 130;

    private static readonly TestTree Tree = new(MaxSize);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_leaf_of_every_small_tree_is_proved_and_no_other_leaf_is()
    {
        for (var size = 1; size <= MaxSize; size++)
        {
            for (var index = 0; index < size; index++)
            {
                var proof = await InclusionProof.CreateAsync(index, size, Tree.ReadAsync, Stop);

                Assert.True(proof.Verify(Tree.Leaves[index], Tree.Root(size)));
                Assert.False(proof.Verify(TestTree.Leaf(MaxSize), Tree.Root(size)));
            }
        }
    }

    [Fact]
    public async Task A_proof_is_refused_for_another_index_size_or_root()
    {
        for (var index = 0; index < 70; index++)
        {
            var proof = await InclusionProof.CreateAsync(index, 70, Tree.ReadAsync, Stop);

            Assert.False(proof.Verify(Tree.Leaves[index], Tree.Root(69)));
            Assert.DoesNotContain(
                Enumerable.Range(0, 70).Where(other => other != index),
                other => new InclusionProof(other, 70, proof.Hashes).Verify(Tree.Leaves[index], Tree.Root(70)));
            var siblings = LeafRange.OfInclusion(index, 70);
            Assert.DoesNotContain(
                Enumerable.Range(index + 1, MaxSize - index).Where(size => !SameShape(index, size, siblings)),
                size => new InclusionProof(index, size, proof.Hashes).Verify(Tree.Leaves[index], Tree.Root(70)));
        }
    }

    [Fact]
    public async Task A_proof_with_a_changed_missing_or_further_hash_is_refused()
    {
        for (var size = 2; size <= 70; size++)
        {
            var proof = await InclusionProof.CreateAsync(size / 3, size, Tree.ReadAsync, Stop);

            Assert.All(ProofMutations.Of(proof.Hashes), hashes => Assert.False(
                new InclusionProof(size / 3, size, hashes).Verify(Tree.Leaves[size / 3], Tree.Root(size))));
        }
    }

    [Theory]
    [InlineData(-1, 5)]
    [InlineData(5, 5)]
    [InlineData(0, 0)]
    public void An_index_outside_of_the_log_is_refused(long index, long size) =>
        Assert.Throws<FormatException>(() => new InclusionProof(index, size, []));

    [Fact]
    public void More_than_63_hashes_are_refused() => Assert.Throws<FormatException>(
        () => new InclusionProof(0, 5, [.. Enumerable.Repeat(TestTree.Leaf(0), 64)]));

    [Fact]
    public async Task The_highest_tree_has_a_proof_of_63_hashes()
    {
        var proof = await InclusionProof.CreateAsync(0, long.MaxValue, SameHashEverywhere, Stop);

        Assert.Equal(InclusionProof.MaxHashes, proof.Hashes.Count);
    }

    // The path alone does not tell sizes apart whose right edge folds in the same way; the size is the checkpoint's
    // to say.
    private static bool SameShape(int index, int size, List<LeafRange> siblings)
    {
        var others = LeafRange.OfInclusion(index, size);
        return others.Count == siblings.Count
            && others.Zip(siblings).All(pair => (pair.First.Start < index) == (pair.Second.Start < index));
    }

    private static ValueTask<IReadOnlyList<Hash32>> SameHashEverywhere(
        IReadOnlyList<Subtree> subtrees, CancellationToken cancellationToken) =>
        new([.. subtrees.Select(static _ => TestTree.Leaf(0))]);
}
