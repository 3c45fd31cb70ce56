using System.Text;
using Countersign.Core.Ledger;

namespace Countersign.EndToEnd.Support;

/// <summary>
/// What must hold after every crash, whatever was killed: the oracle (the upstream's own list of calls), the ledger and
/// what strangers have seen of it, held against each other.
/// </summary>
internal static class Aftermath
{
    /// <param name="bench">The product, started again.</param>
    /// <param name="seen">A checkpoint that somebody fetched before the crash.</param>
    /// <param name="cancellationToken">Ends the check.</param>
    public static async Task CheckAsync(Bench bench, string seen, CancellationToken cancellationToken)
    {
        await bench.Product.VerifyLedgerAsync(cancellationToken);
        CheckLog(bench, seen);
    }

    /// <summary>The same of a store from which a test took tables away: their rows are not compared.</summary>
    public static void CheckLog(Bench bench, string seen)
    {
        var leaves = StoreFile.ReadLeaves(bench.Product.Folder.Database);
        CheckHistory([.. leaves.Select(leaf => MerkleTree.HashLeaf(leaf))], seen);
        CheckHistory(
            [.. leaves.Select(leaf => MerkleTree.HashLeaf(leaf))],
            [.. StoreFile.ReadCheckpoints(bench.Product.Folder.Database)]);
        CheckEffects(bench.Upstream, [.. leaves.Select(leaf => Leaf.Decode(leaf))]);
    }

    /// <summary>Every checkpoint that was ever signed and seen is the head of a beginning of this log.</summary>
    private static void CheckHistory(Hash32[] hashes, params string[] notes)
    {
        foreach (var note in notes)
        {
            var checkpoint = Checkpoint.Parse(SignedNote.Parse(Encoding.UTF8.GetBytes(note)).Text.Span);
            Assert.InRange(checkpoint.Size, 0, hashes.Length);
            Assert.Equal(MerkleTree.Root(hashes.AsSpan(0, (int)checkpoint.Size)), checkpoint.Root);
        }
    }

    private static void CheckEffects(RecordingUpstream upstream, Leaf[] entries)
    {
        // Each test asks for each thing once, so the same call twice would be one approval used twice.
        Assert.Equal(upstream.Calls.Count, upstream.Calls.DistinctBy(call => (call.Tool, call.Arguments)).Count());
        Assert.InRange(upstream.Calls.Count, 0, entries.Count(entry => entry.Type == EntryType.ExecutionIntent));
        var lives = entries.Where(entry => entry.Subject is not null).GroupBy(entry => entry.Subject!.Value.Action);
        foreach (var life in lives)
        {
            var types = life.Select(entry => entry.Type).ToList();
            var (intent, outcome) = (
                types.IndexOf(EntryType.ExecutionIntent), types.IndexOf(EntryType.ExecutionOutcome));
            Assert.True(intent < 0 || !types.Contains(EntryType.ReviewOpened)
                || types.IndexOf(EntryType.ReviewDecided) is >= 0 and var decided && decided < intent);
            Assert.True(outcome < 0 || (intent >= 0 && intent < outcome));
            Assert.Equal(types.Count, types.Where(type => type != EntryType.ReviewVote).Distinct().Count()
                + types.Count(type => type == EntryType.ReviewVote));
        }
    }
}
