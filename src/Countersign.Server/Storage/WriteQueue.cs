using System.Diagnostics.CodeAnalysis;
using Countersign.Core.Storage;

namespace Countersign.Server.Storage;

/// <summary>
/// What waits for the one writer, in three lanes: decisions overtake the recording of reads, and notes linger for
/// either. Each lane is bounded by itself, so that a flood of reads cannot keep decisions out.
/// </summary>
internal sealed class WriteQueue<T> : IDisposable
    where T : QueuedWrite
{
    /// <summary>How many writes may wait in each lane; one more is refused, none is dropped.</summary>
    public const int Capacity = 4096;

    /// <summary>
    /// How many payload bytes may wait in each lane, so that large requests do not fill the memory of a slow disk's
    /// server.
    /// </summary>
    public const long MaxWaitingBytes = 256L << 20;

    /// <summary>How many ledger entries one commit carries at most.</summary>
    public const int MaxBatchEntries = 256;

    /// <summary>How many notes go along with it.</summary>
    public const int MaxBatchNotes = 256;

    /// <summary>How many payload bytes one commit carries, unless a single write is larger.</summary>
    public const long MaxBatchBytes = 1 << 20;

    // As long as an agent needs for its next call; one that repeats the very same call waits for the note.
    private static readonly TimeSpan Linger = TimeSpan.FromMilliseconds(5);

    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _filled = new(0, 1);
    private readonly TimeSpan _linger;

    // Guarded by _gate.
    private readonly Lane _decisions = new();
    private readonly Lane _recordings = new();
    private readonly Lane _notes = new();
    private bool _isClosed;

    /// <param name="linger">How long notes wait for a commit that others need.</param>
    public WriteQueue(TimeSpan? linger = null) => _linger = linger ?? Linger;

    /// <summary>Adds a write.</summary>
    /// <exception cref="StoreUnavailableException">The lane is full, or the store is closing.</exception>
    public void Add(T write)
    {
        lock (_gate)
        {
            var lane = LaneOf(write);
            if (_isClosed)
            {
                throw new StoreUnavailableException("The store is closing. Ask again once the server is back.");
            }

            if (!lane.HasRoomFor(write))
            {
                throw new StoreUnavailableException(
                    $"{lane.Count} writes are waiting for the store already, so this one was refused and nothing of it "
                    + "was written. Ask again in a moment; if it lasts, the store's disk is too slow for the load.");
            }

            lane.Enqueue(write);
            Signal_NeedsLock();
        }
    }

    /// <summary>Waits for writes and takes as many as one commit may carry; empty once closed and drained.</summary>
    public async Task<List<T>> TakeAsync()
    {
        var hasLingered = false;
        while (true)
        {
            bool linger;
            lock (_gate)
            {
                linger = _notes.Count > 0 && !hasLingered && !_isClosed;
                if (_decisions.Count + _recordings.Count > 0 || (_notes.Count > 0 && !linger))
                {
                    return TakeBatch_NeedsLock();
                }

                if (_isClosed)
                {
                    return [];
                }

                // What is here was seen: only what comes from now on is a signal.
                _filled.Wait(0);
            }

            await _filled.WaitAsync(linger ? _linger : Timeout.InfiniteTimeSpan);
            hasLingered |= linger;
        }
    }

    /// <summary>Refuses further writes; those that wait are still taken.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _isClosed = true;
            Signal_NeedsLock();
        }
    }

    public void Dispose() => _filled.Dispose();

    private Lane LaneOf(T write) => write.Priority switch
    {
        ChangePriority.Decision => _decisions,
        ChangePriority.Recording => _recordings,
        _ => _notes,
    };

    private void Signal_NeedsLock()
    {
        if (_filled.CurrentCount == 0)
        {
            _filled.Release();
        }
    }

    private List<T> TakeBatch_NeedsLock()
    {
        var batch = new List<T>();
        var (entries, bytes) = (0, 0L);
        while ((_decisions.TryPeek(out var next) || _recordings.TryPeek(out next)) && Fits(next))
        {
            LaneOf(next).Dequeue();
            (entries, bytes) = (entries + next.Entries, bytes + next.Bytes);
            batch.Add(next);
        }

        // Beyond what fits, since a busy store would else never take any.
        for (var notes = 0; notes < MaxBatchNotes && _notes.TryPeek(out var note); notes++)
        {
            _notes.Dequeue();
            batch.Add(note);
        }

        return batch;

        bool Fits(T write) => batch.Count == 0
            || (batch.Count < MaxBatchEntries
                && entries + write.Entries <= MaxBatchEntries
                && bytes + write.Bytes <= MaxBatchBytes);
    }

    /// <summary>What waits under one priority, and how many bytes that is.</summary>
    private sealed class Lane
    {
        private readonly Queue<T> _writes = new();
        private long _bytes;

        public int Count => _writes.Count;

        /// <summary>An empty lane takes a write of any size, else a large one could never be written.</summary>
        public bool HasRoomFor(T write) =>
            Count == 0 || (Count < Capacity && _bytes + write.Bytes <= MaxWaitingBytes);

        public void Enqueue(T write)
        {
            _writes.Enqueue(write);
            _bytes += write.Bytes;
        }

        public bool TryPeek([MaybeNullWhen(false)] out T write) => _writes.TryPeek(out write);

        public void Dequeue() => _bytes -= _writes.Dequeue().Bytes;
    }
}
