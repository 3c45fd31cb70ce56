using System.Text;
using Countersign.Core.Actions;
using Countersign.Core.Ledger;
using Countersign.Core.Receipts;
using Countersign.Core.Storage;
using Countersign.Server.Keys;
using Countersign.Tests.Ledger;

namespace Countersign.Tests.Receipts;

/// <summary>
/// A log whose operator writes what they like: every entry of a receipt can be changed, taken out or added, and the
/// tree and its signature are made to fit. What a verifier still finds, it finds in what the entries say.
/// </summary>
internal sealed class ForgedLog : IDisposable
{
    private readonly LedgerKey _key;
    private readonly ActionId _action;
    private readonly SortedDictionary<long, Forged> _entries = [];

    public ForgedLog(Receipt receipt, byte seed = 7)
    {
        var origin = Checkpoint.Parse(SignedNote.Parse(Encoding.UTF8.GetBytes(receipt.Checkpoint)).Text.Span).Origin;
        _key = new LedgerKey(new KeyName(origin.Value), new Ed25519SigningKey([.. Enumerable.Repeat(seed, 32)]));
        _action = receipt.Action;
        foreach (var entry in receipt.Entries)
        {
            _entries[entry.Index] = new Forged(
                entry.Leaf.Type,
                entry.Leaf.At,
                entry.Leaf.Subject,
                entry.Payload is { } payload ? Encoding.UTF8.GetString(payload.Json.Span) : null);
        }
    }

    /// <summary>A log of what a store in memory was told about one action.</summary>
    public ForgedLog(ActionId action, IEnumerable<EntryDraft> drafts, DateTimeOffset at)
    {
        var seed = Enumerable.Repeat((byte)9, 32);
        _key = new LedgerKey(new KeyName("localhost/memory"), new Ed25519SigningKey([.. seed]));
        _action = action;
        foreach (var (index, draft) in drafts.Index().Where(draft => draft.Item.Action == action))
        {
            _entries[index] = new Forged(
                draft.Type,
                at.AddMilliseconds(index),
                new ActionRevision(action, draft.Revision),
                Encoding.UTF8.GetString(draft.Payload.Span));
        }
    }

    public NoteVerifierKey Key => _key.VerifierKey;

    /// <summary>Changes the one entry of a type, or the n-th of several.</summary>
    public ForgedLog Change(EntryType type, Func<Forged, Forged?> change, int which = 0)
    {
        var index = IndexOf(type, which);
        if (change(_entries[index]) is { } changed)
        {
            _entries[index] = changed;
        }
        else
        {
            _entries.Remove(index);
        }

        return this;
    }

    /// <summary>Changes words in what an entry says; they have to be there.</summary>
    public ForgedLog Replace(EntryType type, string old, string by, int which = 0) => Change(
        type,
        entry =>
        {
            Assert.Contains(old, entry.Json, StringComparison.Ordinal);
            return entry with { Json = entry.Json!.Replace(old, by, StringComparison.Ordinal) };
        },
        which);

    /// <summary>Puts an entry behind another one, and moves what follows.</summary>
    public ForgedLog InsertAfter(EntryType type, Forged added, int which = 0)
    {
        var index = IndexOf(type, which);
        foreach (var (later, entry) in _entries.Where(pair => pair.Key > index).Reverse().ToList())
        {
            _entries.Remove(later);
            _entries[later + 1] = entry;
        }

        _entries[index + 1] = added;
        return this;
    }

    public ForgedLog Add(long index, Forged entry)
    {
        _entries.Add(index, entry);
        return this;
    }

    public Forged Get(EntryType type, int which = 0) => _entries[IndexOf(type, which)];

    public int Count(EntryType type) => _entries.Values.Count(entry => entry.Type == type);

    public long IndexOf(EntryType type, int which = 0) =>
        _entries.Where(pair => pair.Value.Type == type).Select(pair => pair.Key).ElementAt(which);

    /// <summary>The receipt over the log as it is now.</summary>
    public Receipt ToReceipt()
    {
        var payloads = _entries.ToDictionary(pair => pair.Key, pair => pair.Value.Json is { } json
            ? new OpenedPayload(
                Filled(PayloadSeal.KeyBytes, pair.Key), Filled(PayloadSeal.NonceBytes, pair.Key),
                Filled(PayloadSeal.SaltBytes, pair.Key), Encoding.UTF8.GetBytes(json))
            : null);
        var leaves = new Dictionary<long, Leaf>();
        long? before = null;
        foreach (var (index, entry) in _entries)
        {
            var isOwn = entry.Subject?.Action == _action;
            leaves[index] = new Leaf(
                entry.Type, entry.At, entry.Subject, HashOf(entry, payloads[index]),
                entry.Previous ?? (isOwn ? before : null));
            before = isOwn ? index : before;
        }

        var size = _entries.Keys.Last() + 3;
        Hash32[] hashes = [.. Enumerable.Range(0, (int)size).Select(i => leaves.TryGetValue(i, out var leaf)
            ? MerkleTree.HashLeaf(leaf.Encode())
            : TestTree.Leaf(i))];
        var checkpoint = new Checkpoint(_key.Origin, size, MerkleTree.Root(hashes), []);
        return new Receipt(
            _action,
            Encoding.UTF8.GetString(_key.Sign(checkpoint.ToText()).ToBytes()),
            [.. _entries.Keys.Select(index => new ReceiptEntry(
                index, leaves[index], ProofOf(hashes, index), payloads[index]))],
            "{}"u8.ToArray());
    }

    public ReceiptReport Verify() => new ReceiptVerifier([Key]).Verify(ToReceipt().ToBytes());

    public void Dispose() => _key.Dispose();

    private static System.Collections.Immutable.ImmutableArray<Hash32> ProofOf(Hash32[] hashes, long index) =>
        [.. InclusionProof.CreateAsync(
            index,
            hashes.Length,
            (subtrees, _) => new([.. subtrees.Select(subtree => MerkleTree.Root(
                hashes.AsSpan((int)(subtree.Index << subtree.Level), 1 << subtree.Level)))]),
            CancellationToken.None).AsTask().GetAwaiter().GetResult().Hashes];

    private static Hash32 HashOf(Forged entry, OpenedPayload? payload) => payload is null
        ? TestTree.Leaf(1)
        : Hash32.Of(PayloadSeal.Close(payload, PayloadSeal.ContextOf(entry.Type, entry.Subject?.Action)));

    private static byte[] Filled(int length, long index) => [.. Enumerable.Repeat((byte)(index + 1), length)];
}

/// <summary>An entry as a forger wants it; <c>null</c> for what it says means that the receipt does not.</summary>
internal sealed record Forged(EntryType Type, DateTimeOffset At, ActionRevision? Subject, string? Json)
{
    /// <summary>The entry before it, when it is not the one that is there.</summary>
    public long? Previous { get; init; }
}
