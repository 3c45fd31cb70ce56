using System.Globalization;
using System.Text;
using Countersign.Core.Ledger;

namespace Countersign.Core.Receipts;

/// <summary>
/// The proof of one entry in the format of C2SP tlog-proof. Its <c>extra</c> line, which that format does not
/// authenticate, holds the leaf: whoever hashes it has what the proof is about.
/// </summary>
/// <param name="Leaf">The leaf.</param>
/// <param name="Proof">That the log of the checkpoint's size holds it.</param>
/// <param name="Checkpoint">The signed note.</param>
public sealed record TlogProof(Leaf Leaf, InclusionProof Proof, string Checkpoint)
{
    /// <summary>The first line of such a file.</summary>
    public const string FirstLine = "c2sp.org/tlog-proof@v1";

    private const string Extra = "extra ";
    private const string Index = "index ";

    /// <summary>Whether a file begins as such a proof.</summary>
    public static bool IsOne(ReadOnlySpan<byte> file) => file.StartsWith(Encoding.UTF8.GetBytes(FirstLine));

    /// <exception cref="FormatException">The file is no proof of one of our leaves, in its one spelling.</exception>
    public static TlogProof Parse(ReadOnlySpan<byte> file)
    {
        var text = Encoding.UTF8.GetString(file);
        var divider = text.IndexOf("\n\n", StringComparison.Ordinal);
        var lines = divider < 0 ? [] : text[..divider].Split('\n');
        if (lines is not [FirstLine, var extra, var index, .. var hashes]
            || !extra.StartsWith(Extra, StringComparison.Ordinal)
            || !index.StartsWith(Index, StringComparison.Ordinal)
            || !CanonicalBase64.TryDecode(extra[Extra.Length..], out var leaf)
            || !long.TryParse(index[Index.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            throw new FormatException(
                $"The file is no '{FirstLine}' with the lines extra and index, hashes, an empty line and a " +
                $"checkpoint.");
        }

        var note = text[(divider + 2)..];
        var size = Ledger.Checkpoint.Parse(SignedNote.Parse(Encoding.UTF8.GetBytes(note)).Text.Span).Size;
        var proof = new TlogProof(
            Leaf.Decode(leaf), new InclusionProof(number, size, [.. hashes.Select(Hash32.ParseBase64)]), note);
        return proof.ToBytes().AsSpan().SequenceEqual(file)
            ? proof
            : throw new FormatException("The proof is not in the one spelling of its format.");
    }

    /// <summary>The file, inverse of <see cref="Parse"/>.</summary>
    public byte[] ToBytes() => Encoding.UTF8.GetBytes(
        $"{FirstLine}\n{Extra}{Convert.ToBase64String(Leaf.Encode())}\n{Index}{Proof.Index}\n"
        + string.Concat(Proof.Hashes.Select(hash => $"{hash.ToBase64()}\n")) + $"\n{Checkpoint}");

    /// <summary>The proof of one entry of a receipt; <c>null</c> when the receipt has it not.</summary>
    public static TlogProof? Of(Receipt receipt, long index)
    {
        var size = Ledger.Checkpoint.Parse(SignedNote.Parse(Encoding.UTF8.GetBytes(receipt.Checkpoint)).Text.Span).Size;
        return receipt.Entries.FirstOrDefault(entry => entry.Index == index) is { } entry
            ? new TlogProof(entry.Leaf, new InclusionProof(index, size, entry.Proof), receipt.Checkpoint)
            : null;
    }
}
