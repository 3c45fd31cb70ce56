using System.Collections.Immutable;
using Countersign.Core.Storage;

namespace Countersign.Core.Reads;

/// <summary>
/// The reads of one session on their way into the ledger: several in one entry, without a row or an object for each
/// (DESIGN section 2.5).
/// <list type="bullet">
/// <item><c>behind</c>: <see cref="TryBegin"/> before a read is sent, <see cref="BeginAsync"/> when that says no, and
/// <see cref="End"/> when its answer is complete; the answer may have left by then.</item>
/// <item><c>with</c>: <see cref="Begin"/> when a read is sent, so that it becomes durable while the target answers;
/// <see cref="Add"/> when its answer is complete; then <see cref="RecordAsync"/>, and only then may a byte of the
/// answers leave.</item>
/// </list>
/// Whoever opens it has judged the reads; it is no place to ask the policy.
/// </summary>
public sealed class SessionReads : IAsyncDisposable
{
    private readonly ReadDesk _desk;
    private readonly ReadSession _session;
    private readonly TargetWindows _windows;

    // Guards the nine below.
    private readonly Lock _lock = new();
    private readonly JournalWriter? _journal;
    private ReadBatch? _behind;
    private ReadBatch? _with;
    private Task _begun = Task.CompletedTask;
    private bool _isFlushed = true;
    private bool _isJournalLost;
    private ImmutableList<PendingReads> _pending = [];
    private ImmutableList<Task> _awaited = [];
    private bool _isClosed;

    internal SessionReads(ReadDesk desk, ReadSession session, TargetWindows windows)
    {
        (_desk, _session, _windows) = (desk, session, windows);
        _journal = desk.Journal is { } journal ? new JournalWriter(journal, session) : null;
    }

    /// <summary>
    /// Counts one read in the open window, before it is sent. <c>false</c>: none is open, or too much of this session
    /// waits for the store; then <see cref="BeginAsync"/> waits.
    /// </summary>
    public bool TryBegin(out ReadTicket ticket)
    {
        ticket = default;
        return HasRoom() && _windows.TryBegin(out ticket);
    }

    /// <summary>Waits until the read may be sent.</summary>
    /// <exception cref="StoreUnavailableException">It may not be sent: no window could be declared, or earlier reads
    /// of this session could not be recorded.</exception>
    public async Task<ReadTicket> BeginAsync(CancellationToken cancellationToken)
    {
        while (!HasRoom())
        {
            await FirstTryOfOldest().WaitAsync(cancellationToken);
        }

        return await _windows.BeginAsync(cancellationToken);
    }

    /// <summary>
    /// The read has ended, however it did: one that begins and never ends here leaves a gap in the ledger.
    /// </summary>
    public void End(ReadTicket ticket, in ReadNote note)
    {
        lock (_lock)
        {
            if (_behind is { } batch && (batch.Window != ticket.Window || batch.IsFull))
            {
                HandOver_NeedsLock(ref _behind);
            }

            _behind ??= _desk.NewBatch(ticket.Window);
            _behind.Add(note);

            // Nobody comes along later for what ends when the session or its window has.
            if (_isClosed || _behind.IsFull)
            {
                HandOver_NeedsLock(ref _behind);
            }
        }
    }

    /// <summary>
    /// A read under <c>with</c> is about to be sent. Where there is a journal, it begins to be made durable now, as one
    /// whose answer goes on; a default mark says that there is none.
    /// </summary>
    public ReadMark Begin(in ReadNote note)
    {
        lock (_lock)
        {
            if (_journal is null || _isJournalLost)
            {
                return default;
            }

            if (_with is { IsFull: true })
            {
                EndWith_NeedsLock();
            }

            _with ??= _desk.NewBatch(isJournaled: true);
            var statements = _with.Statements.Count;
            var place = _with.Begin(note);
            _journal.Write(_with.Id, _with, statements);
            _begun = _desk.Journal!.FlushAsync();
            return new ReadMark(_with, place);
        }
    }

    /// <summary>A read under <c>with</c> has ended; its answer waits for <see cref="RecordAsync"/>.</summary>
    /// <param name="note">What came of it.</param>
    /// <param name="mark">Where <see cref="Begin"/> put it. When that entry is on its way already, it says that the
    /// read goes on, and the next one how it ended.</param>
    public void Add(in ReadNote note, ReadMark mark = default)
    {
        lock (_lock)
        {
            if (mark.Batch is { } begun && begun == _with)
            {
                begun.Complete(mark.Place, note);
                _journal!.WriteEnd(begun.Id, mark.Place, note);
            }
            else
            {
                AddWhole_NeedsLock(note);
            }

            if (_with is { Open: 0 } with && (with.IsFull || with.IsOver))
            {
                EndWith_NeedsLock();
            }
        }
    }

    /// <summary>
    /// Ends when every read that was added since the last time is durable: in the journal where there is one, so that
    /// its entry can wait for more reads, or else in its entry.
    /// </summary>
    /// <exception cref="StoreUnavailableException">They ran and are not recorded yet: their answers are withheld, and
    /// the sweep goes on trying.</exception>
    public Task RecordAsync(CancellationToken cancellationToken)
    {
        ImmutableList<Task> awaited;
        Task journaled;
        lock (_lock)
        {
            if (_with is { IsJournaled: false })
            {
                EndWith_NeedsLock();
            }

            (awaited, _awaited) = (_awaited, []);
            journaled = _isFlushed ? _begun : _desk.Journal!.FlushAsync();
            (_isFlushed, _begun) = (true, Task.CompletedTask);
        }

        return journaled.IsCompletedSuccessfully && HasRoom()
            ? (awaited.Count == 1 ? awaited[0] : Task.WhenAll(awaited)).WaitAsync(cancellationToken)
            : AwaitJournalAsync(journaled, awaited, cancellationToken);
    }

    /// <summary>Hands over what is left and waits until it is written; what the store refuses is tried again.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            _isClosed = true;
        }

        Flush(all: true);
        await Task.WhenAll(Pending.Select(pending => pending.FirstTry))
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _journal?.Dispose();
        _desk.Leave(this);
    }

    /// <summary>The entries that are on their way to the store.</summary>
    internal ImmutableList<PendingReads> Pending
    {
        get
        {
            lock (_lock)
            {
                return _pending;
            }
        }
    }

    /// <summary>Hands over what nothing will join any more, because its window is over.</summary>
    internal void Flush(bool all)
    {
        lock (_lock)
        {
            if (_behind is { Window: { } window } && (all || window.IsOver(_desk.Now)))
            {
                HandOver_NeedsLock(ref _behind);
            }

            if (all || (_with is { } with && IsOver_NeedsLock(with)))
            {
                EndWith_NeedsLock();
            }
        }
    }

    /// <summary>
    /// Another session's flush may have made these durable already; then this one costs nothing. A session that is
    /// faster than the store waits for it here.
    /// </summary>
    private async Task AwaitJournalAsync(
        Task journaled, ImmutableList<Task> awaited, CancellationToken cancellationToken)
    {
        try
        {
            // One write to the disk, which nobody can call back.
            await journaled;
        }
        catch (StoreUnavailableException)
        {
            // Their entries can still be written, and answers wait for these from now on.
            awaited = AwaitEntries();
        }

        if (!HasRoom())
        {
            await FirstTryOfOldest().WaitAsync(cancellationToken);
        }

        await Task.WhenAll(awaited).WaitAsync(cancellationToken);
    }

    private void AddWhole_NeedsLock(in ReadNote note)
    {
        _with ??= _desk.NewBatch(isJournaled: _journal is not null && !_isJournalLost);
        var statements = _with.Statements.Count;
        _with.Add(note);
        if (_with.IsJournaled)
        {
            _journal!.Write(_with.Id, _with, statements);
            _isFlushed = false;
        }
    }

    /// <summary>
    /// Whether its time is up. A read that is answered just now is given as long again, so that one row tells of it.
    /// </summary>
    private bool IsOver_NeedsLock(ReadBatch with)
    {
        var age = _desk.Now - with.Since;
        with.IsOver = age >= _desk.Limits.JournalTime;
        return with.IsOver && (with.Open == 0 || age >= 2 * _desk.Limits.JournalTime);
    }

    private ImmutableList<Task> AwaitEntries()
    {
        lock (_lock)
        {
            _isJournalLost = true;
            EndWith_NeedsLock();
            return [.. _pending.Select(pending => pending.FirstTry)];
        }
    }

    /// <summary>No read joins these any more. Answers wait for the entry unless the journal has them.</summary>
    private void EndWith_NeedsLock()
    {
        var isJournaled = _with is { IsJournaled: true };
        if (HandOver_NeedsLock(ref _with) is { } handedOver && !isJournaled)
        {
            _awaited = _awaited.Add(handedOver.FirstTry);
        }
    }

    private PendingReads? HandOver_NeedsLock(ref ReadBatch? batch)
    {
        if (batch is null)
        {
            return null;
        }

        var pending = _desk.Write(_session, batch);
        _pending = _pending.RemoveAll(earlier => earlier.IsDurable).Add(pending);
        batch = null;
        return pending;
    }

    private bool HasRoom()
    {
        lock (_lock)
        {
            if (_pending.Count >= _desk.Limits.WaitingEntries)
            {
                _pending = _pending.RemoveAll(pending => pending.IsDurable);
            }

            return _pending.Count < _desk.Limits.WaitingEntries;
        }
    }

    private Task FirstTryOfOldest()
    {
        lock (_lock)
        {
            return _pending.IsEmpty ? Task.CompletedTask : _pending[0].FirstTry;
        }
    }
}
