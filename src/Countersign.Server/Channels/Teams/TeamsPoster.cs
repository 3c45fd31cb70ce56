using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using Countersign.Core;

namespace Countersign.Server.Channels.Teams;

/// <summary>What became of one message to one reader.</summary>
internal abstract record TeamsSending
{
    private TeamsSending()
    {
    }

    public sealed record Posted(TeamsPosting Posting) : TeamsSending;

    /// <summary>The message that was to be changed is not there any more.</summary>
    public sealed record Gone : TeamsSending;

    public sealed record TooLarge : TeamsSending;

    /// <summary>This reader is not reached; the others are none the worse for it.</summary>
    public sealed record Closed(string Why, DateTimeOffset Until) : TeamsSending;

    public sealed record Later(DateTimeOffset At) : TeamsSending;

    public sealed record Away(string Why) : TeamsSending;
}

/// <summary>Sends messages to readers: not faster than Teams takes them, and only where we were told.</summary>
internal sealed class TeamsPoster(
    TeamsOptions options, TeamsConnector connector, TeamsRoster roster, TimeProvider time, FillRandom random)
{
    private const string ThreadMark = ";messageid=";

    /// <summary>How long somebody who was not reached is left alone.</summary>
    private static readonly TimeSpan ClosedFor = TimeSpan.FromMinutes(5);

    private readonly TeamsPace _pace = new(time);
    private readonly ConcurrentDictionary<string, (DateTimeOffset Until, string Why)> _closed = new();
    private readonly ConcurrentDictionary<TeamsAccount, string> _conversations = new();
    private volatile Uri? _service;

    /// <summary>
    /// Where something is posted that answers nothing: where the last activity came from, before that the first
    /// configured.
    /// </summary>
    public Uri Service => _service ?? options.Services[0];

    /// <summary>When nothing may go out until; in the past when something may.</summary>
    public DateTimeOffset NotBefore
    {
        get
        {
            // Every review goes to the one channel: while it has no room, taking more messages only puts them back.
            var room = options.TeamChannel is { } channel ? _pace.RoomIn(channel) : null;
            return room > _pace.NotBefore ? room.Value : _pace.NotBefore;
        }
    }

    /// <summary>When something may go out again; <c>null</c> when it may now.</summary>
    public DateTimeOffset? BusyUntil => NotBefore is var until && until > time.GetUtcNow() ? until : null;

    /// <summary>Called with the address of an activity whose token held only.</summary>
    public void LearnService(Uri service) => _service = service;

    /// <summary>Posts a message, or changes the one that is there.</summary>
    public async Task<TeamsSending> SendAsync(
        TeamsReader reader, TeamsPosting? at, TeamsMessage message, CancellationToken cancellationToken)
    {
        if (_closed.TryGetValue(reader.Key, out var closed) && time.GetUtcNow() < closed.Until)
        {
            return new TeamsSending.Closed(closed.Why, closed.Until);
        }

        return (at, reader.Account) switch
        {
            ({ } posting, _) => await UpdateAsync(reader, posting, message, cancellationToken),
            (_, { } account) => await PostAsync(reader, account, message, cancellationToken),
            _ => await OpenThreadAsync(reader, message, cancellationToken),
        };
    }

    /// <summary>Answers somebody where they wrote, if there is room.</summary>
    public async Task TellAsync(
        Uri service, string conversation, JsonObject card, CancellationToken cancellationToken)
    {
        if (_pace.WhenInstead(conversation) is null)
        {
            var message = new TeamsMessage("Countersign", card);
            await connector.PostAsync(service, conversation, message.ToActivity(), cancellationToken);
        }
    }

    private async Task<TeamsSending> UpdateAsync(
        TeamsReader reader, TeamsPosting at, TeamsMessage message, CancellationToken cancellationToken)
    {
        if (!options.Trusts(at.Service))
        {
            return new TeamsSending.Gone();
        }

        if (_pace.WhenInstead(reader.Account is null ? options.TeamChannel! : at.Conversation) is { } later)
        {
            return new TeamsSending.Later(later);
        }

        var reply = await connector.UpdateAsync(at.Service, at, message.ToActivity(at.Activity), cancellationToken);
        return reply switch
        {
            TeamsReply.Ok => Posted(at with { Shown = message.Mark }),
            TeamsReply.Refused { Status: StatusCodes.Status404NotFound } => new TeamsSending.Gone(),
            _ => Read(reader, reply),
        };
    }

    /// <summary>A thread of its own in the one channel.</summary>
    private async Task<TeamsSending> OpenThreadAsync(
        TeamsReader reader, TeamsMessage message, CancellationToken cancellationToken)
    {
        if (_pace.WhenInstead(options.TeamChannel!) is { } later)
        {
            return new TeamsSending.Later(later);
        }

        var service = Service;
        var reply = await connector.CreateAsync(
            service,
            new JsonObject
            {
                ["isGroup"] = true,
                ["bot"] = Bot,
                ["channelData"] = new JsonObject { ["channel"] = new JsonObject { ["id"] = options.TeamChannel } },
                ["tenantId"] = options.Tenant.ToString("D"),
                ["activity"] = message.ToActivity(),
            },
            cancellationToken);
        if (reply is not TeamsReply.Ok { Body: var body })
        {
            return Read(reader, reply);
        }

        // The thread's name ends in that of its first message.
        var thread = TeamsActivity.Text(body, "id");
        var activity = TeamsActivity.Text(body, "activityId") ?? thread?.Split(ThreadMark, 2).ElementAtOrDefault(1);
        return PostingOf(reader, service, thread, activity, message);
    }

    /// <summary>A message in the conversation between the bot and one person.</summary>
    private async Task<TeamsSending> PostAsync(
        TeamsReader reader, TeamsAccount account, TeamsMessage message, CancellationToken cancellationToken)
    {
        var service = Service;
        if (!_conversations.TryGetValue(account, out var conversation))
        {
            if (_pace.WhenInstead($"with {account}") is { } notYet)
            {
                return new TeamsSending.Later(notYet);
            }

            var made = await MeetAsync(service, account, cancellationToken);
            if (made is not TeamsReply.Ok { Body: var body } || TeamsActivity.Text(body, "id") is not { } found)
            {
                return Read(reader, made);
            }

            _conversations[account] = conversation = found;
        }

        if (_pace.WhenInstead(conversation) is { } later)
        {
            return new TeamsSending.Later(later);
        }

        var reply = await connector.PostAsync(service, conversation, message.ToActivity(), cancellationToken);
        if (reply is TeamsReply.Refused { IsClosed: true })
        {
            _conversations.TryRemove(account, out _);
        }

        return reply is TeamsReply.Ok posted
            ? PostingOf(reader, service, conversation, TeamsActivity.Text(posted.Body, "id"), message)
            : Read(reader, reply);
    }

    /// <summary>Makes the conversation with a person; the same again gives the same one.</summary>
    private async Task<TeamsReply> MeetAsync(Uri service, TeamsAccount account, CancellationToken cancellationToken)
    {
        var id = await roster.FindIdAsync(service, account.User, cancellationToken) ?? account.User.ToString("D");
        return await connector.CreateAsync(
            service,
            new JsonObject
            {
                ["isGroup"] = false,
                ["bot"] = Bot,
                ["members"] = new JsonArray(new JsonObject { ["id"] = id }),
                ["tenantId"] = account.Tenant.ToString("D"),
                ["channelData"] = new JsonObject
                {
                    ["tenant"] = new JsonObject { ["id"] = account.Tenant.ToString("D") },
                },
            },
            cancellationToken);
    }

    private JsonObject Bot => new() { ["id"] = $"28:{options.AppId}" };

    private TeamsSending PostingOf(
        TeamsReader reader, Uri service, string? conversation, string? activity, TeamsMessage message) =>
        conversation is not null && activity is not null
            ? Posted(new TeamsPosting(reader.Key, service, conversation, activity, message.Mark))
            : new TeamsSending.Away("The Teams connector did not say where it put a message.");

    private TeamsSending.Posted Posted(TeamsPosting posting)
    {
        _pace.Works();
        return new TeamsSending.Posted(posting);
    }

    private TeamsSending Read(TeamsReader reader, TeamsReply reply)
    {
        switch (reply)
        {
            case TeamsReply.Limited limited:
                _pace.Pause(limited.RetryAfter, Share());
                return new TeamsSending.Later(_pace.NotBefore);
            case TeamsReply.Refused { IsTooLarge: true }:
                return new TeamsSending.TooLarge();
            case TeamsReply.Refused { Status: StatusCodes.Status401Unauthorized }:
                return new TeamsSending.Away("The Teams connector refuses the app's token. Look at 'app_id'.");
            case TeamsReply.Refused refused:
                var until = time.GetUtcNow() + ClosedFor;
                _closed[reader.Key] = (until, refused.Why);
                return new TeamsSending.Closed(refused.Why, until);
            case TeamsReply.Away away:
                return new TeamsSending.Away(away.Why);
            default:
                return new TeamsSending.Away("The Teams connector did not say where a conversation is.");
        }
    }

    private double Share()
    {
        Span<byte> bytes = stackalloc byte[1];
        random(bytes);
        return bytes[0] / (double)byte.MaxValue;
    }
}
