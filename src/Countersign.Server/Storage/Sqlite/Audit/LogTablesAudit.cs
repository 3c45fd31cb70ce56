using Countersign.Core.Ledger;

namespace Countersign.Server.Storage.Sqlite.Audit;

/// <summary>
/// What belongs to the log and is not part of its tree: the head row, and rows that should not be there.
/// </summary>
internal sealed class LogTablesAudit(SqliteSession session, Findings findings)
{
    private const int MaxNamed = 10;

    public void Run(Checkpoint head, string? payloadKeyId)
    {
        CheckHead(head, payloadKeyId);
        foreach (var index in Numbers(
            "SELECT position FROM entry WHERE position < 0 OR position >= ?1 ORDER BY position LIMIT ?2", head.Size))
        {
            findings.Add($"Entry {index} lies outside of the log of {head.Size} entries.");
        }

        foreach (var index in Numbers(
            """
            SELECT payload.entry FROM payload LEFT JOIN entry ON entry.position = payload.entry
            WHERE entry.position IS NULL OR payload.entry >= ?1 ORDER BY 1 LIMIT ?2
            """,
            head.Size))
        {
            findings.Add($"There is a payload for entry {index}, which the log does not have.");
        }

        CheckTiles(head.Size);
    }

    private void CheckHead(Checkpoint head, string? payloadKeyId)
    {
        var rows = session.Query(
            "SELECT origin, payload_key_id, size, compact_range, clock, policy_epoch FROM log_head",
            static reader => (
                Origin: reader.GetString(0),
                KeyId: reader.GetString(1),
                Size: reader.GetInt64(2),
                Range: (byte[])reader.GetValue(3),
                Clock: reader.GetInt64(4),
                Epoch: reader.GetInt64(5)));
        foreach (var row in rows)
        {
            findings.Expect(row.Origin == head.Origin.Value, $"The head row names the log '{row.Origin}', its " +
                $"checkpoint '{head.Origin}'.");
            findings.Expect(row.Size == head.Size && HasRoot(row.Range, head), "The head row's size or compact range " +
                $"is not that of the checkpoint of {head.Size} entries.");
            findings.Expect(payloadKeyId is null || row.KeyId == payloadKeyId, "The head row says that payloads are " +
                $"sealed under key {row.KeyId}, and the key given is {payloadKeyId}.");
            var epoch = (long?)session.Scalar("SELECT max(epoch) FROM policy") ?? 0;
            findings.Expect(row.Epoch == epoch, $"The head row says policy epoch {row.Epoch}, and the newest policy " +
                $"has epoch {epoch}.");
            findings.Expect(
                row.Clock >= TimeOfLast(head.Size), "The head row's clock is behind the last entry's time.");
        }
    }

    private static bool HasRoot(byte[] range, Checkpoint head)
    {
        try
        {
            return CompactRange.FromBytes(range) is var read && read.Size == head.Size && read.Root == head.Root;
        }
        catch (FormatException)
        {
            return false;
        }
    }

    private long TimeOfLast(long size)
    {
        try
        {
            return StoredTree.ReadLeaves(session, size - 1, 1) is [var leaf] ? Leaf.Decode(leaf).At.UtcTicks : 0;
        }
        catch (FormatException)
        {
            // The audit of the log names a leaf that is none.
            return 0;
        }
    }

    /// <summary>The audit of the log has read every tile it made; what is left is what it did not ask for.</summary>
    private void CheckTiles(long size)
    {
        var extra = session.Query(
            "SELECT level, position FROM tile ORDER BY level, position",
            static reader => (Level: reader.GetInt64(0), Index: reader.GetInt64(1)))
            .Where(tile => tile.Level is < 0 or > TileId.MaxLevel || tile.Index < 0
                || tile.Index >= FullTiles((int)tile.Level, size))
            .Take(MaxNamed);
        foreach (var tile in extra)
        {
            findings.Add($"Tile {tile.Index} of level {tile.Level} is kept, and the log of {size} entries has none " +
                "there.");
        }
    }

    private static long FullTiles(int level, long size) =>
        TileId.Height * (level + 1) > Subtree.MaxLevel ? 0 : size >> (TileId.Height * (level + 1));

    private List<long> Numbers(string sql, long size) =>
        session.Query(sql, static reader => reader.GetInt64(0), size, MaxNamed);
}
