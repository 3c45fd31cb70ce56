using System.Collections.Immutable;
using Countersign.Core.Ledger;
using Countersign.Core.Storage;

namespace Countersign.Server.Storage.Sqlite;

/// <summary>Which accounts of channels were linked. Whose they are is only ever in the payload of the entry.</summary>
internal static class AccountTable
{
    /// <summary>The purpose of the key that accounts are named with in rows.</summary>
    public const string KeyPurpose = "countersign-slack-account-v1";

    private const string Select = "SELECT account, entry FROM account_link";

    public static ConflictReason? FindConflict(Change change, SqliteSession session) => change.Account switch
    {
        AccountWrite.Links links when EntryOf(links.Account, session) is not null => ConflictReason.AccountTaken,
        AccountWrite.Unlinks unlinks when EntryOf(unlinks.Account, session) != unlinks.Entry =>
            ConflictReason.AccountNotLinked,
        _ => null,
    };

    public static void Write(SealedChange change, ImmutableArray<long> indexes, SqliteBatch batch)
    {
        switch (change.Change.Account)
        {
            case AccountWrite.Links links:
                var position = change.Entries.ToList().FindIndex(draft => draft.Type == EntryType.PersonChanged);
                batch.Session.Execute(
                    "INSERT INTO account_link (account, entry) VALUES (?1, ?2)",
                    links.Account.Value,
                    indexes[position]);
                break;
            case AccountWrite.Unlinks unlinks:
                batch.Session.Execute("DELETE FROM account_link WHERE account = ?1", unlinks.Account.Value);
                break;
            default:
                break;
        }
    }

    public static AccountLink? Find(SqliteSession session, PayloadReader payloads, AccountKey account) =>
        session.Query(
            $"{Select} WHERE account = ?1", reader => Read(new ColumnReader(reader), payloads), account.Value)
            .FirstOrDefault();

    public static ImmutableArray<AccountLink> List(SqliteSession session, PayloadReader payloads) =>
        [.. session.Query($"{Select} ORDER BY entry", reader => Read(new ColumnReader(reader), payloads))];

    private static long? EntryOf(AccountKey account, SqliteSession session) =>
        (long?)session.Scalar("SELECT entry FROM account_link WHERE account = ?1", account.Value);

    private static AccountLink Read(ColumnReader columns, PayloadReader payloads)
    {
        var (account, entry) = (new AccountKey(columns.Text()), columns.Number());
        return new AccountLink(account, entry, payloads.Find(entry));
    }
}
