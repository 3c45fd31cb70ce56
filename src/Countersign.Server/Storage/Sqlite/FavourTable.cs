using System.Collections.Immutable;
using Countersign.Core.Actions;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;

namespace Countersign.Server.Storage.Sqlite;

/// <summary>
/// Who approved whose requests, the latest time for each two persons: a vote asks inside its own transaction, so of two
/// that approve each other's at once the second knows of the first.
/// </summary>
internal static class FavourTable
{
    public static ConflictReason? FindConflict(Change change, SqliteBatch batch) =>
        change.OnlyWithoutFavour is { } guard
        && batch.FindPseudonym(guard.Of) is { } behind
        && guard.By.Any(by => batch.FindPseudonym(by) is { } voter && batch.Session.Scalar(
            "SELECT 1 FROM favour WHERE voter = ?1 AND behind = ?2 AND at > ?3",
            voter.Value,
            behind.Value,
            guard.After.UtcTicks) is not null)
            ? ConflictReason.FavourDone
            : null;

    public static void Write(VoteRow vote, SqliteBatch batch)
    {
        foreach (var person in vote.Behind)
        {
            batch.Session.Execute(
                """
                INSERT INTO favour (voter, behind, action, at) VALUES (?1, ?2, ?3, ?4)
                ON CONFLICT (voter, behind) DO UPDATE SET action = excluded.action, at = excluded.at
                """,
                batch.PseudonymOf(vote.Person).Value,
                batch.PseudonymOf(person).Value,
                vote.Action.Value,
                vote.At.UtcTicks);
        }
    }

    public static ImmutableArray<Favour> List(SqliteSession session, Pseudonyms pseudonyms, DateTimeOffset since) =>
    [
        .. session.Query(
            "SELECT voter, behind, action, at FROM favour WHERE at >= ?1 ORDER BY at, voter, behind",
            reader => Read(new ColumnReader(reader), pseudonyms),
            since.UtcTicks),
    ];

    private static Favour Read(ColumnReader columns, Pseudonyms pseudonyms) => new(
        pseudonyms.PersonOf(Pseudonym.Parse(columns.Text())),
        pseudonyms.PersonOf(Pseudonym.Parse(columns.Text())),
        ActionId.Parse(columns.Text()),
        columns.Time());
}
