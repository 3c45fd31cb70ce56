using System.Security.Cryptography;
using Countersign.Core;
using Countersign.Core.Storage;

namespace Countersign.Server.Storage;

/// <summary>The key that wraps every payload's own key: 32 bytes, kept in a file as one line of base64.</summary>
internal sealed class PayloadKey
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
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

        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & ~OwnerOnly) != 0)
        {
            throw new StoreUnavailableException(
                $"The payload key '{path}' may be read or changed by others. Run: chmod 600 '{path}'");
        }

        var key = new byte[ExtendedAesGcm.KeyBytes];
        var valid = Convert.TryFromBase64String(File.ReadAllText(path).Trim(), key, out var length);
        return valid && length == key.Length
            ? new PayloadKey(key)
            : throw new StoreUnavailableException(
                $"'{path}' holds no payload key (32 bytes in base64). Restore the file from its backup.");
    }

    private static PayloadKey Create(string path, FillRandom random)
    {
        var key = new byte[ExtendedAesGcm.KeyBytes];
        random(key);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerOnly;
        }

        using var file = new FileStream(path, options);
        using (var writer = new StreamWriter(file, leaveOpen: true))
        {
            writer.Write(Convert.ToBase64String(key) + "\n");
        }

        file.Flush(flushToDisk: true);
        return new PayloadKey(key);
    }
}
