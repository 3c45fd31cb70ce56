using System.Collections.Concurrent;
using Countersign.Core.Actions;
using Countersign.Core.Ledger;
using Countersign.Core.Records;
using Countersign.Core.Storage;

namespace Countersign.Core.Reads;

/// <summary>
/// Where gates hand in what their sessions read, many reads in one entry. No read has a row: the entry is its record.
/// </summary>
/// <remarks>
/// What a crash leaves: (1) before a window is durable, nothing that ran; (2) while it is open, at most as many
/// unrecorded reads as it says, and the next sweep of any node appends the gap; (3) after its reads are recorded and
/// before it is closed, a gap of the reads it could still have had; (4) after it is closed, nothing.
/// </remarks>
public sealed class ReadDesk
{
    private readonly IStore _store;
    private readonly Registrar _registrar;
    private readonly ReadWindows _windows;
    private readonly ConcurrentDictionary<SessionReads, bool> _sessions = new();

    /// <summary>What ran and could not be recorded yet; the sweep tries again.</summary>
    private readonly ConcurrentDictionary<ActionId, PendingReads> _unrecorded = new();

    internal ReadDesk(IStore store, Registrar registrar, ReadWindows windows, ReadLimits limits) =>
        (_store, _registrar, _windows, Limits) = (store, registrar, windows, limits);

    internal ReadLimits Limits { get; }

    /// <summary>The store's clock, which says when a read was sent.</summary>
    public DateTimeOffset Now => _store.Now;

    /// <summary>Opens a session's place; the gate disposes it when the session ends.</summary>
    public SessionReads Open(ReadSession session)
    {
        var reads = new SessionReads(this, session, _windows.For(session.Target.Name));
        _sessions.TryAdd(reads, true);
        return reads;
    }

    internal IReadJournal? Journal => _store.Journal;

    internal ReadBatch NewBatch(ReadWindow window) => new(window, Limits, _store.Now, _registrar.NextId);

    /// <summary>For reads whose answers wait: for the journal, or for the entry.</summary>
    internal ReadBatch NewBatch(bool isJournaled) => new(window: null, Limits, _store.Now, _registrar.NextId)
    {
        IsJournaled = isJournaled,
    };

    /// <summary>Writes a batch as one entry, on another thread than the session's.</summary>
    internal PendingReads Write(ReadSession session, ReadBatch batch)
    {
        var pending = new PendingReads(session, batch);
        pending.FirstTry = TryFirstAsync(pending);
        return pending;
    }

    internal void Leave(SessionReads reads) => _sessions.TryRemove(reads, out var _);

    /// <summary>
    /// Records what is left over, ends windows that are complete, and tells of those that never will be.
    /// </summary>
    internal async Task SweepAsync(CancellationToken cancellationToken)
    {
        await RecoverAsync(cancellationToken);
        foreach (var session in _sessions.Keys)
        {
            session.Flush(all: false);
        }

        await SettleAsync(cancellationToken);
        await _windows.CloseAsync(all: false, cancellationToken);
        await _windows.EndLostAsync(cancellationToken);
    }

    /// <summary>
    /// For a planned stop: no window is opened any more, what was read is recorded, and what is complete is closed. It
    /// throws nothing, because the windows say for themselves what could not be done.
    /// </summary>
    internal async Task DrainAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _windows.StopAsync().WaitAsync(cancellationToken);

            // Whoever is stopped at once has not swept yet.
            await RecoverAsync(cancellationToken);
            foreach (var session in _sessions.Keys)
            {
                session.Flush(all: true);
                await Task.WhenAll(session.Pending.Select(pending => pending.FirstTry))
                    .WaitAsync(cancellationToken)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            await SettleAsync(cancellationToken);
            await _windows.CloseAsync(all: true, cancellationToken);
        }
        catch (Exception failure) when (failure is StoreUnavailableException or OperationCanceledException)
        {
            // The windows stay open in the store, and the next start tells of the gap.
        }
    }

    /// <summary>
    /// Makes the entries that a crash left in the journal. One that had been written is not written twice.
    /// </summary>
    private async Task RecoverAsync(CancellationToken cancellationToken)
    {
        if (Journal is not { Remains: { } remains } journal)
        {
            return;
        }

        var (left, whyNotWhole) = JournaledReads.In(remains);
        foreach (var reads in left)
        {
            var entry = new EntryDraft(
                EntryType.ActionExecuted, reads.Subject, Revision: 1, ReadPayload.Recovered(reads));
            await _store.CommitAsync(
                new Change { Entries = [entry], OnlyFirstOf = reads.Subject, Priority = ChangePriority.Recording },
                cancellationToken);
        }

        if (whyNotWhole is not null)
        {
            var gap = ReadPayload.JournalGap(whyNotWhole, left.Sum(reads => reads.Reads.Count));
            await _store.CommitAsync(
                new Change { Entries = [new EntryDraft(EntryType.RecordingGap, Action: null, Revision: 0, gap)] },
                cancellationToken);
        }

        journal.ForgetRemains();
    }

    private async Task TryFirstAsync(PendingReads pending)
    {
        await Task.Yield();
        try
        {
            await RecordAsync(pending, CancellationToken.None);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            // Whatever kept them from being recorded, they have run.
            _unrecorded[pending.Id] = pending;
            throw new StoreUnavailableException(
                $"{pending.Batch.Count} reads ran and could not be recorded yet, so nothing more is answered to this " +
                $"session: {failure.Message}",
                failure);
        }
    }

    private async Task SettleAsync(CancellationToken cancellationToken)
    {
        foreach (var (id, pending) in _unrecorded.OrderBy(pair => pair.Key.Value, StringComparer.Ordinal))
        {
            await RecordAsync(pending, cancellationToken);
            _unrecorded.TryRemove(id, out var _);
        }
    }

    /// <summary>One entry for all of them. A conflict means that an earlier try was written after all.</summary>
    private async Task RecordAsync(PendingReads pending, CancellationToken cancellationToken)
    {
        var (id, batch) = (pending.Id, pending.Batch);
        var payload = ReadPayload.Batch(pending.Session, batch);
        var change = new Change
        {
            Entries = [new EntryDraft(EntryType.ActionExecuted, id, Revision: 1, payload)],
            OnlyFirstOf = id,
            Window = batch.Window is { } window ? new WindowWrite.Records(window.Entry, batch.Count) : null,
            Priority = ChangePriority.Recording,
        };
        switch (await _store.CommitAsync(change, cancellationToken))
        {
            case CommitResult.Committed or CommitResult.Conflict { Reason: ConflictReason.AlreadyRecorded }:
                pending.Settle();
                if (batch.IsJournaled)
                {
                    Journal?.Settle(id);
                }

                break;
            case var other:
                throw new StoreUnavailableException($"The record of {id} was not taken: {other}.");
        }
    }
}
