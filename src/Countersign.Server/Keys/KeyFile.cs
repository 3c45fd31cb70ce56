using System.Security.Cryptography;
using System.Text;

namespace Countersign.Server.Keys;

/// <summary>The file that keeps the ledger's private key: PKCS#8 PEM that only its owner may read.</summary>
internal static class KeyFile
{
    /// <summary>Far more than a PEM key has, so that a wrong path does not read a wrong gigabyte.</summary>
    private const int MaxBytes = 16 * 1024;

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <summary>
    /// Writes a new file and makes it durable; an existing file is never replaced (<see cref="IOException"/>).
    /// </summary>
    public static void Create(string path, ReadOnlySpan<byte> seed)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerOnly;
        }

        using var file = new FileStream(path, options);
        var pem = Encoding.ASCII.GetBytes(PrivateKeyPem.Write(seed));
        file.Write(pem);
        file.Flush(flushToDisk: true);
        CryptographicOperations.ZeroMemory(pem);
    }

    /// <summary>
    /// Loads the key; throws <see cref="KeyFileException"/> if others may read the file or it holds no such key.
    /// </summary>
    public static Ed25519SigningKey Load(string path)
    {
        var seed = ReadSeed(path);
        try
        {
            return new Ed25519SigningKey(seed);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(seed);
        }
    }

    private static byte[] ReadSeed(string path)
    {
        // The mode is asked of the open file, so that nobody can exchange the file between question and reading.
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read);
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(file.SafeFileHandle) & Others) != 0)
        {
            throw new KeyFileException(path, $"others than its owner have rights on it. Run 'chmod 600 {path}'");
        }

        if (file.Length > MaxBytes)
        {
            throw new KeyFileException(path, $"it has {file.Length} bytes, which no key has. Check ledger.key");
        }

        var pem = new byte[file.Length];
        file.ReadExactly(pem);
        try
        {
            return PrivateKeyPem.Read(Encoding.ASCII.GetString(pem));
        }
        catch (FormatException notAKey)
        {
            throw new KeyFileException(path, notAKey.Message, notAKey);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(pem);
        }
    }
}
