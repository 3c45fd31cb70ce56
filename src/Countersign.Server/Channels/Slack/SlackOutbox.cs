using Countersign.Core;
using Countersign.Core.Records;
using Countersign.Server.Console;

namespace Countersign.Server.Channels.Slack;

/// <summary>Posts reviews into the one channel, and brings each posting up to date.</summary>
internal sealed class SlackOutbox(
    OutboxRooms rooms, ChannelHealth health, SlackPoster poster, SlackCard card, SlackOutbox.Rooms besides)
    : ChannelOutbox(rooms, health)
{
    public const string Channel = "slack";

    /// <summary>What Slack says of a message that cannot be changed any more: a new one takes its place.</summary>
    private static readonly string[] Gone =
        ["message_not_found", "cant_update_message", "edit_window_closed", "channel_not_found", "is_inactive"];

    /// <summary>What Slack says of a card that is too much for it.</summary>
    private static readonly string[] Unfit = ["invalid_blocks", "invalid_blocks_format", "msg_too_long"];

    protected override DateTimeOffset NotBefore => poster.NotBefore;

    public override Task LookAsync(CancellationToken cancellationToken) => poster.LookAsync(cancellationToken);

    protected override async Task<Delivery> ShowAsync(
        ActionRecord record, string? place, CancellationToken cancellationToken)
    {
        var at = SlackPlace.Parse(place);
        if (await poster.WhyNotNowAsync(isUpdate: at is not null, cancellationToken) is { } instead)
        {
            return instead;
        }

        SlackMessage message;
        try
        {
            message = at is not null && await poster.WhyReadByOthersAsync(at, cancellationToken) is { } why
                ? card.RenderWithdrawn(record, why)
                : await RenderAsync(record, cancellationToken);
        }
        catch (SlackException unknown)
        {
            return new Delivery.Failed(unknown.Message);
        }

        var reply = await poster.SendAsync(message, at, cancellationToken);
        if (reply is SlackReply.Refused { Error: var unfit } && Unfit.Contains(unfit))
        {
            Log.CardRefused(besides.Log, record.Id, unfit);
            reply = await poster.SendAsync(card.RenderShort(record), at, cancellationToken);
        }

        if (at is not null && reply is SlackReply.Refused { Error: var gone } && Gone.Contains(gone))
        {
            return await ShowAsync(record, place: null, cancellationToken);
        }

        if (reply is SlackReply.Ok ok && at is null && poster.PlaceOf(ok) is { } posted)
        {
            await KeepPlaceAsync(record.Id, posted.ToString(), cancellationToken);
        }

        return poster.Read(reply);
    }

    private async Task<SlackMessage> RenderAsync(ActionRecord record, CancellationToken cancellationToken)
    {
        var context = await CardContext.FindAsync(record, besides.Desk, besides.Lookup, cancellationToken);
        return card.Render(record, context.IsFirst, context.Owed);
    }

    protected override async Task<Delivery> TellAsync(ChannelNotice notice, CancellationToken cancellationToken) =>
        await poster.WhyNotNowAsync(isUpdate: false, cancellationToken)
            ?? poster.Read(await poster.SendAsync(SlackCard.Render(notice), place: null, cancellationToken));

    /// <summary>Where else it looks.</summary>
    internal sealed record Rooms(ReviewDesk Desk, ActionLookup Lookup, ILogger<SlackOutbox> Log);
}
