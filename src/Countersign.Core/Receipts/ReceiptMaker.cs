using System.Collections.Immutable;
using System.Text.Encodings.Web;
using System.Text.Json;
using Countersign.Core.Ledger;
using Countersign.Core.Records;
using Countersign.Core.Storage;

namespace Countersign.Core.Receipts;

/// <summary>
/// Makes the receipt of one action: (1) its entries, from the latest back along the chain in the leaves, (2) the
/// entries about no action that they refer to, (3) the signed checkpoint, which covers them because they were there
/// before it was read, (4) the proofs for that size.
/// </summary>
public sealed class ReceiptMaker(IArchive archive)
{
    private static readonly JsonWriterOptions Readable =
        new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly JsonDocumentOptions Deep = new() { MaxDepth = PayloadWriter.MaxDepth };

    /// <param name="record">The action, as the reader sees it.</param>
    /// <param name="disclosure">What the reader may read of it.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    /// <exception cref="StoreUnavailableException">The store cannot be read, or does not hold what it
    /// should.</exception>
    public async Task<Receipt> MakeAsync(
        ActionRecord record, Disclosure disclosure, CancellationToken cancellationToken)
    {
        // 1.
        var entries = new SortedDictionary<long, LoggedEntry>();
        for (var next = await archive.FindLatestOfAsync(record.Id, cancellationToken); next is { } index;)
        {
            entries.Add(index, await ReadAsync(index, cancellationToken));
            next = Leaf.Decode(entries[index].Leaf.Span).Previous;
        }

        // 2.
        foreach (var index in entries.Values.SelectMany(Supporting).Append(record.Ledger.Index).Distinct().ToList())
        {
            if (!entries.ContainsKey(index))
            {
                entries.Add(index, await ReadAsync(index, cancellationToken));
            }
        }

        // 3.
        var note = await archive.ReadCheckpointAsync(cancellationToken) ?? throw Missing(record.Ledger.Index);
        var size = Checkpoint.Parse(SignedNote.Parse(System.Text.Encoding.UTF8.GetBytes(note)).Text.Span).Size;
        // 4.
        var proofs = await archive.ProveAsync([.. entries.Keys], size, cancellationToken);
        ImmutableArray<ReceiptEntry> proved =
            [.. entries.Values.Zip(proofs, (entry, proof) => EntryOf(entry, proof, disclosure))];
        return new Receipt(record.Id, note, proved, HintsOf(record, proved));
    }

    private static ReceiptEntry EntryOf(LoggedEntry entry, InclusionProof proof, Disclosure disclosure)
    {
        var leaf = Leaf.Decode(entry.Leaf.Span);
        var payload = entry.Payload is { } opened && disclosure(leaf, opened.Json) ? opened : null;
        return new ReceiptEntry(entry.Index, leaf, [.. proof.Hashes], payload);
    }

    /// <summary>The enrolment of the passkey that signed a vote.</summary>
    private static IEnumerable<long> Supporting(LoggedEntry entry)
    {
        if (entry.Payload is not { } payload
            || Leaf.Decode(entry.Leaf.Span).Type is not (EntryType.ReviewVote or EntryType.BreakGlassUsed))
        {
            yield break;
        }

        using var said = JsonDocument.Parse(payload.Json, Deep);
        if (said.RootElement.TryGetProperty("assertion", out var assertion))
        {
            yield return assertion.GetProperty("enrolled").GetInt64();
        }
    }

    /// <summary>What a reader may find handy; nothing of it is proved.</summary>
    private static byte[] HintsOf(ActionRecord record, ImmutableArray<ReceiptEntry> entries)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, Readable))
        {
            json.WriteStartObject();
            json.WriteString("state", record.State.ToString().ToLowerInvariant());
            PayloadWriter.WriteStrings(json, "explanation", Explanation.Of(record));
            json.WriteStartArray("withheld");
            foreach (var entry in entries.Where(entry => entry.Payload is null))
            {
                json.WriteNumberValue(entry.Index);
            }

            json.WriteEndArray();
            json.WriteString("verify", "countersign ledger verify FILE --policy trust.policy");
            json.WriteEndObject();
        }

        return buffer.ToArray();
    }

    private async Task<LoggedEntry> ReadAsync(long index, CancellationToken cancellationToken) =>
        await archive.ReadEntryAsync(index, cancellationToken) ?? throw Missing(index);

    private static StoreUnavailableException Missing(long index) => new(
        $"Ledger entry {index} or the checkpoint over it is not in the store. Restore the store from a backup and " +
        "verify it.");
}
