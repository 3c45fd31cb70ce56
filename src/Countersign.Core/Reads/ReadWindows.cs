using System.Collections.Concurrent;
using System.Collections.Immutable;
using Countersign.Core.Actions;
using Countersign.Core.Ledger;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;

namespace Countersign.Core.Reads;

/// <summary>
/// The windows of this node, one after the other for each target. A window is durable before anything runs in it; the
/// next one is opened while reads still run in the last part of the present one, so that a busy target never waits.
/// </summary>
internal sealed class ReadWindows(IStore store, ReadLimits limits, NodeId self)
{
    /// <summary>How many windows of other nodes, or of lost acknowledgements, one sweep ends.</summary>
    private const int BatchSize = 200;

    private readonly ConcurrentDictionary<TargetName, TargetWindows> _targets = new();

    /// <summary>Whether a window may be open in the store that this node does not know of.</summary>
    private volatile bool _mayHaveStrays;
    private volatile bool _isStopping;

    public TargetWindows For(TargetName target) =>
        _targets.GetOrAdd(target, static (name, windows) => new TargetWindows(windows, name), this);

    public DateTimeOffset Now => store.Now;

    /// <summary>Declares the next window of a target; it is durable when this returns.</summary>
    /// <exception cref="StoreUnavailableException">It may not be; nothing runs in it.</exception>
    public async Task<ReadWindow> OpenAsync(TargetName target)
    {
        if (_isStopping)
        {
            throw new StoreUnavailableException("This server is stopping; nothing more is read through it. Reconnect.");
        }

        var opens = new WindowWrite.Opens(target, self, limits.WindowReads, store.Now + limits.WindowTime);
        try
        {
            var committed = await store.CommitAsync(
                ChangeFor(opens, EntryType.RecordingWindow, ReadPayload.Opening(opens)), CancellationToken.None);
            return committed is CommitResult.Committed { Indexes: [var entry] }
                ? new ReadWindow(entry, target, limits, opens.Until)
                : throw new StoreUnavailableException($"No window for reads of '{target}' was opened: {committed}.");
        }
        catch
        {
            _mayHaveStrays = true;
            throw;
        }
    }

    /// <summary>No window is opened any more; ends when those that were being opened are.</summary>
    public Task StopAsync()
    {
        _isStopping = true;
        return Task.WhenAll(_targets.Values.Select(target => target.Opening));
    }

    /// <summary>Ends what is over and complete; with <paramref name="all"/> nothing more begins anywhere.</summary>
    public async Task CloseAsync(bool all, CancellationToken cancellationToken)
    {
        foreach (var target in _targets.Values)
        {
            foreach (var window in target.TakeOver(store.Now, all))
            {
                if (window.Complete() is { } reads)
                {
                    await EndAsync(
                        window.Entry,
                        EntryType.RecordingWindow,
                        ReadPayload.Closing(window.Entry, reads),
                        cancellationToken);
                    target.Forget(window);
                }
            }
        }
    }

    /// <summary>
    /// Ends windows that nobody will complete: those of nodes that are gone leave a gap, and those whose declaration
    /// was not acknowledged had no reads.
    /// </summary>
    public async Task EndLostAsync(CancellationToken cancellationToken)
    {
        foreach (var lost in await store.FindLostWindowsAsync(self, BatchSize, cancellationToken))
        {
            await EndAsync(lost.Entry, EntryType.RecordingGap, ReadPayload.Gap(lost), cancellationToken);
        }

        if (_mayHaveStrays)
        {
            await EndStraysAsync(cancellationToken);
        }
    }

    /// <summary>
    /// The store is asked first: what it knows and no target does, once none is declaring one, nobody will use.
    /// </summary>
    private async Task EndStraysAsync(CancellationToken cancellationToken)
    {
        _mayHaveStrays = false;
        var isDone = false;
        try
        {
            var stored = await store.FindWindowsAsync(self, BatchSize, cancellationToken);
            var known = _targets.Values.Select(target => target.Entries).ToList();
            var strays = stored.Where(window => known.All(entries => entries?.Contains(window.Entry) == false));
            foreach (var stray in strays)
            {
                var closing = ReadPayload.Closing(stray.Entry, stray.Recorded);
                await EndAsync(stray.Entry, EntryType.RecordingWindow, closing, cancellationToken);
            }

            isDone = !known.Contains(null);
        }
        finally
        {
            if (!isDone)
            {
                _mayHaveStrays = true;
            }
        }
    }

    /// <summary>One that has ended before, by an unheard try or another node, needs no second end.</summary>
    private Task<CommitResult> EndAsync(
        long window, EntryType type, byte[] payload, CancellationToken cancellationToken) =>
        store.CommitAsync(ChangeFor(new WindowWrite.Ends(window), type, payload), cancellationToken);

    private static Change ChangeFor(WindowWrite window, EntryType type, byte[] payload) => new()
    {
        Window = window,
        Entries = [new EntryDraft(type, Action: null, Revision: 0, payload)],
    };
}
