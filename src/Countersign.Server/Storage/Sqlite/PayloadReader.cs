using Countersign.Core.Ledger;
using Countersign.Core.Storage;

namespace Countersign.Server.Storage.Sqlite;

/// <summary>Opens payloads, and only those whose ciphertext has the hash that the ledger's leaf holds.</summary>
internal sealed class PayloadReader(SqliteSession session, PayloadVault vault)
{
    /// <summary>The payload of an entry; <c>null</c> without an entry, and when the payload was erased.</summary>
    /// <exception cref="StoreUnavailableException">The payload was damaged or exchanged.</exception>
    public ReadOnlyMemory<byte>? Find(long? index)
    {
        if (index is null)
        {
            return null;
        }

        var found = session.Query(
            """
            SELECT leaf, ciphertext, wrapped_key FROM entry LEFT JOIN payload ON payload.entry = entry.position
            WHERE position = ?1
            """,
            static reader => Read(new ColumnReader(reader)),
            index);
        return found is [{ Payload: { } payload, Leaf: var leaf }]
            ? Open(index.Value, leaf, payload)
            : default(ReadOnlyMemory<byte>?);
    }

    /// <summary>The entry as a stranger can check it; <c>null</c> when the log has none there.</summary>
    /// <exception cref="StoreUnavailableException">The payload was damaged or exchanged.</exception>
    public LoggedEntry? FindEntry(long index)
    {
        var found = session.Query(
            """
            SELECT leaf, ciphertext, wrapped_key FROM entry LEFT JOIN payload ON payload.entry = entry.position
            WHERE position = ?1
            """,
            static reader => Read(new ColumnReader(reader)),
            index);
        return found is not [var entry]
            ? null
            : new LoggedEntry(
                index,
                entry.Leaf.Encode(),
                entry.Payload is { } payload ? Disclose(index, entry.Leaf, payload) : null);
    }

    private static (Leaf Leaf, SealedPayload? Payload) Read(ColumnReader columns)
    {
        var (leaf, ciphertext, wrappedKey) = (columns.Bytes(), columns.BytesOrNull(), columns.BytesOrNull());
        return (Leaf.Decode(leaf), ciphertext is null ? null : new SealedPayload(ciphertext, wrappedKey!));
    }

    private OpenedPayload? Disclose(long index, Leaf leaf, SealedPayload payload)
    {
        Check(index, leaf, payload);
        return vault.Disclose(payload, SealedChange.Context(leaf.Type, leaf.Subject?.Action));
    }

    private ReadOnlyMemory<byte> Open(long index, Leaf leaf, SealedPayload payload)
    {
        Check(index, leaf, payload);
        return vault.Open(payload, SealedChange.Context(leaf.Type, leaf.Subject?.Action));
    }

    private static void Check(long index, Leaf leaf, SealedPayload payload)
    {
        if (Hash32.Of(payload.Ciphertext) != leaf.Payload)
        {
            throw new StoreUnavailableException(
                $"The payload of ledger entry {index} does not have the hash that its leaf holds: it was damaged or "
                + "exchanged. Restore the store from a backup and verify it.");
        }
    }
}
