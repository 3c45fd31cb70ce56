using System.Runtime.InteropServices;

namespace Countersign.Server.Keys;

/// <summary>
/// Makes a folder's list of names durable. A file that was flushed can still be gone after a power failure when the
/// folder that names it was not.
/// </summary>
internal static partial class DurableFolder
{
    private const int ReadOnly = 0;
    private const string Library = "libc";

    /// <summary>Flushes the folder of a file that was made, renamed or removed.</summary>
    /// <exception cref="IOException">The folder cannot be flushed, so nothing may rest on the file.</exception>
    public static void FlushOf(string path)
    {
        // Windows keeps names in its own journal and has no such call.
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        var descriptor = Open(folder, ReadOnly);
        if (descriptor < 0)
        {
            throw Failed(folder, "opened");
        }

        try
        {
            // Some network file systems flush names by themselves and say that they cannot be asked to (EINVAL).
            const int invalid = 22;
            if (Flush(descriptor) != 0 && Marshal.GetLastPInvokeError() != invalid)
            {
                throw Failed(folder, "flushed");
            }
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    private static IOException Failed(string folder, string what) =>
        new($"The folder '{folder}' cannot be {what}: {Marshal.GetLastPInvokeErrorMessage()}.");

    [LibraryImport(Library, EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport(Library, EntryPoint = "fsync", SetLastError = true)]
    private static partial int Flush(int descriptor);

    [LibraryImport(Library, EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);
}
