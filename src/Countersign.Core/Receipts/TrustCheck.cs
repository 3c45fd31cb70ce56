using Countersign.Core.Ledger;

namespace Countersign.Core.Receipts;

/// <summary>
/// Step 1: who vouches for the checkpoint. Every signature line has to be of a key that the reader knows: a line that
/// nobody can check could be anything, and a receipt holds nothing that could be anything.
/// </summary>
internal sealed class TrustCheck(Findings findings, IReadOnlyList<NoteVerifierKey> trusted)
{
    public void Check(SignedNote note, Checkpoint checkpoint)
    {
        if (trusted.Count == 0)
        {
            findings.Question(
                Doubt.NoTrust,
                "Self-consistent only: no key was given that the log is trusted by. Give --policy FILE or "
                + "--vkey LINE.");
            return;
        }

        switch (note.Verify(trusted))
        {
            case NoteCheck.Forged forged:
                findings.Question(
                    Doubt.ForgedSignature,
                    $"The checkpoint's signature under the name {forged.Name} is not by the trusted key "
                    + $"{forged.KeyId}.");
                break;
            case NoteCheck.Unknown:
                findings.Question(
                    Doubt.Unsigned, $"No trusted key signed the checkpoint of '{checkpoint.Origin}'.");
                break;
            case NoteCheck.Trusted by:
                CheckSigners(note, checkpoint, by);
                break;
        }
    }

    private void CheckSigners(SignedNote note, Checkpoint checkpoint, NoteCheck.Trusted by)
    {
        if (note.Signatures.Count != by.Signers.Count)
        {
            findings.Question(
                Doubt.UnknownSignature,
                $"The checkpoint has {note.Signatures.Count} signature lines, and {by.Signers.Count} of them are by "
                + "different keys that were given. Give a policy that knows the others.");
        }

        if (by.Signers.FirstOrDefault(key => key.Name.Value != checkpoint.Origin.Value) is { } other)
        {
            findings.Question(
                Doubt.OtherOrigin,
                $"The checkpoint is of '{checkpoint.Origin}', and the trusted key is that of '{other.Name}'.");
            return;
        }

        findings.Prove(
            1, $"The log '{checkpoint.Origin}' signed this checkpoint of {checkpoint.Size} entries "
            + $"({string.Join(", ", by.Signers.Select(key => key.Id))}).");
        findings.Leave(1, "That the log shows everybody the same history: no witness is asked for.");
    }
}
