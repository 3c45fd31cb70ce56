namespace Countersign.Core.Ledger;

/// <summary>Signs the exact bytes of a note's text; the key stays with whoever supplies this.</summary>
public delegate byte[] SignNote(ReadOnlySpan<byte> text);

/// <summary>A text and its signature lines (C2SP signed-note).</summary>
public sealed class SignedNote
{
    /// <summary>Room for a checkpoint with the most signature lines of the longest known type.</summary>
    public const int MaxBytes = 256 * 1024;

    /// <summary>The specification asks for at least 16.</summary>
    public const int MaxSignatures = 64;

    private const string Divider = "\n\n";

    private readonly byte[] _text;

    private SignedNote(byte[] text, IReadOnlyList<NoteSignature> signatures)
    {
        _text = text;
        Signatures = signatures;
    }

    /// <summary>The signed bytes, with the last line feed.</summary>
    public ReadOnlyMemory<byte> Text => _text;

    public IReadOnlyList<NoteSignature> Signatures { get; }

    /// <summary>Signs a text that ends in a line feed.</summary>
    public static SignedNote Sign(ReadOnlySpan<byte> text, NoteVerifierKey key, SignNote sign)
    {
        if (!NoteText.Decode(text).EndsWith('\n'))
        {
            throw new FormatException("The text of a note must end in a line feed.");
        }

        return new SignedNote(text.ToArray(), [new NoteSignature(key.Name, key.Id, sign(text))]);
    }

    /// <summary>
    /// Reads a note; throws <see cref="FormatException"/> if anything departs from the specification.
    /// </summary>
    public static SignedNote Parse(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > MaxBytes)
        {
            throw new FormatException($"The note has {bytes.Length} bytes; at most {MaxBytes} are read.");
        }

        // The text may hold empty lines of its own, so the last one divides it from the signatures.
        var note = NoteText.Decode(bytes);
        var divider = note.LastIndexOf(Divider, StringComparison.Ordinal);
        if (divider < 0 || divider + Divider.Length == note.Length || !note.EndsWith('\n'))
        {
            throw new FormatException(
                "The note is incomplete: expected a text, an empty line and whole signature lines.");
        }

        var lines = note[(divider + Divider.Length)..^1].Split('\n');
        if (lines.Length > MaxSignatures)
        {
            throw new FormatException(
                $"The note has {lines.Length} signature lines; at most {MaxSignatures} are read.");
        }

        return new SignedNote(NoteText.Encode(note[..(divider + 1)]), [.. lines.Select(NoteSignature.Parse)]);
    }

    /// <summary>The same text with one more signature line, for example of a witness.</summary>
    public SignedNote With(NoteSignature signature) => new(_text, [.. Signatures, signature]);

    /// <summary>
    /// Ignores unknown keys, refuses a bad signature of a known one, and asks for at least one good signature.
    /// </summary>
    public NoteCheck Verify(IReadOnlyList<NoteVerifierKey> knownKeys)
    {
        var signers = new List<NoteVerifierKey>();
        foreach (var line in Signatures)
        {
            var named = knownKeys.Where(key => key.Name == line.Name && key.Id == line.KeyId).ToList();
            var signer = named.Find(key => key.Verify(_text, line.Signature.Span));
            if (signer is null && named.Count > 0)
            {
                return new NoteCheck.Forged(line.Name, line.KeyId);
            }

            signers.AddRange(named.Where(key => key == signer));
        }

        return signers.Count > 0 ? new NoteCheck.Trusted([.. signers.Distinct()]) : new NoteCheck.Unknown();
    }

    /// <summary>The whole note, inverse of <see cref="Parse"/>.</summary>
    public byte[] ToBytes() =>
        [.. _text, (byte)'\n', .. NoteText.Encode(string.Concat(Signatures.Select(static line => $"{line}\n")))];
}
