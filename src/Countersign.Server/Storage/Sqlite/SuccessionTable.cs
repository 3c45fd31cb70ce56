using System.Collections.Immutable;
using Countersign.Core.Ledger;

namespace Countersign.Server.Storage.Sqlite;

/// <summary>How the log changed its key: one note for each time, signed by the old key and the new one.</summary>
internal static class SuccessionTable
{
    /// <summary>The notes, oldest first; none in a store that an older version has written.</summary>
    public static IReadOnlyList<string> List(SqliteSession session) =>
        session.Scalar("SELECT 1 FROM sqlite_schema WHERE name = 'key_succession'") is null
            ? []
            : session.Query("SELECT note FROM key_succession ORDER BY entry", static reader => reader.GetString(0));

    public static void Write(SealedChange change, ImmutableArray<long> indexes, SqliteBatch batch)
    {
        if (change.Change.KeySuccession is { } note)
        {
            var position = change.Entries.ToList().FindIndex(entry => entry.Type == EntryType.KeyRotated);
            batch.Session.Execute(
                "INSERT INTO key_succession (entry, note) VALUES (?1, ?2)", indexes[position], note);
        }
    }
}
