using System.Collections.Immutable;
using Countersign.Core.Identity;
using Countersign.Core.Ledger;
using Countersign.Core.Storage;

namespace Countersign.Server.Storage.Sqlite;

/// <summary>Which rosters were in force, one after another. What they hold is in the payloads only.</summary>
internal static class RosterTable
{
    public static RosterInForce? Find(SqliteSession session) => session.Query(
        "SELECT hash, epoch, entry FROM roster ORDER BY epoch DESC LIMIT 1",
        static reader => new RosterInForce(
            RosterHash.Parse(reader.GetString(0)),
            reader.GetInt64(1),
            reader.IsDBNull(2) ? null : reader.GetInt64(2))).FirstOrDefault();

    public static ConflictReason? FindConflict(Change change, SqliteSession session) =>
        change.OnlyUnderRoster is { } roster && (Find(session)?.Hash ?? default) != roster
            ? ConflictReason.StaleRoster
            : null;

    public static void Write(SealedChange change, ImmutableArray<long> indexes, SqliteBatch batch)
    {
        if (change.Change.NewRoster is not { } hash)
        {
            return;
        }

        var entry = change.Entries
            .Zip(indexes, (sealedEntry, index) => (sealedEntry.Type, Index: (long?)index))
            .FirstOrDefault(written => written.Type is EntryType.PersonChanged or EntryType.AgentChanged)
            .Index;
        batch.Session.Execute(
            """
            INSERT INTO roster (epoch, hash, at, entry)
            VALUES ((SELECT coalesce(max(epoch), 0) + 1 FROM roster), ?1, ?2, ?3)
            """,
            hash.Value,
            batch.At.UtcTicks,
            entry);
    }
}
