using System.Security.Cryptography;

namespace Countersign.Server.Keys;

/// <summary>Files that nobody but their owner may read: keys, the database, its lock.</summary>
internal static class OwnerOnlyFile
{
    /// <summary>Far more than a key has, so that a wrong path does not read a wrong gigabyte.</summary>
    private const int MaxKeyBytes = 16 * 1024;

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <summary>Opens a file; one that is made has rights for its owner from its first moment.</summary>
    public static FileStream Open(
        string path, FileMode mode, FileAccess access, FileShare share = FileShare.None)
    {
        var options = new FileStreamOptions
        {
            Mode = mode,
            Access = access,
            Share = share,
            BufferSize = 0,
        };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerOnly;
        }

        return new FileStream(path, options);
    }

    /// <summary>
    /// Writes a new key file and makes it durable; an existing file is never replaced (<see cref="IOException"/>).
    /// </summary>
    public static void CreateKey(string path, ReadOnlySpan<byte> content)
    {
        using (var file = Open(path, FileMode.CreateNew, FileAccess.Write))
        {
            file.Write(content);
            file.Flush(flushToDisk: true);
        }

        DurableFolder.FlushOf(path);
    }

    /// <summary>Puts other content into the place of a key file; a crash leaves the old one or the new one.</summary>
    public static void ReplaceKey(string path, ReadOnlySpan<byte> content)
    {
        var next = path + ".new";
        File.Delete(next);
        CreateKey(next, content);
        File.Move(next, path, overwrite: true);
        DurableFolder.FlushOf(path);
    }

    /// <summary>
    /// Hands the content of a key file to a reader and clears it afterwards; throws <see cref="KeyFileException"/> if
    /// others have rights on the file, it is too large for a key, or the reader finds no key in it.
    /// </summary>
    public static T ReadKey<T>(string path, Func<byte[], T> read)
    {
        // The mode is asked of the open file, so that nobody can exchange the file between question and reading.
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read);
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(file.SafeFileHandle) & Forbidden(path)) != 0)
        {
            throw new KeyFileException(path, $"others than its owner have rights on it. Run 'chmod 600 {path}'");
        }

        if (file.Length > MaxKeyBytes)
        {
            throw new KeyFileException(
                path, $"it has {file.Length} bytes, which no key has. Correct its path in the configuration");
        }

        var content = new byte[file.Length];
        try
        {
            file.ReadExactly(content);
            return read(content);
        }
        catch (FormatException notAKey)
        {
            throw new KeyFileException(path, notAKey.Message, notAKey);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(content);
        }
    }

    /// <summary>
    /// A service manager's credential is readable for one service through an access list, which shows as rights of its
    /// group; the folder that it lies in lets nobody else in.
    /// </summary>
    private static UnixFileMode Forbidden(string path) =>
        ServiceCredential.Contains(path) ? Others & ~UnixFileMode.GroupRead : Others;
}
