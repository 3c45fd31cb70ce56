using System.Text;

namespace Countersign.Core.Ledger;

/// <summary>
/// How a log changes its key: a note that says from which size and root on which key follows which, signed by both. Who
/// trusts either key learns the other one from it: whoever holds the old one can go on, whoever only holds the new one
/// can check what was signed before.
/// </summary>
public sealed class KeySuccession
{
    private const string Label = "countersign-key-succession-v1";
    private const int Lines = 7;

    private KeySuccession(SignedNote note, Checkpoint from, NoteVerifierKey before, NoteVerifierKey after) =>
        (Note, From, Before, After) = (note, from, before, after);

    public SignedNote Note { get; }

    /// <summary>The log as the old key left it: the entry at this size is the rotation.</summary>
    public Checkpoint From { get; }

    public NoteVerifierKey Before { get; }

    public NoteVerifierKey After { get; }

    /// <summary>The text that both keys sign.</summary>
    public static byte[] TextOf(Checkpoint from, NoteVerifierKey before, NoteVerifierKey after) => NoteText.Encode(
        $"{Label}\n{from.Origin}\n{from.Size}\n{from.Root.ToBase64()}\n{before}\n{after}\n");

    /// <summary>Reads a note; throws <see cref="FormatException"/> unless both keys signed it.</summary>
    public static KeySuccession Parse(string text)
    {
        var note = SignedNote.Parse(Encoding.UTF8.GetBytes(text));
        var lines = NoteText.Decode(note.Text.Span).Split('\n');
        if (lines.Length != Lines || lines[0] != Label)
        {
            throw new FormatException(
                "The note is no key succession: expected the label, origin, size, root, the old and the new vkey.");
        }

        var from = Checkpoint.Parse(NoteText.Encode(string.Join('\n', lines[1..4]) + "\n"));
        var (before, after) = (NoteVerifierKey.Parse(lines[4]), NoteVerifierKey.Parse(lines[5]));
        return note.Verify([before, after]) is NoteCheck.Trusted { Signers.Count: 2 }
            ? new KeySuccession(note, from, before, after)
            : throw new FormatException(
                $"The key succession at size {from.Size} is not signed by both of its keys; do not follow it.");
    }

    public override string ToString() => Encoding.UTF8.GetString(Note.ToBytes());
}
