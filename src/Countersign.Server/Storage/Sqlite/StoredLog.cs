using System.Text;
using Countersign.Core.Ledger;
using Countersign.Core.Storage;
using Countersign.Server.Keys;

namespace Countersign.Server.Storage.Sqlite;

/// <summary>
/// Takes the log up from its tables, and believes nothing there that the signed checkpoint does not confirm.
/// </summary>
internal static class StoredLog
{
    /// <summary>
    /// Verifies a head: (1) the checkpoint is signed by our key and says what the head row says, (2) the entries end
    /// where the log ends, (3) the last entries and the edge of the tiles have the hashes that the root was made of.
    /// </summary>
    /// <exception cref="StoreUnavailableException">One of them does not hold.</exception>
    public static async Task<LogHead> LoadAsync(
        SqliteSession session, SqliteStoreOptions options, HeadRow row, CancellationToken cancellationToken)
    {
        try
        {
            CheckCheckpoint(row, options.Key);
            CheckEntries(session, row.Range.Size);
            var tree = new StoredTree(session, row.Range.Size);
            CheckLastTile(tree, row.Range.Size);
            var edge = await TileEdge.LoadAsync(row.Range, tree.ReadHashesAsync, cancellationToken);
            return new LogHead(options.Key.Origin, edge);
        }
        catch (Exception e) when (e is FormatException or InvalidDataException)
        {
            throw new StoreUnavailableException($"The ledger in '{options.Path}' does not verify: {e.Message}", e);
        }
    }

    /// <summary>Makes sure that a tree that was seen before is the beginning of this log.</summary>
    public static async Task<bool> ExtendsAsync(
        SqliteSession session, LogHead log, Checkpoint seen, CancellationToken cancellationToken)
    {
        if (seen.Size == 0 || seen.Size > log.Size)
        {
            return seen.Size == 0;
        }

        var tree = new StoredTree(session, log.Size);
        var proof = await ConsistencyProof.CreateAsync(seen.Size, log.Size, tree.ReadHashesAsync, cancellationToken);
        return proof.Verify(seen.Root, log.Root);
    }

    /// <summary>
    /// Reads a checkpoint of our own; throws <see cref="FormatException"/> unless our key signed it, or in the overlap
    /// of a rotation the one before it.
    /// </summary>
    public static Checkpoint ReadCheckpoint(string note, LedgerKey key)
    {
        var signed = SignedNote.Parse(Encoding.UTF8.GetBytes(note));
        return key.Verify(signed) is NoteCheck.Trusted
            ? Checkpoint.Parse(signed.Text.Span)
            : throw new FormatException(
                $"Its checkpoint is not signed by the configured key ({key.VerifierKey}). " +
                "Restore the right ledger.key; to change the key, name the one before it as ledger.previous_key.");
    }

    /// <summary>
    /// The note by which the configured key follows the one that signed last; <c>null</c> when it signed itself.
    /// </summary>
    public static KeySuccession? SuccessionDue(StoreHead head, LedgerKey key) =>
        head.Checkpoint is { } note ? key.SuccessionFor(SignedNote.Parse(Encoding.UTF8.GetBytes(note))) : null;

    private static void CheckCheckpoint(HeadRow row, LedgerKey key)
    {
        if (row.Checkpoint is null && row.Range.Size == 0)
        {
            return;
        }

        var checkpoint = ReadCheckpoint(row.Checkpoint ?? "", key);
        if (checkpoint.Size != row.Range.Size || checkpoint.Root != row.Range.Root || checkpoint.Origin != key.Origin)
        {
            throw new InvalidDataException(
                $"The signed checkpoint has size {checkpoint.Size} and root {checkpoint.Root}, the head row "
                + $"{row.Range.Size} and {row.Range.Root}. Restore the store from a backup.");
        }
    }

    private static void CheckEntries(SqliteSession session, long size)
    {
        var last = (long?)session.Scalar("SELECT max(position) FROM entry") ?? -1;
        if (last != size - 1)
        {
            throw new InvalidDataException(
                $"The head counts {size} entries, and the last one stored has index {last}. " +
                "Restore the store from a backup.");
        }
    }

    /// <summary>A partial last tile is hashed from its entries anyway; a full one is compared with them here.</summary>
    private static void CheckLastTile(StoredTree tree, long size)
    {
        if (size == 0 || size % TileId.FullWidth != 0)
        {
            return;
        }

        var id = new TileId(0, (size / TileId.FullWidth) - 1, TileId.FullWidth);
        if (!tree.HashEntries(id).Bytes.Span.SequenceEqual(tree.ReadTile(id).Bytes.Span))
        {
            throw new InvalidDataException(
                $"The last {TileId.FullWidth} entries do not have the hashes of their tile. " +
                "Restore the store from a backup.");
        }
    }
}
