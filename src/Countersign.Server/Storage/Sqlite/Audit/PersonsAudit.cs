using System.Text;
using Countersign.Core.Ledger;
using Countersign.Core.Storage;

namespace Countersign.Server.Storage.Sqlite.Audit;

/// <summary>Who the pseudonyms in rows stand for.</summary>
internal sealed class PersonsAudit
{
    private readonly Dictionary<string, string?> _persons = new(StringComparer.Ordinal);
    private readonly bool _isOpen;
    private readonly bool _mayBeErased;

    private PersonsAudit(bool isOpen, bool mayBeErased) => (_isOpen, _mayBeErased) = (isOpen, mayBeErased);

    /// <summary>Opens every row, and names those that do not open or that other rows miss.</summary>
    public static PersonsAudit Run(SqliteSession session, PayloadVault? vault, Findings findings)
    {
        var erasure = $"\"type\":\"{EntryType.ErasureExecuted.ToText()}\"";
        var mayBeErased = session.Scalar(
            "SELECT 1 FROM entry WHERE action IS NULL AND instr(CAST(leaf AS TEXT), ?1) > 0 LIMIT 1",
            erasure) is not null;
        var audit = new PersonsAudit(vault is not null, mayBeErased);
        foreach (var (pseudonym, sealedId) in session.Query(
            "SELECT pseudonym, sealed_id FROM person",
            static reader => (reader.GetString(0), (byte[])reader.GetValue(1))))
        {
            audit._persons[pseudonym] = vault is null ? null : Open(vault, pseudonym, sealedId, findings);
        }

        return audit;
    }

    /// <summary>Names a pseudonym that nobody has, and one that stands for another person than an entry says.</summary>
    /// <param name="pseudonym">As the row has it.</param>
    /// <param name="person">As the entry has it; <c>null</c> where that is not known.</param>
    /// <param name="where">The row.</param>
    /// <param name="findings">Where it is noted.</param>
    public void Expect(string pseudonym, string? person, string where, Findings findings)
    {
        if (!_persons.TryGetValue(pseudonym, out var known))
        {
            findings.Expect(_mayBeErased, $"{where} names the pseudonym {pseudonym}, which no person has, and no " +
                "entry says that one was erased.");
            return;
        }

        if (_isOpen && person is not null && known is not null && known != person)
        {
            findings.Add($"{where} names another person than its entry does.");
        }
    }

    private static string? Open(PayloadVault vault, string pseudonym, byte[] sealedId, Findings findings)
    {
        try
        {
            return Encoding.UTF8.GetString(
                vault.OpenValue(sealedId, Pseudonyms.ContextOf(Pseudonym.Parse(pseudonym))));
        }
        catch (Exception e) when (e is StoreUnavailableException or FormatException)
        {
            findings.Add($"The person behind the pseudonym {pseudonym} does not open with the payload key: the row " +
                "was damaged or exchanged.");
            return null;
        }
    }
}
