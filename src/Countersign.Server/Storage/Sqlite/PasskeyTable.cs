using System.Collections.Immutable;
using Countersign.Core.Ledger;
using Countersign.Core.Storage;

namespace Countersign.Server.Storage.Sqlite;

/// <summary>
/// The passkeys that are not revoked. A vote asks inside its own transaction, so none that was signed with a revoked
/// passkey becomes durable.
/// </summary>
internal static class PasskeyTable
{
    public static ConflictReason? FindConflict(Change change, SqliteSession session) => change.Passkey switch
    {
        null => null,
        PasskeyWrite.Enrols enrols => CountOf(enrols, session) is null ? null : ConflictReason.PasskeyKnown,
        PasskeyWrite.Uses uses => CountOf(uses, session) == uses.Before ? null : ConflictReason.PasskeyMoved,
        PasskeyWrite.Revokes revokes => CountOf(revokes, session) is null ? ConflictReason.PasskeyMoved : null,
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    public static void Write(SealedChange change, ImmutableArray<long> indexes, SqliteBatch batch)
    {
        switch (change.Change.Passkey)
        {
            case null:
                break;
            case PasskeyWrite.Enrols enrols:
                var position = change.Entries.ToList().FindIndex(entry => entry.Type == EntryType.CredentialEnrolled);
                batch.Session.Execute(
                    "INSERT INTO passkey (entry, locator, person, sign_count, at) VALUES (?1, ?2, ?3, ?4, ?5)",
                    indexes[position],
                    enrols.Locator,
                    batch.PseudonymOf(enrols.Person).Value,
                    enrols.SignCount,
                    batch.At.UtcTicks);
                break;
            case PasskeyWrite.Uses uses:
                batch.Session.Execute(
                    "UPDATE passkey SET sign_count = ?2 WHERE locator = ?1", uses.Locator, uses.SignCount);
                break;
            case PasskeyWrite.Revokes revokes:
                batch.Session.Execute("DELETE FROM passkey WHERE locator = ?1", revokes.Locator);
                break;
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    public static ImmutableArray<PasskeyRow> List(
        SqliteSession session, PayloadReader payloads, Pseudonyms pseudonyms, PasskeyFilter filter)
    {
        // Whoever has no pseudonym has no row; no pseudonym is empty.
        var person = filter.Person is { } id ? pseudonyms.Find(id)?.Value ?? "" : null;
        return [.. session.Query(
            """
            SELECT person, entry, at, sign_count FROM passkey
            WHERE (?1 IS NULL OR person = ?1) AND (?2 IS NULL OR locator = ?2) ORDER BY entry
            """,
            reader => Read(new ColumnReader(reader), payloads, pseudonyms),
            person,
            filter.Locator)];
    }

    private static long? CountOf(PasskeyWrite write, SqliteSession session) =>
        (long?)session.Scalar("SELECT sign_count FROM passkey WHERE locator = ?1", write.Locator);

    private static PasskeyRow Read(ColumnReader columns, PayloadReader payloads, Pseudonyms pseudonyms)
    {
        var person = pseudonyms.PersonOf(Pseudonym.Parse(columns.Text()));
        var (entry, at, count) = (columns.Number(), columns.Time(), columns.Number());
        return new PasskeyRow(person, entry, at, count, payloads.Find(entry));
    }
}
