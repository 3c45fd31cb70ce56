using Countersign.Core.Actions;
using Countersign.Core.Records;
using Countersign.Core.Storage;

namespace Countersign.Core;

/// <summary>
/// Lets callers wait for an action to change. The feed wakes them; a slow poll stands behind it, because a wake-up may
/// be lost and the store is the only authority.
/// </summary>
internal sealed class Waiting(IStore store, TimeProvider time)
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Waits until the record satisfies the condition or the time is over, and returns it as it stands then.
    /// </summary>
    public async Task<ActionRecord?> UntilAsync(
        ActionId id, Func<ActionRecord, bool> satisfied, TimeSpan patience, CancellationToken cancellationToken)
    {
        // Subscribe before the first read, so that no change between read and wait goes unnoticed.
        using var subscription = store.Changes.Subscribe();
        var start = time.GetTimestamp();
        while (true)
        {
            var record = await store.FindAsync(id, cancellationToken) is { } stored
                ? RecordCodec.FromStored(stored)
                : null;
            var left = patience - time.GetElapsedTime(start);
            if (record is null || satisfied(record) || left <= TimeSpan.Zero)
            {
                return record;
            }

            await NextChangeAsync(subscription, id, left < PollInterval ? left : PollInterval, cancellationToken);
        }
    }

    private async Task NextChangeAsync(
        ChangeFeed.Subscription subscription, ActionId id, TimeSpan atMost, CancellationToken cancellationToken)
    {
        using var timer = new CancellationTokenSource(atMost, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timer.Token);
        try
        {
            while ((await subscription.Reader.ReadAsync(either.Token)).Id != id)
            {
                // Announcements about other actions only pass by.
            }
        }
        catch (OperationCanceledException)
            when (timer.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            // The poll's turn.
        }
    }
}
