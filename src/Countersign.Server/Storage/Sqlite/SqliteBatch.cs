using System.Text;
using Countersign.Core.Identity;
using Countersign.Core.Ledger;
using Countersign.Core.Storage;

namespace Countersign.Server.Storage.Sqlite;

/// <summary>
/// One transaction of the writer while it grows: the entries appended so far, the policy and the pseudonyms they
/// brought. Nothing of it is true outside before the commit.
/// </summary>
internal sealed class SqliteBatch(
    SqliteSession session, StoreHead before, DateTimeOffset at, Pseudonyms pseudonyms, string payloadKeyId)
{
    private readonly List<ReadOnlyMemory<byte>> _leaves = [];
    private readonly Dictionary<PersonId, NewPseudonym> _drawn = [];

    public SqliteSession Session { get; } = session;

    /// <summary>The store's time of this commit.</summary>
    public DateTimeOffset At { get; } = at;

    /// <summary>The policy that later members of the batch meet.</summary>
    public PolicyInForce? Policy { get; set; } = before.Policy;

    public IReadOnlyCollection<NewPseudonym> Drawn => _drawn.Values;

    /// <summary>The index that the next entry gets, and the log's size once nothing more comes.</summary>
    public long NextIndex => before.Log.Size + _leaves.Count;

    /// <summary>Appends an entry behind the latest one of the same action, and returns its index.</summary>
    public long Append(SealedEntry entry)
    {
        var index = NextIndex;
        var action = entry.Subject?.Action.Value;
        var previous = action is null
            ? null
            : (long?)Session.Scalar("SELECT max(position) FROM entry WHERE action = ?1", action);
        var leaf = new Leaf(entry.Type, At, entry.Subject, entry.Hash, previous).Encode();
        Session.Execute("INSERT INTO entry (position, leaf, action) VALUES (?1, ?2, ?3)", index, leaf, action);
        Session.Execute(
            "INSERT INTO payload (entry, ciphertext, wrapped_key, key_id) VALUES (?1, ?2, ?3, ?4)",
            index,
            entry.Payload.Ciphertext,
            entry.Payload.WrappedKey,
            payloadKeyId);
        _leaves.Add(leaf);
        return index;
    }

    /// <summary>What rows call the person; <c>null</c> when no row has called them anything yet.</summary>
    public Pseudonym? FindPseudonym(PersonId person) =>
        pseudonyms.Find(person) ?? (_drawn.TryGetValue(person, out var mapping) ? mapping.Pseudonym : null);

    /// <summary>What rows call the person; a new pseudonym becomes part of this commit.</summary>
    public Pseudonym PseudonymOf(PersonId person)
    {
        if (pseudonyms.Find(person) is { } known)
        {
            return known;
        }

        if (!_drawn.TryGetValue(person, out var mapping))
        {
            mapping = pseudonyms.Draw(person);
            _drawn.Add(person, mapping);
            Session.Execute(
                "INSERT INTO person (pseudonym, sealed_id) VALUES (?1, ?2)", mapping.Pseudonym.Value, mapping.SealedId);
        }

        return mapping.Pseudonym;
    }

    /// <summary>
    /// Completes tiles, signs the checkpoint and replaces the head; what is left to do is the commit.
    /// </summary>
    /// <exception cref="StoreUnavailableException">Another process has opened this database.</exception>
    public StoreHead Finish(SqliteStoreOptions options, long fence)
    {
        var after = _leaves.Count == 0 ? before with { Policy = Policy } : AppendToLog(options);
        var written = Session.Execute(
            """
            UPDATE log_head SET size = ?1, compact_range = ?2, checkpoint = ?3, clock = ?4, policy_epoch = ?5
            WHERE id = 1 AND fence = ?6 AND size = ?7
            """,
            after.Log.Size,
            after.Log.Edge.Range.ToBytes(),
            after.Checkpoint,
            At.UtcTicks,
            after.Policy?.Epoch ?? 0,
            fence,
            before.Log.Size);
        return written == 1 ? after : throw new StoreUnavailableException(
            $"The store '{options.Path}' was changed by another process while this one had it open. Stop that process; "
            + "this one commits nothing more until it is started again.");
    }

    private StoreHead AppendToLog(SqliteStoreOptions options)
    {
        var append = before.Log.Append(_leaves);
        foreach (var tile in append.Tiles)
        {
            Session.Execute(
                "INSERT INTO tile (level, position, hashes) VALUES (?1, ?2, ?3)",
                tile.Id.Level,
                tile.Id.Index,
                tile.Bytes.ToArray());
        }

        var note = options.Key.Sign(append.CheckpointText.Span).ToBytes();
        var checkpoint = Encoding.UTF8.GetString(note);
        Session.Execute("INSERT INTO checkpoint (size, note) VALUES (?1, ?2)", append.After.Size, checkpoint);
        return new StoreHead(append.After, checkpoint, Policy);
    }
}
