using System.Security.Cryptography;
using System.Text;
using Countersign.Core;
using Countersign.Core.Storage;
using Countersign.Server.Keys;

namespace Countersign.Server.Storage;

/// <summary>The key that wraps every payload's own key: 32 bytes, kept in a file as one line of base64.</summary>
internal sealed class PayloadKey
{
    private const int IdBytes = 8;

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
    public static PayloadKey LoadOrCreate(string path, bool storeIsEmpty, FillRandom random)
    {
        try
        {
            return File.Exists(path) || !storeIsEmpty ? Load(path) : Create(path, random);
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

    private static PayloadKey Load(string path)
    {
        if (!File.Exists(path))
        {
            throw new StoreUnavailableException(
                $"The payload key '{path}' is missing, and keys are made only while the store is empty. Restore the "
                + "file from its backup, or correct ledger.payload_key.");
        }

        return OwnerOnlyFile.ReadKey(path, static content =>
        {
            var key = new byte[ExtendedAesGcm.KeyBytes];
            var text = Encoding.ASCII.GetString(content).Trim();
            return Convert.TryFromBase64String(text, key, out var length) && length == key.Length
                ? new PayloadKey(key)
                : throw new FormatException(
                    "it holds no payload key (32 bytes in base64). Restore the file from its backup");
        });
    }

    private static PayloadKey Create(string path, FillRandom random)
    {
        var key = new byte[ExtendedAesGcm.KeyBytes];
        random(key);
        OwnerOnlyFile.CreateKey(path, Encoding.ASCII.GetBytes(Convert.ToBase64String(key) + "\n"));
        return new PayloadKey(key);
    }
}
