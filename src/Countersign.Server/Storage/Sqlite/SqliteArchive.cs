using System.Collections.Immutable;
using Countersign.Core.Actions;
using Countersign.Core.Ledger;
using Countersign.Core.Storage;

namespace Countersign.Server.Storage.Sqlite;

/// <summary>The ledger's tables as its readers see them; each answer comes from one snapshot.</summary>
internal static class SqliteArchive
{
    public static ImmutableDictionary<ActionState, long> CountStates(SqliteSession session) => session
        .Query(
            "SELECT state, count(*) FROM action GROUP BY state",
            static reader => (State: reader.GetString(0), Count: reader.GetInt64(1)))
        .ToImmutableDictionary(row => Enum.Parse<ActionState>(row.State, ignoreCase: true), row => row.Count);

    public static string? ReadCheckpoint(SqliteSession session) =>
        (string?)session.Scalar("SELECT checkpoint FROM log_head");

    public static ImmutableArray<ReadOnlyMemory<byte>> ReadLeaves(SqliteSession session, long from, int count) =>
        [.. StoredTree.ReadLeaves(session, from, count).Select(leaf => new ReadOnlyMemory<byte>(leaf))];

    /// <summary>A tile at the present size of the log; <c>null</c> when the log has none there.</summary>
    public static ReadOnlyMemory<byte>? ReadTile(SqliteSession session, int level, long index, TileEdge edge)
    {
        if (level is < 0 or > TileId.MaxLevel)
        {
            return null;
        }

        var size = (long)session.Scalar("SELECT size FROM log_head")!;
        var tree = new StoredTree(session, size, edge);
        if (tree.FindFullTile(level, index) is { } full)
        {
            return full;
        }

        // Only the tile right behind the full ones of its level can be partial.
        var width = TileId.PartialWidth(level, size);
        var isEdge = width > 0 && index == (size >> (TileId.Height * level)) / TileId.FullWidth;
        return isEdge ? tree.ReadTile(new TileId(level, index, width)).Bytes : default(ReadOnlyMemory<byte>?);
    }

    public static ImmutableArray<ReadOnlyMemory<byte>?> ReadCiphertexts(SqliteSession session, long from, int count)
    {
        var rows = session.Query(
            """
            SELECT ciphertext FROM entry LEFT JOIN payload ON payload.entry = entry.position
            WHERE position >= ?1 AND position < ?1 + ?2 ORDER BY position
            """,
            static reader => new ColumnReader(reader).BytesOrNull(),
            from,
            count);
        return [.. rows.Select(bytes => bytes is null ? null : (ReadOnlyMemory<byte>?)bytes)];
    }

    /// <summary>The row points at the entry that ended the action, which a stop shares with others.</summary>
    public static long? FindLatestOf(SqliteSession session, ActionId action) => (long?)session.Scalar(
        """
        SELECT position FROM entry
        WHERE position BETWEEN (SELECT request_entry FROM action WHERE id = ?1)
                AND (SELECT last_entry FROM action WHERE id = ?1)
            AND instr(leaf, CAST(?2 AS BLOB)) > 0
        ORDER BY position DESC LIMIT 1
        """,
        action.Value,
        $"\"action\":\"{action}\"");

    /// <summary>Proofs for a tree of a size that the log has, or once had.</summary>
    public static ImmutableArray<InclusionProof> Prove(SqliteSession session, ImmutableArray<long> indexes, long size)
    {
        var tree = new StoredTree(session, size);
        return
        [
            .. indexes.Select(index => Completed(
                InclusionProof.CreateAsync(index, size, tree.ReadHashesAsync, CancellationToken.None))),
        ];
    }

    /// <summary>A tree in tables is read without waiting, so that all answers come from one snapshot.</summary>
    private static T Completed<T>(ValueTask<T> task) => task.IsCompleted
        ? task.GetAwaiter().GetResult()
        : throw new InvalidOperationException("The stored tree was read asynchronously.");
}
