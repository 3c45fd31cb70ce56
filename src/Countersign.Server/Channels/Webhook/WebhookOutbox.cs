using System.Diagnostics;
using Countersign.Core.Records;

namespace Countersign.Server.Channels.Webhook;

/// <summary>
/// Posts every change of a review to the receiver. The place of an action is the id of the latest event that was taken,
/// so that a message which was delivered and not settled is not sent again.
/// </summary>
internal sealed class WebhookOutbox(
    OutboxRooms rooms, ChannelHealth health, WebhookClient client, WebhookCard card, ILogger<WebhookOutbox> log)
    : ChannelOutbox(rooms, health)
{
    public const string Channel = "webhook";

    private readonly OutboxRooms _rooms = rooms;
    private readonly WebhookRefusals _refusals = new(health);
    private DateTimeOffset _notBefore;

    /// <summary>After 429 the receiver's time; after 410 nothing is taken until a restart.</summary>
    protected override DateTimeOffset NotBefore => _notBefore;

    public override Task LookAsync(CancellationToken cancellationToken)
    {
        _refusals.ForgetOld(_rooms.Time.GetUtcNow());
        return client.LookAsync(cancellationToken);
    }

    protected override async Task<Delivery> ShowAsync(
        ActionRecord record, string? place, CancellationToken cancellationToken)
    {
        var message = card.Render(record);
        if (message.Id == place)
        {
            return new Delivery.Needless();
        }

        var delivery = await SendAsync(record.Id.Value, message, cancellationToken);
        if (delivery is Delivery.Delivered)
        {
            await KeepPlaceAsync(record.Id, message.Id, cancellationToken);
        }

        return delivery;
    }

    protected override Task<Delivery> TellAsync(ChannelNotice notice, CancellationToken cancellationToken) =>
        SendAsync(notice.Source, WebhookCard.Render(notice), cancellationToken);

    private async Task<Delivery> SendAsync(string about, WebhookMessage message, CancellationToken cancellationToken)
    {
        var now = _rooms.Time.GetUtcNow();
        if (now < _notBefore)
        {
            // Never until the end of time: after a restart it is tried again.
            var soon = now + WebhookLimits.LongestWait;
            return new Delivery.Later(_notBefore < soon ? _notBefore : soon);
        }

        switch (await client.SendAsync(message, cancellationToken))
        {
            case WebhookReply.Taken:
                _refusals.Forget(about);
                return new Delivery.Delivered();
            case WebhookReply.Limited limited:
                _notBefore = now + limited.RetryAfter;
                return new Delivery.Later(_notBefore);
            case WebhookReply.Gone:
                // What waits stays in the outbox; whoever mends the address starts the node again anyway.
                _notBefore = DateTimeOffset.MaxValue;
                return new Delivery.Failed(
                    "The receiver answered HTTP 410: it wants nothing any more. Nothing is sent until the next " +
                    "start; correct 'url', or take 'webhook' out.");
            case WebhookReply.Refused refused:
                Log.MessageRefused(log, message.Id, refused.Status);
                return new Delivery.Later(_refusals.Count(about, refused.Status, now));
            case WebhookReply.Away away:
                return new Delivery.Failed(away.Why);
            default:
                throw new UnreachableException();
        }
    }
}
