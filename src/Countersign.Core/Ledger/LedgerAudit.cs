using System.Collections.Immutable;
using System.Text;
using Countersign.Core.Actions;

namespace Countersign.Core.Ledger;

/// <summary>Where an audit reads a log from; <c>IArchive</c> has these shapes.</summary>
public sealed record LogSource
{
    public required Func<CancellationToken, Task<string?>> ReadCheckpoint { get; init; }

    public required Func<long, int, CancellationToken, Task<ImmutableArray<ReadOnlyMemory<byte>>>>
        ReadLeaves { get; init; }

    public required Func<int, long, CancellationToken, Task<ReadOnlyMemory<byte>?>> ReadTile { get; init; }

    /// <summary>Ciphertexts of payloads; <c>null</c> where one was erased.</summary>
    public required Func<long, int, CancellationToken, Task<ImmutableArray<ReadOnlyMemory<byte>?>>>
        ReadCiphertexts { get; init; }
}

/// <summary>What an audit found.</summary>
/// <param name="Checkpoint">The head that was verified against; <c>null</c> when there is none to read.</param>
/// <param name="Signers">Trusted keys that signed it; empty means that nothing outside the store vouches for
/// it.</param>
/// <param name="Erased">Payloads that are gone; their entries still prove that they existed.</param>
/// <param name="Faults">Everything that does not hold, each with the index it was found at; at most
/// <see cref="LedgerAudit.MaxFaults"/>.</param>
public sealed record AuditReport(
    Checkpoint? Checkpoint, ImmutableArray<string> Signers, long Erased, ImmutableArray<string> Faults)
{
    public bool IsSound => Faults.IsEmpty && Checkpoint is not null;
}

/// <summary>
/// Recomputes a whole log from its leaves, believing nothing that is stored beside them: (1) the checkpoint and who
/// signed it, (2) each leaf, its chain to the action's previous entry and its payload's hash, (3) each full tile, (4)
/// the root.
/// </summary>
public sealed class LedgerAudit(LogSource source, IReadOnlyList<NoteVerifierKey> trusted)
{
    public const int MaxFaults = 100;

    private const int Batch = TileId.FullWidth;

    /// <summary>Payloads may be as large as a request, so only a few are in memory at once.</summary>
    private const int PayloadBatch = 8;

    private readonly List<string> _faults = [];
    private readonly Dictionary<ActionId, long> _latest = [];
    private long _erased;
    private DateTimeOffset _time = DateTimeOffset.MinValue;

    public async Task<AuditReport> RunAsync(CancellationToken cancellationToken)
    {
        // 1.
        if (await source.ReadCheckpoint(cancellationToken) is not { } text)
        {
            return new AuditReport(null, [], 0, ["There is no checkpoint: the log is empty, or its head was removed."]);
        }

        var (checkpoint, signers) = ReadHead(text);
        if (checkpoint is not null)
        {
            await RecomputeAsync(checkpoint, cancellationToken);
        }

        return new AuditReport(checkpoint, signers, _erased, [.. _faults]);
    }

    private (Checkpoint? Checkpoint, ImmutableArray<string> Signers) ReadHead(string text)
    {
        try
        {
            var note = SignedNote.Parse(Encoding.UTF8.GetBytes(text));
            var checkpoint = Checkpoint.Parse(note.Text.Span);
            switch (note.Verify(trusted))
            {
                case NoteCheck.Trusted by:
                    return (checkpoint, [.. by.Signers.Select(key => key.ToString())]);
                case NoteCheck.Forged forged:
                    Note($"The checkpoint's signature under the name {forged.Name} is not by the trusted key " +
                        $"{forged.KeyId}.");
                    return (checkpoint, []);
                default:
                    return (checkpoint, []);
            }
        }
        catch (FormatException malformed)
        {
            Note($"The checkpoint cannot be read: {malformed.Message}");
            return (null, []);
        }
    }

    private async Task RecomputeAsync(Checkpoint checkpoint, CancellationToken cancellationToken)
    {
        var edge = TileEdge.Empty;
        for (var index = 0L; index < checkpoint.Size; index += Batch)
        {
            var count = (int)Math.Min(Batch, checkpoint.Size - index);
            var leaves = await source.ReadLeaves(index, count, cancellationToken);
            if (leaves.Length < count)
            {
                Note($"Entry {index + leaves.Length} is missing; the checkpoint counts {checkpoint.Size}.");
                return;
            }

            // 2.
            await CheckLeavesAsync(index, leaves, cancellationToken);
            edge = edge.Append([.. leaves.Select(leaf => MerkleTree.HashLeaf(leaf.Span))], out var completed);
            // 3.
            foreach (var tile in completed)
            {
                await CheckTileAsync(tile, cancellationToken);
            }
        }

        // 4.
        if (edge.Range.Root != checkpoint.Root)
        {
            Note($"The entries have the root {edge.Range.Root}, the checkpoint has {checkpoint.Root}: at least one " +
                "entry was changed after it was signed.");
        }
    }

    private async Task CheckLeavesAsync(
        long first, ImmutableArray<ReadOnlyMemory<byte>> leaves, CancellationToken cancellationToken)
    {
        foreach (var some in leaves.Chunk(PayloadBatch))
        {
            var ciphertexts = await source.ReadCiphertexts(first, some.Length, cancellationToken);
            for (var i = 0; i < some.Length; i++)
            {
                CheckLeaf(first + i, some[i], i < ciphertexts.Length ? ciphertexts[i] : null);
            }

            first += some.Length;
        }
    }

    private void CheckLeaf(long index, ReadOnlyMemory<byte> leaf, ReadOnlyMemory<byte>? ciphertext)
    {
        try
        {
            CheckLeaf(index, Leaf.Decode(leaf.Span), ciphertext);
        }
        catch (FormatException malformed)
        {
            Note($"Entry {index} is not a leaf: {malformed.Message}");
        }
    }

    private void CheckLeaf(long index, Leaf leaf, ReadOnlyMemory<byte>? ciphertext)
    {
        // A clock that was wrong is put right in the open, by an entry of its own; nothing else makes time go back.
        if (leaf.At < _time && leaf.Type != EntryType.BreakGlassUsed)
        {
            Note($"Entry {index} is older than the one before it.");
        }

        _time = leaf.At;
        if (leaf.Subject is { } subject)
        {
            var previous = _latest.TryGetValue(subject.Action, out var latest) ? latest : (long?)null;
            if (leaf.Previous != previous)
            {
                Note($"Entry {index} names {leaf.Previous} as the entry before it of {subject.Action}; it is " +
                    $"{previous}.");
            }

            _latest[subject.Action] = index;
        }

        if (ciphertext is not { } payload)
        {
            _erased++;
        }
        else if (Hash32.Of(payload.Span) != leaf.Payload)
        {
            Note($"The payload of entry {index} is not the one the entry was made for.");
        }
    }

    private async Task CheckTileAsync(Tile tile, CancellationToken cancellationToken)
    {
        var stored = await source.ReadTile(tile.Id.Level, tile.Id.Index, cancellationToken);
        if (stored is not { } bytes || !bytes.Span.SequenceEqual(tile.Bytes.Span))
        {
            Note($"Tile {tile.Id.Index} of level {tile.Id.Level} is not what its entries make it.");
        }
    }

    private void Note(string fault)
    {
        if (_faults.Count < MaxFaults)
        {
            _faults.Add(fault);
        }
    }
}
