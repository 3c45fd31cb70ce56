using System.Collections.Immutable;
using Countersign.Core.Actions;
using Countersign.Core.Ledger;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;
using Microsoft.Data.Sqlite;

namespace Countersign.Server.Storage.Sqlite;

/// <summary>
/// The windows that are open. A row goes with the entry that ends its window; what stays tells of a crash.
/// </summary>
internal static class WindowTable
{
    private const string Select = "SELECT entry, target, node, reads, recorded, until FROM recording_window";

    public static ConflictReason? FindConflict(Change change, SqliteSession session) => 0 switch
    {
        _ when change.OnlyFirstOf is { } action
            && session.Scalar("SELECT 1 FROM entry WHERE action = ?1 LIMIT 1", action.Value) is not null =>
            ConflictReason.AlreadyRecorded,
        _ when change.Window is WindowWrite.Ends { Window: var window }
            && session.Scalar("SELECT 1 FROM recording_window WHERE entry = ?1", window) is null =>
            ConflictReason.WindowEnded,
        _ => null,
    };

    public static void Write(SealedChange change, ImmutableArray<long> indexes, SqliteBatch batch)
    {
        switch (change.Change.Window)
        {
            case null:
                break;
            case WindowWrite.Opens opens:
                var position = change.Entries.ToList().FindIndex(entry => entry.Type == EntryType.RecordingWindow);
                batch.Session.Execute(
                    """
                    INSERT INTO recording_window (entry, target, node, reads, recorded, until)
                    VALUES (?1, ?2, ?3, ?4, 0, ?5)
                    """,
                    indexes[position],
                    opens.Target.Value,
                    opens.Node.Value,
                    opens.Reads,
                    opens.Until.UtcTicks);
                break;
            case WindowWrite.Records records:
                batch.Session.Execute(
                    "UPDATE recording_window SET recorded = recorded + ?2 WHERE entry = ?1",
                    records.Window,
                    records.Reads);
                break;
            case WindowWrite.Ends ends:
                batch.Session.Execute("DELETE FROM recording_window WHERE entry = ?1", ends.Window);
                break;
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    /// <summary>One process has the file, so whoever else opened a window is gone.</summary>
    public static ImmutableArray<RecordingWindow> ListLost(SqliteSession session, NodeId self, int limit) =>
        [.. session.Query($"{Select} WHERE node <> ?1 ORDER BY entry LIMIT ?2", Read, self.Value, limit)];

    public static ImmutableArray<RecordingWindow> List(SqliteSession session, NodeId node, int limit) =>
        [.. session.Query($"{Select} WHERE node = ?1 ORDER BY entry LIMIT ?2", Read, node.Value, limit)];

    private static RecordingWindow Read(SqliteDataReader reader)
    {
        var columns = new ColumnReader(reader);
        return new RecordingWindow(
            columns.Number(),
            new TargetName(columns.Text()),
            new NodeId(columns.Text()),
            columns.Number(),
            columns.Number(),
            columns.Time());
    }
}
