namespace Countersign.Core.Ledger;

/// <summary>One signature line of a note: who signed, by name and key id, and the signature.</summary>
public sealed class NoteSignature
{
    /// <summary>An em dash (U+2014) and a space begin every signature line.</summary>
    internal const string LineStart = "\u2014 ";

    private readonly byte[] _signature;

    public NoteSignature(KeyName name, NoteKeyId keyId, ReadOnlySpan<byte> signature)
    {
        (Name, KeyId) = (name, keyId);
        _signature = signature.ToArray();
    }

    public KeyName Name { get; }

    public NoteKeyId KeyId { get; }

    public ReadOnlyMemory<byte> Signature => _signature;

    /// <summary>The line without its line feed, inverse of <see cref="Parse"/>.</summary>
    public override string ToString()
    {
        var bytes = new byte[NoteKeyId.Length + _signature.Length];
        KeyId.CopyTo(bytes);
        _signature.CopyTo(bytes, NoteKeyId.Length);
        return $"{LineStart}{Name} {Convert.ToBase64String(bytes)}";
    }

    /// <summary>Reads one line; throws <see cref="FormatException"/> if it is none.</summary>
    public static NoteSignature Parse(string line)
    {
        var parts = line.StartsWith(LineStart, StringComparison.Ordinal) ? line[LineStart.Length..].Split(' ') : [];
        if (parts.Length != 2 || !CanonicalBase64.TryDecode(parts[1], out var bytes)
            || bytes.Length <= NoteKeyId.Length)
        {
            throw new FormatException(
                $"'{line}' is not a signature line: expected an em dash, the key name and base64.");
        }

        return new NoteSignature(new KeyName(parts[0]), NoteKeyId.Read(bytes), bytes.AsSpan(NoteKeyId.Length));
    }
}
