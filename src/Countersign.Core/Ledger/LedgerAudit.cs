using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text;
using Countersign.Core.Actions;

namespace Countersign.Core.Ledger;

/// <summary>What an audit found.</summary>
/// <param name="Checkpoint">The head that was verified against; <c>null</c> when there is none to read.</param>
/// <param name="Signers">Trusted keys that signed it; empty means that nothing outside the store vouches for
/// it.</param>
/// <param name="Erased">Payloads that are gone, with an entry that says so; their entries still prove that they
/// existed.</param>
/// <param name="Faults">Everything that does not hold, each with the index it was found at; at most
/// <see cref="LedgerAudit.MaxFaults"/>.</param>
public sealed record AuditReport(
    Checkpoint? Checkpoint, ImmutableArray<string> Signers, long Erased, ImmutableArray<string> Faults)
{
    /// <summary>How the log changed its keys, oldest first.</summary>
    public ImmutableArray<KeySuccession> Successions { get; init; } = [];

    public bool IsSound => Faults.IsEmpty && Checkpoint is not null;
}

/// <summary>
/// Recomputes a whole log from its leaves, believing nothing that is stored beside them: (1) the checkpoint, the keys
/// and who signed it, (2) each leaf, its chain to the action's previous entry and its payload's hash, (3) each full
/// tile, (4) each checkpoint of the past and each change of keys, (5) the root.
/// </summary>
public sealed class LedgerAudit(LogSource source, IReadOnlyList<NoteVerifierKey> trusted)
{
    public const int MaxFaults = 100;

    private readonly AuditFaults _faults = new();
    private readonly Dictionary<ActionId, long> _latest = [];
    private readonly List<long> _withoutPayload = [];
    private readonly List<Hash32> _waiting = [];
    private TileEdge _edge = TileEdge.Empty;
    private HistoryAudit? _history;
    private SuccessionAudit _successions = SuccessionAudit.None;
    private DateTimeOffset _time = DateTimeOffset.MinValue;
    private long _lastErasure = -1;
    private long _index;

    /// <summary>A checkpoint that whoever audits has seen before; the log has to extend it.</summary>
    public Checkpoint? Seen { get; init; }

    /// <summary>
    /// Exchanges how signatures of the past are verified, of which there is one for each commit. That of the head is
    /// always verified here.
    /// </summary>
    public Func<NoteVerifierKey, NoteVerifierKey> Hasten { get; init; } = static key => key;

    public async Task<AuditReport> RunAsync(CancellationToken cancellationToken)
    {
        // 1.
        if (await source.ReadCheckpoint(cancellationToken) is not { } text)
        {
            return new AuditReport(null, [], 0, ["There is no checkpoint: the log is empty, or its head was removed."]);
        }

        _successions = SuccessionAudit.Read(await source.ReadSuccessions(cancellationToken), _faults);
        var keys = new TrustedKeys(trusted, _successions.All, static key => key);
        var (checkpoint, signers) = ReadHead(text, keys);
        if (checkpoint is not null)
        {
            _history = source.ReadHistory is { } read
                ? await HistoryAudit.StartAsync(
                    read(cancellationToken),
                    new TrustedKeys(trusted, _successions.All, Hasten),
                    _faults,
                    cancellationToken)
                : null;
            await RecomputeAsync(checkpoint, cancellationToken);
            await (_history?.FinishAsync(checkpoint, text) ?? Task.CompletedTask);
        }

        return new AuditReport(checkpoint, signers, CountErased(), _faults.Sorted())
        {
            Successions = [.. _successions.All],
        };
    }

    private (Checkpoint? Checkpoint, ImmutableArray<string> Signers) ReadHead(string text, TrustedKeys keys)
    {
        try
        {
            var note = SignedNote.Parse(Encoding.UTF8.GetBytes(text));
            var checkpoint = Checkpoint.Parse(note.Text.Span);
            switch (keys.Check(note, checkpoint.Size))
            {
                case NoteCheck.Trusted by:
                    return (checkpoint, [.. by.Signers.Select(key => key.ToString())]);
                case NoteCheck.Forged forged:
                    _faults.Add($"The checkpoint's signature under the name {forged.Name} is not by the trusted key " +
                        $"{forged.KeyId}.");
                    return (checkpoint, []);
                default:
                    return (checkpoint, []);
            }
        }
        catch (FormatException malformed)
        {
            _faults.Add($"The checkpoint cannot be read: {malformed.Message}");
            return (null, []);
        }
    }

    private async Task RecomputeAsync(Checkpoint checkpoint, CancellationToken cancellationToken)
    {
        await foreach (var batch in source.ReadEntries(checkpoint.Size, cancellationToken))
        {
            foreach (var entry in batch)
            {
                // 2.
                CheckLeaf(_index, entry);
                _waiting.Add(MerkleTree.HashLeaf(entry.Leaf.Span));
                _index++;
                if (_waiting.Count == TileId.FullWidth || _history?.Next == _index
                    || _successions.Next == _index || Seen?.Size == _index)
                {
                    await AppendAsync(cancellationToken);
                }
            }
        }

        await AppendAsync(cancellationToken);
        if (_index < checkpoint.Size)
        {
            _faults.Add($"Entry {_index} is missing; the checkpoint counts {checkpoint.Size}.");
            return;
        }

        // 5.
        if (_edge.Range.Root != checkpoint.Root)
        {
            _faults.Add($"The entries have the root {_edge.Range.Root}, the checkpoint has {checkpoint.Root}: at " +
                "least one entry was changed after it was signed.");
        }

        _successions.Finish(checkpoint.Size, _faults);
        if (Seen is { } seen && seen.Size > checkpoint.Size)
        {
            _faults.Add($"The checkpoint seen before counts {seen.Size} entries, this log has {checkpoint.Size}: its " +
                "end was cut off, or an older copy was put in its place.");
        }
    }

    private async Task AppendAsync(CancellationToken cancellationToken)
    {
        _edge = _edge.Append(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_waiting), out var completed);
        _waiting.Clear();
        // 3.
        foreach (var tile in completed)
        {
            await CheckTileAsync(tile, cancellationToken);
        }

        // 4.
        await (_history?.CheckAsync(_edge.Range) ?? Task.CompletedTask);
        _successions.Check(_edge.Range, _faults);
        if (Seen is { } seen && seen.Size == _edge.Range.Size && seen.Root != _edge.Range.Root)
        {
            _faults.Add($"At size {seen.Size} this log has the root {_edge.Range.Root}, and the checkpoint seen " +
                $"before {seen.Root}: they are two histories, and somebody was shown the other one.");
        }
    }

    private void CheckLeaf(long index, AuditedEntry entry)
    {
        try
        {
            CheckLeaf(index, Leaf.Decode(entry.Leaf.Span), entry.Ciphertext);
        }
        catch (FormatException malformed)
        {
            _faults.Add($"Entry {index} is not a leaf: {malformed.Message}");
        }
    }

    private void CheckLeaf(long index, Leaf leaf, Hash32? ciphertext)
    {
        // A clock that was wrong is put right in the open, by an entry of its own; nothing else makes time go back.
        if (leaf.At < _time && leaf.Type != EntryType.BreakGlassUsed)
        {
            _faults.Add($"Entry {index} is older than the one before it.");
        }

        if (leaf.At != _time && index > 0)
        {
            // All entries of one commit have one time, so where it changes one commit ended.
            _history?.Expect(index);
        }

        _time = leaf.At;
        if (leaf.Subject is { } subject)
        {
            CheckChain(index, leaf, subject.Action);
        }

        _successions.Meet(index, leaf.Type, _faults);
        _lastErasure = leaf.Type == EntryType.ErasureExecuted ? index : _lastErasure;
        if (ciphertext is not { } hash)
        {
            _withoutPayload.Add(index);
        }
        else if (hash != leaf.Payload)
        {
            _faults.Add($"The payload of entry {index} is not the one the entry was made for.");
        }
    }

    private void CheckChain(long index, Leaf leaf, ActionId action)
    {
        // One search of the table for both: it has as many rows as there are actions.
        ref var latest = ref CollectionsMarshal.GetValueRefOrAddDefault(_latest, action, out var isKnown);
        var previous = isKnown ? latest : (long?)null;
        if (leaf.Previous != previous)
        {
            _faults.Add($"Entry {index} names {leaf.Previous} as the entry before it of {action}; it is {previous}.");
        }

        latest = index;
    }

    private async Task CheckTileAsync(Tile tile, CancellationToken cancellationToken)
    {
        var stored = await source.ReadTile(tile.Id.Level, tile.Id.Index, cancellationToken);
        if (stored is not { } bytes || !bytes.Span.SequenceEqual(tile.Bytes.Span))
        {
            _faults.Add($"Tile {tile.Id.Index} of level {tile.Id.Level} is not what its entries make it.");
        }
    }

    /// <summary>A payload is erased by an entry that says so; without one it was taken away.</summary>
    private long CountErased()
    {
        foreach (var index in _withoutPayload.Where(index => index > _lastErasure))
        {
            _faults.Add($"The payload of entry {index} is gone, and no entry says that it was erased.");
        }

        return _withoutPayload.Count(index => index < _lastErasure);
    }
}

/// <summary>What an audit found, from whichever thread.</summary>
internal sealed class AuditFaults
{
    private readonly List<string> _faults = [];

    public void Add(string fault)
    {
        lock (_faults)
        {
            if (_faults.Count < LedgerAudit.MaxFaults)
            {
                _faults.Add(fault);
            }
        }
    }

    public ImmutableArray<string> Sorted()
    {
        lock (_faults)
        {
            return [.. _faults];
        }
    }
}
