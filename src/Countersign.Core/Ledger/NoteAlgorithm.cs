using Countersign.Core.Ledger.Ed25519;

namespace Countersign.Core.Ledger;

/// <summary>Checks a signature over the text of a note.</summary>
internal delegate bool NoteVerification(ReadOnlySpan<byte> text, ReadOnlySpan<byte> signature);

/// <summary>
/// A signature type of C2SP signed-note. Cosignatures (0x04, 0x06) are further lines of this table: each differs only
/// in the message it signs and the signature it carries.
/// </summary>
public sealed class NoteAlgorithm
{
    private readonly Func<byte[], NoteVerification> _load;

    private NoteAlgorithm(byte code, string name, int publicKeyBytes, Func<byte[], NoteVerification> load)
    {
        (Code, Name, PublicKeyBytes) = (code, name, publicKeyBytes);
        _load = load;
    }

    /// <summary>Type 0x01: 32-byte key, 64-byte signature over the text with its last line feed.</summary>
    public static NoteAlgorithm Ed25519 { get; } =
        new(0x01, "Ed25519", Ed25519PublicKey.Length, static key => new Ed25519PublicKey(key).Verify);

    /// <summary>The byte before the public key in a verifier key.</summary>
    public byte Code { get; }

    public string Name { get; }

    public int PublicKeyBytes { get; }

    private static IReadOnlyList<NoteAlgorithm> All => [Ed25519];

    /// <summary>
    /// Finds the algorithm of a verifier key, or throws <see cref="FormatException"/> naming those that exist.
    /// </summary>
    public static NoteAlgorithm Of(byte code) =>
        All.FirstOrDefault(algorithm => algorithm.Code == code)
        ?? throw new FormatException(
            $"Signature type 0x{code:x2} is unknown. Use a verifier key of type "
            + string.Join(", ", All.Select(static known => $"0x{known.Code:x2} ({known.Name})")) + ".");

    internal NoteVerification Load(byte[] publicKey) => publicKey.Length == PublicKeyBytes
        ? _load(publicKey)
        : throw new FormatException(
            $"An {Name} public key has {PublicKeyBytes} bytes, but {publicKey.Length} were given.");
}
