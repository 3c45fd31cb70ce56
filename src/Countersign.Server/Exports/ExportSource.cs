using System.Collections.Immutable;
using System.Numerics;
using System.Text;
using Countersign.Core.Ledger;
using Countersign.Server.Storage.Sqlite;
using Countersign.Server.Storage.Sqlite.Audit;
using Microsoft.Data.Sqlite;

namespace Countersign.Server.Exports;

/// <summary>Reads what an export needs from the store's file: its ends and their proofs, then row after row.</summary>
internal sealed class ExportSource : IDisposable
{
    private const string Entries = """
        SELECT position, leaf, ciphertext, wrapped_key FROM entry LEFT JOIN payload ON payload.entry = position
        WHERE position >= ?1 AND position < ?2 ORDER BY position
        """;

    private readonly SqliteSession _session;

    /// <summary>Opens a connection of its own, so that a long export keeps nobody else from reading.</summary>
    public ExportSource(string path) => _session = SqliteSession.Open(path, SqliteOpenMode.ReadOnly);

    /// <summary>The ends of a slice, with everything that proves it complete.</summary>
    /// <exception cref="ExportRefusedException">No checkpoint was signed at one of the sizes.</exception>
    public async Task<ExportHead> ReadHeadAsync(ExportOptions options, CancellationToken cancellationToken)
    {
        var to = options.To ?? (long?)_session.Scalar("SELECT max(size) FROM checkpoint")
            ?? throw new ExportRefusedException("The log has no entry yet, so there is nothing to export.");
        var (toNote, fromNote) = (NoteAt(to), options.From == 0 ? null : NoteAt(options.From));
        if (options.From < 0 || options.From >= to)
        {
            throw new ExportRefusedException(
                $"An export from size {options.From} to size {to} has no rows; give a smaller 'from'.");
        }

        var tree = new StoredTree(_session, to);
        var before = await tree.ReadHashesAsync(SubtreesOf(options.From), cancellationToken);
        var proof = await ConsistencyProof.CreateAsync(options.From, to, tree.ReadHashesAsync, cancellationToken);
        return new ExportHead
        {
            From = options.From,
            To = to,
            FromCheckpoint = fromNote,
            ToCheckpoint = toNote,
            Before = [.. before],
            Consistency = [.. proof.Hashes],
            Successions = [.. SuccessionTable.List(_session)],
            WithPayloads = options.WithPayloads,
            Entry = -1,
        };
    }

    /// <summary>The rows of a slice, in order: position, leaf, ciphertext, wrapped key.</summary>
    public RawRows ReadRows(ExportHead head) => new(_session, Entries, head.From, head.To);

    public void Dispose() => _session.Dispose();

    /// <summary>The complete subtrees of a tree of this size, largest first: one for each set bit.</summary>
    internal static List<Subtree> SubtreesOf(long size)
    {
        var subtrees = new List<Subtree>();
        for (var (start, rest) = (0L, size); rest > 0;)
        {
            var level = BitOperations.Log2((ulong)rest);
            subtrees.Add(new Subtree(level, start >> level));
            start += 1L << level;
            rest -= 1L << level;
        }

        return subtrees;
    }

    private string NoteAt(long size)
    {
        if (_session.Scalar("SELECT note FROM checkpoint WHERE size = ?1", size) is string note)
        {
            return note;
        }

        var below = _session.Scalar("SELECT max(size) FROM checkpoint WHERE size < ?1", size);
        var above = _session.Scalar("SELECT min(size) FROM checkpoint WHERE size > ?1", size);
        throw new ExportRefusedException(
            $"No checkpoint was signed at size {size}; the nearest are {below ?? "none"} and {above ?? "none"}.");
    }
}
