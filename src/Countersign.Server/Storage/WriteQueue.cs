using Countersign.Core.Storage;

namespace Countersign.Server.Storage;

/// <summary>
/// What waits for the one writer, in two lanes: decisions overtake the recording of reads. Each lane is bounded by
/// itself, so that a flood of reads cannot keep decisions out.
/// </summary>
internal sealed class WriteQueue<T> : IDisposable
    where T : QueuedWrite
{
    /// <summary>How many writes may wait in each lane; one more is refused, none is dropped.</summary>
    public const int Capacity = 4096;

    /// <summary>How many ledger entries one commit carries at most.</summary>
    public const int MaxBatchEntries = 256;

    /// <summary>How many payload bytes one commit carries, unless a single write is larger.</summary>
    public const long MaxBatchBytes = 1 << 20;

    private readonly Lock gate = new();
    private readonly SemaphoreSlim filled = new(0, 1);

    // Guarded by gate.
    private readonly Queue<T> decisions = new();
    private readonly Queue<T> recordings = new();
    private bool isClosed;

    /// <summary>Adds a write.</summary>
    /// <exception cref="StoreUnavailableException">The lane is full, or the store is closing.</exception>
    public void Add(T write)
    {
        lock (gate)
        {
            var lane = write.Priority == ChangePriority.Decision ? decisions : recordings;
            if (isClosed)
            {
                throw new StoreUnavailableException("The store is closing. Ask again once the server is back.");
            }

            if (lane.Count == Capacity)
            {
                throw new StoreUnavailableException(
                    $"{Capacity} writes are waiting for the store already, so this one was refused and nothing of it "
                    + "was written. Ask again in a moment; if it lasts, the store's disk is too slow for the load.");
            }

            lane.Enqueue(write);
            Signal_NeedsLock();
        }
    }

    /// <summary>Waits for writes and takes as many as one commit may carry; empty once closed and drained.</summary>
    public async Task<List<T>> TakeAsync()
    {
        while (true)
        {
            lock (gate)
            {
                if (decisions.Count + recordings.Count > 0)
                {
                    return TakeBatch_NeedsLock();
                }

                if (isClosed)
                {
                    return [];
                }
            }

            await filled.WaitAsync();
        }
    }

    /// <summary>Refuses further writes; those that wait are still taken.</summary>
    public void Close()
    {
        lock (gate)
        {
            isClosed = true;
            Signal_NeedsLock();
        }
    }

    public void Dispose() => filled.Dispose();

    private void Signal_NeedsLock()
    {
        if (filled.CurrentCount == 0)
        {
            filled.Release();
        }
    }

    private List<T> TakeBatch_NeedsLock()
    {
        var batch = new List<T>();
        var (entries, bytes) = (0, 0L);
        while ((decisions.TryPeek(out var next) || recordings.TryPeek(out next)) && Fits(next))
        {
            (next.Priority == ChangePriority.Decision ? decisions : recordings).Dequeue();
            (entries, bytes) = (entries + next.Entries, bytes + next.Bytes);
            batch.Add(next);
        }

        return batch;

        bool Fits(T write) => batch.Count == 0
            || (batch.Count < MaxBatchEntries
                && entries + write.Entries <= MaxBatchEntries
                && bytes + write.Bytes <= MaxBatchBytes);
    }
}
