using System.Security.Cryptography;
using System.Text;
using Countersign.Core;
using Countersign.Core.Storage;
using Countersign.Server.Keys;

namespace Countersign.Server.Storage;

/// <summary>
/// The key that wraps every payload's own key: 32 bytes, kept in a file as one line of base64, or encrypted as PEM
/// where the configuration has a passphrase.
/// </summary>
internal sealed class PayloadKey
{
    private const int IdBytes = 8;
    private const string SealedLabel = "ENCRYPTED COUNTERSIGN PAYLOAD KEY";

    private readonly byte[] _bytes;

    public PayloadKey(ReadOnlySpan<byte> key)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(key.Length, ExtendedAesGcm.KeyBytes);
        _bytes = key.ToArray();
        Id = Convert.ToHexStringLower(SHA256.HashData([.. "countersign-payload-key-v1\n"u8, .. _bytes])[..IdBytes]);
    }

    /// <summary>Says which key sealed something, without saying anything about the key.</summary>
    public string Id { get; }

    public ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>
    /// Reads the key file, or makes it while the store holds nothing that an older key could have sealed.
    /// </summary>
    /// <exception cref="StoreUnavailableException">Missing for a store in use, unreadable, malformed or open to
    /// others.</exception>
    public static PayloadKey LoadOrCreate(
        string path, bool storeIsEmpty, FillRandom random, string? passphrase = null)
    {
        try
        {
            return File.Exists(path) || !storeIsEmpty ? Load(path, passphrase) : Create(path, random, passphrase);
        }
        catch (KeyFileException e)
        {
            throw new StoreUnavailableException(e.Message, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StoreUnavailableException(
                $"The payload key '{path}' cannot be read or made: {e.Message} Check the path and its permissions.", e);
        }
    }

    /// <summary>Reads the key file of a store that is in use.</summary>
    /// <exception cref="StoreUnavailableException">Missing.</exception>
    /// <exception cref="KeyFileException">Malformed, open to others, or under another passphrase.</exception>
    public static PayloadKey Load(string path, string? passphrase)
    {
        if (!File.Exists(path))
        {
            throw new StoreUnavailableException(
                $"The payload key '{path}' is missing, and keys are made only while the store is empty. Restore the "
                + "file from its backup, or correct ledger.payload_key.");
        }

        return OwnerOnlyFile.ReadKey(path, content => new PayloadKey(Read(content, passphrase)));
    }

    /// <summary>Encrypts a key that lies in the clear, in its place.</summary>
    public static void Seal(string path, string passphrase)
    {
        var key = OwnerOnlyFile.ReadKey(path, static content => Read(content, passphrase: null));
        OwnerOnlyFile.ReplaceKey(path, Write(key, passphrase));
        CryptographicOperations.ZeroMemory(key);
    }

    /// <summary>A key for one purpose, so that what is sealed for one cannot be opened as another.</summary>
    public byte[] DeriveKey(string purpose) => HKDF.DeriveKey(
        HashAlgorithmName.SHA256, _bytes, outputLength: ExtendedAesGcm.KeyBytes, info: Encoding.UTF8.GetBytes(purpose));

    private static byte[] Read(byte[] content, string? passphrase)
    {
        var text = Encoding.ASCII.GetString(content).Trim();
        if (PemEncoding.TryFind(text, out var fields) && text[fields.Label] == SealedLabel)
        {
            var opened = PassphraseBox.Open(
                Convert.FromBase64String(text[fields.Base64Data]),
                passphrase ?? throw new FormatException(KeyProtection.NeedsPassphrase));
            return opened.Length == ExtendedAesGcm.KeyBytes
                ? opened
                : throw new FormatException("ledger.passphrase does not open it");
        }

        var key = new byte[ExtendedAesGcm.KeyBytes];
        if (!Convert.TryFromBase64String(text, key, out var length) || length != key.Length)
        {
            throw new FormatException("it holds no payload key (32 bytes in base64). Restore the file from its backup");
        }

        return passphrase is null ? key : throw new FormatException(KeyProtection.NotSealed);
    }

    private static byte[] Write(byte[] key, string? passphrase) => Encoding.ASCII.GetBytes(
        (passphrase is null
            ? Convert.ToBase64String(key)
            : PemEncoding.WriteString(SealedLabel, PassphraseBox.Seal(key, passphrase))) + "\n");

    private static PayloadKey Create(string path, FillRandom random, string? passphrase)
    {
        var key = new byte[ExtendedAesGcm.KeyBytes];
        random(key);
        OwnerOnlyFile.CreateKey(path, Write(key, passphrase));
        return new PayloadKey(key);
    }
}
