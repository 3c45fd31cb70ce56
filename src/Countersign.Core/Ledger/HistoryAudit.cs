using System.Text;

namespace Countersign.Core.Ledger;

/// <summary>
/// Compares every checkpoint that is kept with the tree as it is recomputed: what each says, that none is missing, and
/// who signed it. Signatures cost more than all the rest, so other threads verify them.
/// </summary>
internal sealed class HistoryAudit
{
    /// <summary>How many signatures one task verifies, and how many tasks may wait.</summary>
    private const int Portion = 128;
    private const int MaxTasks = 8;

    private readonly IAsyncEnumerator<KeptCheckpoint> _kept;
    private readonly TrustedKeys _keys;
    private readonly AuditFaults _faults;
    private readonly Queue<Task> _verifying = [];
    private List<(long Size, SignedNote Note)> _portion = [];
    private KeptCheckpoint? _next;
    private KeptCheckpoint? _last;

    private HistoryAudit(IAsyncEnumerator<KeptCheckpoint> kept, TrustedKeys keys, AuditFaults faults) =>
        (_kept, _keys, _faults) = (kept, keys, faults);

    /// <summary>The size at which the tree is compared next.</summary>
    public long? Next => _next?.Size;

    public static async Task<HistoryAudit> StartAsync(
        IAsyncEnumerable<KeptCheckpoint> kept,
        TrustedKeys keys,
        AuditFaults faults,
        CancellationToken cancellationToken)
    {
        var audit = new HistoryAudit(kept.GetAsyncEnumerator(cancellationToken), keys, faults);
        await audit.MoveAsync();
        while (audit._next is { Size: <= 0 } impossible)
        {
            faults.Add($"A checkpoint of size {impossible.Size} is kept, which no commit makes.");
            await audit.MoveAsync();
        }

        return audit;
    }

    /// <summary>A commit ended at this size, so there was a checkpoint.</summary>
    public void Expect(long size)
    {
        if (_last?.Size != size)
        {
            _faults.Add($"The checkpoint of size {size} is missing from those kept, and a commit ended there.");
        }
    }

    /// <summary>Compares what is kept of this size, if anything is.</summary>
    public async Task CheckAsync(CompactRange tree)
    {
        if (_next is { } kept && kept.Size == tree.Size)
        {
            await CheckAsync(kept, tree);
            _last = kept;
            await MoveAsync();
        }
    }

    /// <summary>Nothing may be left, and the last one is the head.</summary>
    public async Task FinishAsync(Checkpoint head, string headNote)
    {
        for (; _next is { } beyond; await MoveAsync())
        {
            _faults.Add($"A checkpoint of size {beyond.Size} is kept, and the log has {head.Size} entries.");
        }

        if (_last?.Size != head.Size || _last?.Note != headNote)
        {
            _faults.Add($"The checkpoint of size {head.Size} that is kept last is not the log's head.");
        }

        await VerifyPortionAsync();
        await Task.WhenAll(_verifying);
        await _kept.DisposeAsync();
    }

    private async Task MoveAsync() => _next = await _kept.MoveNextAsync() ? _kept.Current : null;

    private async Task CheckAsync(KeptCheckpoint kept, CompactRange tree)
    {
        try
        {
            var note = SignedNote.Parse(Encoding.UTF8.GetBytes(kept.Note));
            var checkpoint = Checkpoint.Parse(note.Text.Span);
            if (checkpoint.Size != kept.Size || checkpoint.Root != tree.Root)
            {
                _faults.Add($"The checkpoint kept of size {kept.Size} says size {checkpoint.Size} and root " +
                    $"{checkpoint.Root}; the entries have {tree.Root}.");
            }

            _portion.Add((kept.Size, note));
        }
        catch (FormatException malformed)
        {
            _faults.Add($"The checkpoint kept of size {kept.Size} cannot be read: {malformed.Message}");
        }

        if (_portion.Count == Portion)
        {
            await VerifyPortionAsync();
        }
    }

    private async Task VerifyPortionAsync()
    {
        if (!_keys.Any || _portion.Count == 0)
        {
            _portion.Clear();
            return;
        }

        var portion = _portion;
        _portion = [];
        _verifying.Enqueue(Task.Run(() => portion.ForEach(kept => Verify(kept.Size, kept.Note))));
        if (_verifying.Count > MaxTasks)
        {
            await _verifying.Dequeue();
        }
    }

    private void Verify(long size, SignedNote note)
    {
        if (_keys.Check(note, size) is not NoteCheck.Trusted)
        {
            _faults.Add($"The checkpoint kept of size {size} is not signed by a key that may sign it.");
        }
    }
}
