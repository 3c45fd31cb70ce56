using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Records;
using Countersign.Core.Storage;

namespace Countersign.Server.Channels;

/// <summary>
/// Brings the store's messages to one channel: one posting for each review, brought up to date with every change. A
/// message says only that something changed; what is shown is read at that moment, so several of them are one call.
/// </summary>
internal abstract class ChannelOutbox(OutboxRooms rooms, ChannelHealth health)
{
    private const string HealthPart = "messages";
    private const int BatchSize = 50;

    /// <summary>Doubled with each attempt, and never longer than this.</summary>
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan FirstDelay = TimeSpan.FromSeconds(1);

    /// <summary>After a failure nothing is tried before this time: the others would fail for the same reason.</summary>
    private DateTimeOffset _awayUntil;

    public ChannelHealth Health => health;

    /// <summary>Before this time nothing would go out, so nothing is taken.</summary>
    protected virtual DateTimeOffset NotBefore => DateTimeOffset.MinValue;

    /// <summary>One round: delivers what is due; <c>true</c> when there may be more.</summary>
    public async Task<bool> DeliverAsync(CancellationToken cancellationToken)
    {
        if (rooms.Time.GetUtcNow() < NotBefore)
        {
            return false;
        }

        var messages = await rooms.Store.TakeOutboxAsync(health.Name, BatchSize, cancellationToken);
        foreach (var group in messages.GroupBy(message => (message.Action, message.Entry)))
        {
            var attempts = group.Max(message => message.Attempts);
            var retryAt = rooms.Time.GetUtcNow() < _awayUntil
                ? _awayUntil
                : WhenAgain(await DeliverAsync(group.Key, cancellationToken), attempts);
            foreach (var message in group)
            {
                await rooms.Store.SettleOutboxAsync(message.Id, retryAt, cancellationToken);
            }
        }

        return messages.Length == BatchSize;
    }

    /// <summary>Whether the channel is there at all, asked once in a while.</summary>
    /// <exception cref="ChannelException">It is not, or does not let us in.</exception>
    public abstract Task LookAsync(CancellationToken cancellationToken);

    /// <summary>Shows an action as it is now.</summary>
    /// <param name="record">The action.</param>
    /// <param name="place">Where it is shown already, in the channel's own words; <c>null</c> before.</param>
    /// <param name="cancellationToken">Ends it.</param>
    protected abstract Task<Delivery> ShowAsync(
        ActionRecord record, string? place, CancellationToken cancellationToken);

    /// <summary>Says something that is about no action: once, and never changed.</summary>
    protected abstract Task<Delivery> TellAsync(ChannelNotice notice, CancellationToken cancellationToken);

    /// <summary>Remembers where an action is shown.</summary>
    protected Task KeepPlaceAsync(ActionId action, string place, CancellationToken cancellationToken) =>
        rooms.Store.KeepPostingAsync(health.Name, action, place, cancellationToken);

    private async Task<Delivery> DeliverAsync(
        (ActionId? Action, long? Entry) message, CancellationToken cancellationToken) => message switch
        {
            ({ } action, _) => await DeliverAsync(action, cancellationToken),
            (_, { } entry) => await rooms.Notices.FindAsync(entry, cancellationToken) is { } notice
                ? await TellAsync(notice, cancellationToken)
                : new Delivery.Needless(),
            _ => new Delivery.Needless(),
        };

    private async Task<Delivery> DeliverAsync(ActionId id, CancellationToken cancellationToken)
    {
        if (await rooms.Gatekeeper.FindAsync(id, cancellationToken) is not { } record)
        {
            return new Delivery.Needless();
        }

        var place = await rooms.Store.FindPostingAsync(health.Name, id, cancellationToken);
        // Nobody here was ever asked: to say now that it is over would only be noise.
        return place is null && record.State != ActionState.Pending
            ? new Delivery.Needless()
            : await ShowAsync(record, place, cancellationToken);
    }

    /// <summary>When to try again; <c>null</c> when it is delivered or will never be.</summary>
    private DateTimeOffset? WhenAgain(Delivery delivery, int attempts)
    {
        switch (delivery)
        {
            case Delivery.Delivered:
                health.Works(HealthPart);
                return null;
            case Delivery.Needless:
                return null;
            case Delivery.Later later:
                return later.At;
            case Delivery.Failed failed:
                Log.Degraded(rooms.Log, health.Name, failed.Why);
                health.Fails(HealthPart, failed.Why);
                var delay = FirstDelay * Math.Pow(2, Math.Clamp(attempts - 1, 0, 10));
                return _awayUntil = rooms.Time.GetUtcNow() + (delay < LongestDelay ? delay : LongestDelay);
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }
}

/// <summary>Where an outbox reads from, and whom it tells.</summary>
internal sealed record OutboxRooms(
    IStore Store, Gatekeeper Gatekeeper, ChannelNotices Notices, TimeProvider Time, ILogger<ChannelOutbox> Log);
