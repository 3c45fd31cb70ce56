using Countersign.Core.Ledger;

namespace Countersign.Server.Storage.Sqlite.Audit;

/// <summary>
/// Entries that are not about requests, or besides them: few, so they are found by reading their leaves once more.
/// </summary>
internal sealed class EntryFinder(SqliteSession session, OpenPayloads? payloads)
{
    private const string Select = """
        SELECT position, leaf, ciphertext, wrapped_key FROM entry LEFT JOIN payload ON payload.entry = position
        """;

    /// <summary>Every entry of a type that names no action, in order.</summary>
    public IEnumerable<KnownEntry> OfType(EntryType type) => WithoutAction().Where(entry => entry.Leaf.Type == type);

    /// <summary>Every entry that names no action, in order.</summary>
    public IEnumerable<KnownEntry> WithoutAction() => Read($"{Select} WHERE action IS NULL ORDER BY position");

    /// <summary>
    /// What an execution of the gateway's own recorded beside itself: accepted definitions, resumed agents.
    /// </summary>
    public IEnumerable<KnownEntry> OfGateway() => Read(
        $"""
        {Select} WHERE action IN (SELECT id FROM action WHERE agent = 'countersign') ORDER BY position
        """).Where(entry => entry.Leaf.Type is EntryType.DefinitionAccepted or EntryType.AgentChanged);

    /// <summary>The type and time of an entry; <c>null</c> when there is none or it is no leaf.</summary>
    public Leaf? Find(long? index)
    {
        try
        {
            return index is { } known && StoredTree.ReadLeaves(session, known, 1) is [var leaf]
                ? Leaf.Decode(leaf)
                : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private IEnumerable<KnownEntry> Read(string sql)
    {
        using var rows = new RawRows(session, sql);
        while (rows.Step())
        {
            if (TryRead(rows) is { } entry)
            {
                yield return entry;
            }
        }
    }

    private KnownEntry? TryRead(RawRows rows)
    {
        try
        {
            var leaf = Leaf.Decode(rows.Bytes(1));
            var payload = rows.IsNull(2) || payloads is null
                ? null
                : payloads.Open(rows.Number(0), leaf, rows.Bytes(2), rows.Bytes(3));
            return new KnownEntry(rows.Number(0), leaf, payload);
        }
        catch (FormatException)
        {
            // The audit of the log has named it.
            return null;
        }
    }
}
