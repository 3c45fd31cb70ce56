using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Records;
using Countersign.Core.Storage;
using Countersign.Server.Console;

namespace Countersign.Server.Channels.Slack;

/// <summary>
/// Brings the store's messages to Slack: one message for each review, brought up to date with every change. A message
/// says only that something changed; what is shown is read at that moment, so several of them are one call.
/// </summary>
internal sealed class SlackOutbox(
    SlackOutboxRooms rooms, SlackOptions options, SlackClient client, ChannelHealth health, TimeProvider time,
    ILogger<SlackOutbox> log)
{
    public const string Channel = "slack";

    private const string HealthPart = "messages";
    private const int BatchSize = 50;

    /// <summary>Doubled with each attempt, and never longer than this.</summary>
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan FirstDelay = TimeSpan.FromSeconds(1);

    /// <summary>What Slack says of a message that cannot be changed any more: a new one takes its place.</summary>
    private static readonly string[] Gone =
        ["message_not_found", "cant_update_message", "edit_window_closed", "channel_not_found", "is_inactive"];

    /// <summary>What Slack says of a card that is too much for it.</summary>
    private static readonly string[] Unfit = ["invalid_blocks", "invalid_blocks_format", "msg_too_long"];

    private readonly SlackPace _pace = new(time);

    /// <summary>After a failure nothing is tried before this time: the others would fail for the same reason.</summary>
    private DateTimeOffset _awayUntil;

    /// <summary>One round: delivers what is due; <c>true</c> when there may be more.</summary>
    public async Task<bool> DeliverAsync(CancellationToken cancellationToken)
    {
        if (time.GetUtcNow() < _pace.NotBefore)
        {
            return false;
        }

        var messages = await rooms.Store.TakeOutboxAsync(Channel, BatchSize, cancellationToken);
        foreach (var group in messages.GroupBy(message => (message.Action, message.Entry)))
        {
            var attempts = group.Max(message => message.Attempts);
            var retryAt = group.Key switch
            {
                ({ } action, _) => await TryDeliverAsync(action, attempts, cancellationToken),
                (_, { } entry) => await TryTellAsync(entry, attempts, cancellationToken),
                _ => null,
            };
            foreach (var message in group)
            {
                await rooms.Store.SettleOutboxAsync(message.Id, retryAt, cancellationToken);
            }
        }

        return messages.Length == BatchSize;
    }

    /// <summary>When to try again; <c>null</c> when it is delivered or will never be.</summary>
    private async Task<DateTimeOffset?> TryDeliverAsync(
        ActionId id, int attempts, CancellationToken cancellationToken)
    {
        if (time.GetUtcNow() < _awayUntil)
        {
            return _awayUntil;
        }

        if (await rooms.Gatekeeper.FindAsync(id, cancellationToken) is not { } record)
        {
            return null;
        }

        var place = SlackPlace.Parse(await rooms.Store.FindPostingAsync(Channel, id, cancellationToken));
        if (place is null && record.State != ActionState.Pending)
        {
            // Nobody here was ever asked: to say now that it is over would only be noise.
            return null;
        }

        if (_pace.WhenInstead(isUpdate: place is not null) is { } later)
        {
            return later;
        }

        return place is null && await WhyNotHereAsync(cancellationToken) is { } why
            ? Fail(why, attempts)
            : await SendAsync(record, place, attempts, cancellationToken);
    }

    /// <summary>The same for what is about no action: it is said once, and never changed.</summary>
    private async Task<DateTimeOffset?> TryTellAsync(long entry, int attempts, CancellationToken cancellationToken)
    {
        if (time.GetUtcNow() < _awayUntil)
        {
            return _awayUntil;
        }

        if (await rooms.Notices.FindAsync(entry, cancellationToken) is not { } notice)
        {
            return null;
        }

        if (_pace.WhenInstead(isUpdate: false) is { } later)
        {
            return later;
        }

        if (await WhyNotHereAsync(cancellationToken) is { } why)
        {
            return Fail(why, attempts);
        }

        switch (await CallAsync(notice, place: null, cancellationToken))
        {
            case SlackReply.Ok:
                health.Works(HealthPart);
                return null;
            case SlackReply.Limited limited:
                _pace.Pause(limited.RetryAfter);
                return _pace.NotBefore;
            case SlackReply.Refused refused:
                return Fail($"Slack refuses the message: {refused.Error}.", attempts);
            case SlackReply.Away away:
                return Fail(away.Why, attempts);
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    private async Task<DateTimeOffset?> SendAsync(
        ActionRecord record, SlackPlace? place, int attempts, CancellationToken cancellationToken)
    {
        var isFirst = record.State == ActionState.Pending
            ? await rooms.Lookup.IsFirstAsync(record, cancellationToken)
            : null;
        var owed = rooms.Desk.OwedFor(record, await rooms.Desk.FindFavoursAsync([record], cancellationToken));
        var reply = await CallAsync(rooms.Card.Render(record, isFirst, owed), place, cancellationToken);
        if (reply is SlackReply.Refused { Error: var unfit } && Unfit.Contains(unfit))
        {
            Log.CardRefused(log, record.Id, unfit);
            reply = await CallAsync(rooms.Card.RenderShort(record), place, cancellationToken);
        }

        if (place is not null && reply is SlackReply.Refused { Error: var gone } && Gone.Contains(gone))
        {
            return _pace.WhenInstead(isUpdate: false)
                ?? await SendAsync(record, place: null, attempts, cancellationToken);
        }

        switch (reply)
        {
            case SlackReply.Ok ok:
                health.Works(HealthPart);
                if (place is null && SlackPlace.Of(ok.Body, options.Channel) is { } posted)
                {
                    await rooms.Store.KeepPostingAsync(
                        Channel, record.Id, posted.ToString(), cancellationToken);
                }

                return null;
            case SlackReply.Limited limited:
                _pace.Pause(limited.RetryAfter);
                return _pace.NotBefore;
            case SlackReply.Refused refused:
                return Fail($"Slack refuses the message: {refused.Error}.", attempts);
            default:
                return Fail(((SlackReply.Away)reply).Why, attempts);
        }
    }

    private Task<SlackReply> CallAsync(SlackMessage message, SlackPlace? place, CancellationToken cancellationToken) =>
        client.CallAsync(
            place is null ? "chat.postMessage" : "chat.update",
            message.ToArguments(place?.Channel ?? options.Channel, place?.Ts),
            cancellationToken);

    private async Task<string?> WhyNotHereAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await rooms.Workspace.WhyNotChannelAsync(options.Channel, cancellationToken);
        }
        catch (SlackException unknown)
        {
            return unknown.Message;
        }
    }

    private DateTimeOffset Fail(string why, int attempts)
    {
        Log.Degraded(log, why);
        health.Fails(HealthPart, why);
        var delay = FirstDelay * Math.Pow(2, Math.Clamp(attempts - 1, 0, 10));
        return _awayUntil = time.GetUtcNow() + (delay < LongestDelay ? delay : LongestDelay);
    }
}

/// <summary>Where the outbox reads from, and what makes its messages.</summary>
internal sealed record SlackOutboxRooms(
    IStore Store,
    Gatekeeper Gatekeeper,
    ReviewDesk Desk,
    ActionLookup Lookup,
    SlackCard Card,
    SlackNotices Notices,
    SlackWorkspace Workspace);
