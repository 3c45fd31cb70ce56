using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Countersign.Core.Ledger;
using Countersign.Core.Records;

namespace Countersign.Core.Receipts;

/// <summary>
/// Checks a receipt with nothing but the file and the keys that its reader trusts. The twelve steps are those of
/// <c>docs/reference/receipts.md</c>: (1) trust, (2) inclusion, (3) payloads, (4) to (10) each signed vote, (11) the
/// decision and its execution, (12) the outcome. What is in doubt is said with its step; from what says nothing
/// readable no further step is taken.
/// </summary>
public sealed class ReceiptVerifier(IReadOnlyList<NoteVerifierKey> trusted)
{
    private static readonly JsonDocumentOptions Strict =
        new() { MaxDepth = PayloadWriter.MaxDepth, AllowDuplicateProperties = false };

    private readonly Findings _findings = new();

    /// <summary>One verifier reads one receipt.</summary>
    /// <param name="file">The bytes of the file.</param>
    public ReceiptReport Verify(ReadOnlyMemory<byte> file)
    {
        Receipt receipt;
        Checkpoint checkpoint;
        SignedNote note;
        try
        {
            receipt = Receipt.Parse(file);
            note = SignedNote.Parse(Encoding.UTF8.GetBytes(receipt.Checkpoint));
            checkpoint = Checkpoint.Parse(note.Text.Span);
        }
        catch (FormatException malformed)
        {
            _findings.Question(Doubt.Unreadable, malformed.Message);
            return _findings.ToReport(null);
        }

        // 1.
        new TrustCheck(_findings, trusted).Check(note, checkpoint);
        // 2.
        new InclusionCheck(_findings, receipt, checkpoint).Check();
        // 3.
        if (ReadAll(receipt) is { } entries)
        {
            Walk(receipt, checkpoint, entries);
        }

        return _findings.ToReport(receipt);
    }

    private void Walk(Receipt receipt, Checkpoint checkpoint, ImmutableArray<SaidEntry> entries)
    {
        try
        {
            // 4 to 12.
            new ReceiptWalk(_findings, receipt.Action, checkpoint.Origin, entries).Run();
        }
        catch (Exception malformed) when (IsUnreadable(malformed))
        {
            _findings.Question(
                Doubt.PayloadUnreadable, $"An entry does not say what its type has to say: {malformed.Message}");
        }
    }

    private ImmutableArray<SaidEntry>? ReadAll(Receipt receipt)
    {
        var said = receipt.Entries.Select(entry => (Entry: entry, Said: Read(entry))).ToList();
        var missing = said.Where(one => one.Said is null).ToList();
        if (missing.Count == 0)
        {
            _findings.Prove(3, $"{said.Count} payloads have the hashes that the leaves hold.");
            return [.. said.Select(one => new SaidEntry(one.Entry, one.Said!.Value))];
        }

        _findings.Leave(11, "What was decided and done: not every entry can be read.");
        return null;
    }

    /// <summary>What an entry says, or <c>null</c> and a doubt.</summary>
    private JsonElement? Read(ReceiptEntry entry)
    {
        if (entry.Payload is not { } payload)
        {
            _findings.Question(
                Doubt.PayloadMissing,
                $"Entry {entry.Index} ({entry.Leaf.Type.ToText()}) is in the log; what it says is not in this " +
                $"receipt: it was erased, or is not for whom the receipt was made.");
            return null;
        }

        var context = PayloadSeal.ContextOf(entry.Leaf.Type, entry.Leaf.Subject?.Action);
        if (Hash32.Of(PayloadSeal.Close(payload, context)) != entry.Leaf.Payload)
        {
            _findings.Question(
                Doubt.PayloadChanged,
                $"What the receipt shows for entry {entry.Index} is not what was recorded: its hash is another one.");
            return null;
        }

        try
        {
            var json = JsonElement.Parse(payload.Json.Span, Strict);
            if (json.ValueKind == JsonValueKind.Object)
            {
                return json;
            }
        }
        catch (Exception malformed) when (IsUnreadable(malformed))
        {
            // It was recorded like this; whoever reads it cannot know which of two readings was meant.
        }

        _findings.Question(
            Doubt.PayloadUnreadable, $"Entry {entry.Index} is no JSON object that can be read in one way only.");
        return null;
    }

    private static bool IsUnreadable(Exception failure) => failure
        is JsonException or FormatException or KeyNotFoundException or InvalidOperationException or ArgumentException
        or OverflowException;
}
