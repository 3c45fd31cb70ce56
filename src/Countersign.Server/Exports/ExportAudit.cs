using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Countersign.Core.Ledger;
using Countersign.Core.Storage;
using Countersign.Server.Storage;

namespace Countersign.Server.Exports;

/// <summary>What an export was found to be.</summary>
/// <param name="Head">Its head; <c>null</c> when the file is none.</param>
/// <param name="Signers">Trusted keys that signed the checkpoint at its end.</param>
/// <param name="Withheld">How many payloads are not in it: erased, or not handed out.</param>
/// <param name="Faults">What does not hold.</param>
internal sealed record ExportReport(
    ExportHead? Head, ImmutableArray<string> Signers, long Withheld, ImmutableArray<string> Faults);

/// <summary>
/// Checks an export without the server and without any key of it: (1) the checkpoints at both ends and who signed them,
/// (2) that the tree before the first row is the one of the first checkpoint, and the one log the beginning of the
/// other, (3) every row: its place, its leaf, and that its payload is what the leaf was made for, (4) that the rows,
/// and only they, lead from the one root to the other, so that none is missing.
/// </summary>
internal sealed class ExportAudit(IReadOnlyList<NoteVerifierKey> trusted)
{
    private const int MaxFaults = 100;

    private readonly List<string> _faults = [];
    private long _withheld;

    public async Task<ExportReport> RunAsync(string path, CancellationToken cancellationToken)
    {
        ExportHead? head = null;
        ImmutableArray<string> signers = [];
        try
        {
            (head, var rows) = await ExportFile.OpenAsync(path, cancellationToken);
            var (from, to, by) = CheckEnds(head);
            signers = by;
            await CheckRowsAsync(head, from, to, rows, cancellationToken);
        }
        catch (Exception malformed) when (malformed is FormatException or JsonException or ArgumentException
            or IOException or UnauthorizedAccessException or OverflowException or InvalidOperationException
            or KeyNotFoundException)
        {
            Note($"The export cannot be read on: {malformed.Message}");
        }

        return new ExportReport(head, signers, _withheld, [.. _faults]);
    }

    /// <summary>1 and 2.</summary>
    private (CompactRange From, Checkpoint To, ImmutableArray<string> Signers) CheckEnds(ExportHead head)
    {
        var faults = new AuditFaults();
        var successions = SuccessionAudit.Read(head.Successions, faults);
        var keys = new TrustedKeys(trusted, successions.All, static key => key);
        var (to, signers) = ReadCheckpoint(head.ToCheckpoint, head.To, keys);
        var range = RangeOf(head);
        var fromRoot = MerkleTree.EmptyRoot;
        if (head.From > 0)
        {
            var (from, _) = ReadCheckpoint(head.FromCheckpoint ?? "", head.From, keys);
            fromRoot = from.Root;
            Expect(from.Origin == to.Origin, "The checkpoints at the two ends are of two logs.");
        }

        Expect(range.Root == fromRoot, $"The tree before the first row is not that of the checkpoint at {head.From}.");
        Expect(
            new ConsistencyProof(head.From, head.To, head.Consistency).Verify(fromRoot, to.Root),
            $"The proof that the log of {head.To} entries begins with the one of {head.From} does not hold.");
        _faults.AddRange(faults.Sorted());
        return (range, to, signers);
    }

    private (Checkpoint Checkpoint, ImmutableArray<string> Signers) ReadCheckpoint(
        string text, long size, TrustedKeys keys)
    {
        var note = SignedNote.Parse(Encoding.UTF8.GetBytes(text));
        var checkpoint = Checkpoint.Parse(note.Text.Span);
        Expect(checkpoint.Size == size, $"The checkpoint at size {size} says {checkpoint.Size}.");
        switch (keys.Check(note, size))
        {
            case NoteCheck.Trusted by:
                return (checkpoint, [.. by.Signers.Select(key => key.ToString())]);
            case NoteCheck.Unknown when !keys.Any:
                return (checkpoint, []);
            default:
                Note($"The checkpoint at size {size} is not signed by a key that is trusted for it.");
                return (checkpoint, []);
        }
    }

    private static CompactRange RangeOf(ExportHead head)
    {
        byte[] bytes = [.. BitConverter.GetBytes(System.Net.IPAddress.HostToNetworkOrder(head.From)),
            .. head.Before.SelectMany(hash => hash.ToArray())];
        return CompactRange.FromBytes(bytes);
    }

    /// <summary>3 and 4.</summary>
    private async Task CheckRowsAsync(
        ExportHead head,
        CompactRange tree,
        Checkpoint to,
        IAsyncEnumerable<ExportRow> rows,
        CancellationToken cancellationToken)
    {
        var waiting = new List<Hash32>(TileId.FullWidth);
        var next = head.From;
        await foreach (var row in rows.WithCancellation(cancellationToken))
        {
            Expect(row.Index == next, $"The row of entry {row.Index} stands where entry {next} has to be.");
            next++;
            CheckRow(row, head.WithPayloads);
            waiting.Add(MerkleTree.HashLeaf(row.Leaf));
            if (waiting.Count == TileId.FullWidth)
            {
                tree = tree.Append([.. waiting]);
                waiting.Clear();
            }
        }

        tree = tree.Append([.. waiting]);
        Expect(next == head.To, $"There are {next - head.From} rows, and between the two sizes lie " +
            $"{head.To - head.From}.");
        Expect(tree.Root == to.Root, "The rows do not lead to the root of the last checkpoint: at least one of them " +
            "was changed, left out or added.");
    }

    private void CheckRow(ExportRow row, bool withPayloads)
    {
        var leaf = Leaf.Decode(row.Leaf);
        if (row.Payload is not { } payload)
        {
            _withheld++;
            return;
        }

        var isSame = withPayloads && row is { Ciphertext: { } box, Key: { } key }
            && Hash32.Of(box) == leaf.Payload
            && Opens(box, key, SealedChange.Context(leaf.Type, leaf.Subject?.Action), payload);
        Expect(isSame, $"The payload shown for entry {row.Index} is not the one its leaf was made for.");
    }

    private static bool Opens(byte[] box, byte[] key, string context, string payload)
    {
        try
        {
            return Encoding.UTF8.GetString(PayloadSeal.Open(box, key, context).Json.Span) == payload;
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            return false;
        }
    }

    private void Expect(bool holds, string fault)
    {
        if (!holds)
        {
            Note(fault);
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
