using Countersign.Core.Storage;
using Countersign.Server.Keys;

namespace Countersign.Server.Storage;

/// <summary>
/// Keeps a second process away from a database that has one writer. The system releases it when the process dies; the
/// file itself stays, because removing it would let two processes lock two files of one name. It is its owner's only:
/// whoever may open it may lock it, and keep the server from starting.
/// </summary>
internal sealed class LockFile : IDisposable
{
    private readonly FileStream _file;

    private LockFile(FileStream file) => _file = file;

    public static LockFile Take(string path)
    {
        try
        {
            return new LockFile(OwnerOnlyFile.Open(path, FileMode.OpenOrCreate, FileAccess.ReadWrite));
        }
        catch (Exception e) when (e is UnauthorizedAccessException or DirectoryNotFoundException)
        {
            throw new StoreUnavailableException(
                $"The lock file '{path}' cannot be opened: {e.Message} Make sure that the store's folder exists and "
                + "that the user who runs countersign may write there.", e);
        }
        catch (IOException e)
        {
            throw new StoreUnavailableException(
                $"The store is locked by another process ('{path}': {e.Message}). Stop the other countersign first: "
                + "one SQLite store serves one process.", e);
        }
    }

    public void Dispose() => _file.Dispose();
}
