using Countersign.Core.Ledger;

namespace Countersign.Core.Receipts;

/// <summary>
/// Step 2: every entry is in the log, none of the action's is missing up to the last one shown, and their times never
/// go back.
/// </summary>
internal sealed class InclusionCheck(Findings findings, Receipt receipt, Checkpoint checkpoint)
{
    public void Check()
    {
        var before = -1L;
        foreach (var entry in receipt.Entries)
        {
            if (entry.Index <= before)
            {
                findings.Question(
                    Doubt.BrokenChain, $"Entry {entry.Index} stands behind entry {before}, or there twice.");
            }

            before = entry.Index;
            CheckProof(entry);
        }

        CheckChain();
    }

    private void CheckProof(ReceiptEntry entry)
    {
        if (IsIncluded(entry))
        {
            findings.Prove(2, $"Entry {entry.Index} is {entry.Leaf.Type.ToText()} of {entry.Leaf.At:u}.");
        }
        else
        {
            findings.Question(
                Doubt.NotIncluded,
                $"Entry {entry.Index} is not proved to be in the log: leaf, index, proof or checkpoint is another.");
        }
    }

    private bool IsIncluded(ReceiptEntry entry) =>
        entry.Index >= 0 && entry.Index < checkpoint.Size && entry.Proof.Length <= InclusionProof.MaxHashes
        && new InclusionProof(entry.Index, checkpoint.Size, entry.Proof)
            .Verify(MerkleTree.HashLeaf(entry.Leaf.Encode()), checkpoint.Root);

    /// <summary>Each leaf names the one before it of the same action, so a gap cannot be hidden.</summary>
    private void CheckChain()
    {
        long? before = null;
        var time = DateTimeOffset.MinValue;
        foreach (var entry in receipt.Entries.Where(entry => entry.Leaf.Subject?.Action == receipt.Action))
        {
            if (entry.Leaf.Previous != before)
            {
                findings.Question(
                    Doubt.BrokenChain,
                    $"Entry {entry.Index} follows entry {Name(entry.Leaf.Previous)} of this action, and the " +
                    $"receipt has {Name(before)} there.");
            }

            if (entry.Leaf.At < time)
            {
                findings.Question(Doubt.TimeWentBack, $"Entry {entry.Index} is older than the one before it.");
            }

            (before, time) = (entry.Index, entry.Leaf.At);
        }

        if (before is not { } last)
        {
            findings.Question(Doubt.BrokenChain, $"No entry is about {receipt.Action}.");
            return;
        }

        findings.Prove(2, $"No entry about this action is missing up to entry {last}.");
        findings.Leave(2, $"That nothing was recorded about this action after entry {last}.");
    }

    private static string Name(long? index) => index is { } number ? $"{number}" : "none";
}
