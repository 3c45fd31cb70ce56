using System.Text;
using Countersign.Core.Ledger;

namespace Countersign.Core.Receipts;

/// <summary>Checks a tlog-proof: steps 1 and 2 of a receipt, for one entry.</summary>
public static class TlogProofCheck
{
    public static ReceiptReport Run(ReadOnlySpan<byte> file, IReadOnlyList<NoteVerifierKey> trusted)
    {
        var findings = new Findings();
        try
        {
            var proof = TlogProof.Parse(file);
            var note = SignedNote.Parse(Encoding.UTF8.GetBytes(proof.Checkpoint));
            var checkpoint = Checkpoint.Parse(note.Text.Span);
            new TrustCheck(findings, trusted).Check(note, checkpoint);
            if (proof.Proof.Verify(MerkleTree.HashLeaf(proof.Leaf.Encode()), checkpoint.Root))
            {
                var about = proof.Leaf.Subject is { } subject ? $" about {subject.Action}" : "";
                findings.Prove(
                    2, $"Entry {proof.Proof.Index} is {proof.Leaf.Type.ToText()} of {proof.Leaf.At:u}{about}.");
                findings.Leave(3, "What it says: a tlog-proof shows that an entry is there, and no more.");
            }
            else
            {
                findings.Question(Doubt.NotIncluded, $"Entry {proof.Proof.Index} is not proved to be in the log.");
            }
        }
        catch (FormatException malformed)
        {
            findings.Question(Doubt.Unreadable, malformed.Message);
        }

        return findings.ToReport(null);
    }
}
