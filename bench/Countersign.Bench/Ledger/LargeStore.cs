using System.Security.Cryptography;
using System.Text;
using Countersign.Core.Actions;
using Countersign.Core.Ledger;
using Countersign.Server.Keys;
using Countersign.Server.Storage;
using Countersign.Server.Storage.Sqlite;
using Microsoft.Data.Sqlite;

namespace Countersign.Bench.Ledger;

/// <summary>
/// A store with millions of entries, written as the product writes it (leaves, ciphertexts, tiles, a signed checkpoint
/// for each commit of 64 entries), but without waiting for the disk. Each is an entry of reads that were recorded
/// together: an action of its own, without a row.
/// </summary>
internal sealed class LargeStore : IDisposable
{
    private const int EntriesOfCommit = 64;

    private readonly string _folder = Directory.CreateTempSubdirectory("countersign-bench-").FullName;

    public LargeStore()
    {
        Vault = new PayloadVault(
            new PayloadKey(RandomNumberGenerator.GetBytes(ExtendedAesGcm.KeyBytes)), RandomNumberGenerator.Fill);
        Key = new LedgerKey(
            new KeyName("bench.example/countersign"), new Ed25519SigningKey(Ed25519SigningKey.NewSeed()));
    }

    public PayloadVault Vault { get; }

    public LedgerKey Key { get; }

    public string Path => System.IO.Path.Combine(_folder, "store.db");

    public SqliteStoreOptions Options => new()
    {
        Path = Path,
        HeadFile = System.IO.Path.Combine(_folder, "ledger.head"),
        Key = Key,
        Vault = Vault,
        Random = RandomNumberGenerator.Fill,
        Time = TimeProvider.System,
    };

    /// <summary>Makes the tables, then fills them.</summary>
    /// <param name="entries">How many.</param>
    /// <param name="onlyTiles">Leaves out rows that no proof reads: leaves under full tiles, and payloads.</param>
    public async Task WriteAsync(long entries, bool onlyTiles)
    {
        await (await SqliteStore.OpenAsync(Options, CancellationToken.None)).DisposeAsync();
        using var session = SqliteSession.Open(Path, SqliteOpenMode.ReadWrite);
        session.RunScript("PRAGMA synchronous = OFF; PRAGMA cache_size = -65536; DROP TRIGGER entry_is_only_appended");
        var (edge, checkpoint) = (TileEdge.Empty, "");
        var start = DateTimeOffset.UnixEpoch.AddYears(55);
        session.Execute("BEGIN");
        for (var first = 0L; first < entries; first += EntriesOfCommit)
        {
            var count = (int)Math.Min(EntriesOfCommit, entries - first);
            var hashes = new Hash32[count];
            for (var i = 0; i < count; i++)
            {
                var index = first + i;
                var isRead = !onlyTiles || index >= entries / TileId.FullWidth * TileId.FullWidth;
                hashes[i] = isRead
                    ? Insert(session, index, start.AddMilliseconds(first), withPayload: !onlyTiles)
                    : Hash32.Of(BitConverter.GetBytes(index));
            }

            edge = edge.Append(hashes, out var tiles);
            foreach (var tile in tiles)
            {
                session.Execute(
                    "INSERT INTO tile VALUES (?1, ?2, ?3)", tile.Id.Level, tile.Id.Index, tile.Bytes.ToArray());
            }

            if (!onlyTiles || first + count == entries)
            {
                checkpoint = Sign(session, edge);
            }
        }

        session.Execute(
            "UPDATE log_head SET size = ?1, compact_range = ?2, checkpoint = ?3, clock = ?4",
            edge.Range.Size,
            edge.Range.ToBytes(),
            checkpoint,
            start.AddMilliseconds(entries).UtcTicks);
        session.Execute("COMMIT");
    }

    public void Dispose()
    {
        Vault.Dispose();
        Key.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private string Sign(SqliteSession session, TileEdge edge)
    {
        var head = new LogHead(Key.Origin, edge);
        var note = Encoding.UTF8.GetString(Key.Sign(head.ToCheckpoint().ToText()).ToBytes());
        session.Execute("INSERT INTO checkpoint VALUES (?1, ?2)", head.Size, note);
        return note;
    }

    private Hash32 Insert(SqliteSession session, long index, DateTimeOffset at, bool withPayload)
    {
        Span<byte> random = stackalloc byte[10];
        BitConverter.TryWriteBytes(random, index);
        var action = ActionId.Create(at, random);
        var payload = Vault.Seal(
            """{"reads":[],"reason":"What one entry of a read looks like, more or less, and some room."}"""u8.ToArray(),
            SealedChange.Context(EntryType.ActionExecuted, action));
        var leaf = new Leaf(
            EntryType.ActionExecuted,
            at,
            new ActionRevision(action, 1),
            Hash32.Of(payload.Ciphertext),
            previous: null).Encode();
        session.Execute("INSERT INTO entry VALUES (?1, ?2, ?3)", index, leaf, action.Value);
        if (withPayload)
        {
            session.Execute(
                "INSERT INTO payload VALUES (?1, ?2, ?3, ?4)",
                index,
                payload.Ciphertext,
                payload.WrappedKey,
                Vault.KeyId);
        }

        return MerkleTree.HashLeaf(leaf);
    }
}
