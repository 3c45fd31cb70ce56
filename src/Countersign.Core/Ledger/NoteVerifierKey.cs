namespace Countersign.Core.Ledger;

/// <summary>A public key that notes are verified with, written as a vkey line (C2SP signed-note).</summary>
public sealed class NoteVerifierKey
{
    private const char Separator = '+';

    private readonly byte[] _publicKey;
    private readonly NoteVerification _verify;

    /// <summary>Throws <see cref="FormatException"/> if the bytes are no public key of the algorithm.</summary>
    public NoteVerifierKey(KeyName name, NoteAlgorithm algorithm, ReadOnlySpan<byte> publicKey)
    {
        _publicKey = publicKey.ToArray();
        _verify = algorithm.Load(_publicKey);
        (Name, Algorithm) = (name, algorithm);
        Id = NoteKeyId.Of(name, algorithm.Code, publicKey);
    }

    private NoteVerifierKey(NoteVerifierKey key, NoteVerification verify)
    {
        (_publicKey, _verify) = (key._publicKey, verify);
        (Name, Algorithm, Id) = (key.Name, key.Algorithm, key.Id);
    }

    public KeyName Name { get; }

    public NoteAlgorithm Algorithm { get; }

    public NoteKeyId Id { get; }

    public ReadOnlyMemory<byte> PublicKey => _publicKey;

    /// <summary>
    /// Reads <c>name+keyid+base64(type || key)</c>; throws <see cref="FormatException"/> if the id is not the key's.
    /// </summary>
    public static NoteVerifierKey Parse(string line)
    {
        // The base64 part may hold plus signs of its own, so only the first two divide.
        var parts = line.Split(Separator, 3);
        if (parts.Length != 3 || !CanonicalBase64.TryDecode(parts[2], out var typed) || typed.Length < 2)
        {
            throw new FormatException($"'{line}' is not a verifier key: expected name+keyid+base64, all in one line.");
        }

        var key = new NoteVerifierKey(new KeyName(parts[0]), NoteAlgorithm.Of(typed[0]), typed.AsSpan(1));
        return key.Id == NoteKeyId.ParseHex(parts[1])
            ? key
            : throw new FormatException(
                $"The verifier key of '{key.Name}' says key id {parts[1]}, but the key's id is {key.Id}. "
                + "Copy the line again.");
    }

    /// <summary>
    /// The same key, whose signatures somebody else verifies: a library that is faster, for thousands of them.
    /// </summary>
    internal NoteVerifierKey VerifiedBy(NoteVerification verify) => new(this, verify);

    /// <summary>Checks a signature over the exact text.</summary>
    public bool Verify(ReadOnlySpan<byte> text, ReadOnlySpan<byte> signature) => _verify(text, signature);

    /// <summary>The vkey line, inverse of <see cref="Parse"/>.</summary>
    public override string ToString() =>
        $"{Name}{Separator}{Id}{Separator}{Convert.ToBase64String([Algorithm.Code, .. _publicKey])}";
}
