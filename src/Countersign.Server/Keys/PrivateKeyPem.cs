using System.Security.Cryptography;

namespace Countersign.Server.Keys;

/// <summary>
/// The PKCS#8 PEM form of an Ed25519 seed (RFC 8410 section 7), as <c>openssl genpkey -algorithm ed25519</c> writes it,
/// in the clear or under a passphrase.
/// </summary>
internal static class PrivateKeyPem
{
    private const string Label = "PRIVATE KEY";
    private const string EncryptedLabel = "ENCRYPTED PRIVATE KEY";

    // SEQUENCE { INTEGER 0, SEQUENCE { OID 1.3.101.112 }, OCTET STRING { OCTET STRING of 32 bytes } }: with one key
    // type everything before the seed is constant.
    private static ReadOnlySpan<byte> Prefix =>
        [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

    /// <summary>The PEM text; encrypted when there is a passphrase.</summary>
    public static string Write(ReadOnlySpan<byte> seed, string? passphrase = null)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(seed.Length, Ed25519SigningKey.SeedLength);
        byte[] der = [.. Prefix, .. seed];
        var pem = passphrase is null
            ? PemEncoding.WriteString(Label, der)
            : PemEncoding.WriteString(EncryptedLabel, PassphraseBox.Seal(der, passphrase));
        CryptographicOperations.ZeroMemory(der);
        return pem + "\n";
    }

    /// <summary>
    /// Returns the seed, which the caller clears; throws <see cref="FormatException"/> for anything but one such key.
    /// </summary>
    public static byte[] Read(string pem, string? passphrase = null)
    {
        var der = Unwrap(pem, passphrase);
        var seed = der.AsSpan().StartsWith(Prefix) && der.Length == Prefix.Length + Ed25519SigningKey.SeedLength
            ? der[Prefix.Length..]
            : null;
        CryptographicOperations.ZeroMemory(der);
        return seed ?? throw NoKey("it holds another kind of key");
    }

    private static byte[] Unwrap(string pem, string? passphrase)
    {
        if (!PemEncoding.TryFind(pem, out var fields) || pem[fields.Label] is not (Label or EncryptedLabel))
        {
            throw NoKey("no PEM block 'PRIVATE KEY' was found");
        }

        var der = Convert.FromBase64String(pem[fields.Base64Data]);
        return (pem[fields.Label], passphrase) switch
        {
            (Label, null) => der,
            (Label, _) => throw new FormatException(KeyProtection.NotSealed),
            (_, null) => throw new FormatException(KeyProtection.NeedsPassphrase),
            (_, { } known) => PassphraseBox.Open(der, known),
        };
    }

    private static FormatException NoKey(string reason) => new(
        $"This is not an Ed25519 private key in PKCS#8 PEM: {reason}. "
        + "Make one with 'openssl genpkey -algorithm ed25519'.");
}

/// <summary>What is said of key files whose form and passphrase do not go together.</summary>
internal static class KeyProtection
{
    public const string NotSealed =
        "it lies there in the clear, and the configuration has a ledger.passphrase. Run "
        + "'countersign ledger key --seal' once, or remove the passphrase";

    public const string NeedsPassphrase = "it is encrypted. Set ledger.passphrase";
}
