using System.Text;
using Countersign.Core.Ledger;
using Countersign.Core.Storage;
using Countersign.Server.Keys;

namespace Countersign.Server.Storage.Sqlite;

/// <summary>Compares a store with its head file before anything is signed on top of it.</summary>
internal static class HeadGuard
{
    private const string WayOn =
        "To go on from this one on purpose, two persons run 'countersign ledger accept-restore'; nothing is signed " +
        "before.";

    /// <summary>
    /// What the head file of an empty log holds, so that a missing file always means that it was lost.
    /// </summary>
    public static string EmptyCheckpoint(LedgerKey key)
    {
        var empty = new LogHead(key.Origin, TileEdge.Empty);
        return Encoding.UTF8.GetString(key.Sign(empty.ToCheckpoint().ToText()).ToBytes());
    }

    /// <exception cref="StoreUnavailableException">The store is behind its head file, or another history.</exception>
    public static async Task CheckAsync(
        WriteConnection connection, HeadFile headFile, SqliteStoreOptions options, CancellationToken cancellationToken)
    {
        var log = connection.Head.Log;
        if (File.Exists(RestoreFile.PathOf(options.HeadFile)) && RestoreFile.Of(options).Read() is { IsAccepted: true })
        {
            throw new StoreUnavailableException(
                $"Accepting the restored store '{options.Path}' was interrupted. Run 'countersign ledger "
                + "accept-restore' once more; what was open when the copy was made has to end before anything runs.");
        }

        if (headFile.Read() is not { } note)
        {
            RefuseUnlessEmpty(log, options);
            return;
        }

        var seen = Read(note, options);
        if (seen.Size > log.Size)
        {
            throw new StoreUnavailableException(
                $"The store '{options.Path}' was rolled back: it holds {log.Size} entries, and its head file "
                + $"'{options.HeadFile}' has seen {seen.Size}. Put the newest copy of the store back. {WayOn}");
        }

        if (!await StoredLog.ExtendsAsync(connection.Session, log, seen, cancellationToken))
        {
            throw new StoreUnavailableException(
                $"The store '{options.Path}' with {log.Size} entries is another history than the one that its head "
                + $"file '{options.HeadFile}' has seen at size {seen.Size}. Put the right store back. {WayOn}");
        }
    }

    private static void RefuseUnlessEmpty(LogHead log, SqliteStoreOptions options)
    {
        if (log.Size > 0)
        {
            throw new StoreUnavailableException(
                $"The head file '{options.HeadFile}' is missing, so nobody can tell whether the store '{options.Path}' "
                + $"with {log.Size} entries is the newest copy. Put the file back, or correct ledger.head_file. "
                + WayOn);
        }
    }

    private static Checkpoint Read(string note, SqliteStoreOptions options)
    {
        try
        {
            return StoredLog.ReadCheckpoint(note, options.Key);
        }
        catch (FormatException e)
        {
            throw new StoreUnavailableException(
                $"The head file '{options.HeadFile}' cannot be believed: {e.Message} " +
                $"Put the right file back. {WayOn}", e);
        }
    }
}
