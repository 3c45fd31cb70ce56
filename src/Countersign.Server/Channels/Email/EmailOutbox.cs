using System.Diagnostics;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Records;
using Countersign.Core.Storage;

namespace Countersign.Server.Channels.Email;

/// <summary>
/// Sends each person who can act on a review one mail, when it begins to ask them. Who was told is in the store after
/// every mail, so that a restart repeats at most the one that was under way.
/// </summary>
internal sealed class EmailOutbox(OutboxRooms rooms, ChannelHealth health, EmailOutbox.Rooms besides)
    : ChannelOutbox(rooms, health)
{
    public const string Channel = "email";

    private const string HealthPart = "recipients";

    private readonly OutboxRooms _rooms = rooms;
    private readonly EmailPace _pace = new(besides.Options.PerMinute, rooms.Time);

    /// <summary>Whom the server refused for good; only the loop of the outbox comes here.</summary>
    private readonly HashSet<PersonId> _refused = [];

    private DateTimeOffset _lookAgain;

    /// <summary>What the latest look found; it holds until the next one.</summary>
    private string? _whyAway;

    protected override DateTimeOffset NotBefore => _pace.NotBefore;

    public override async Task LookAsync(CancellationToken cancellationToken)
    {
        if (_rooms.Time.GetUtcNow() >= _lookAgain)
        {
            Note(await besides.Server.LookAsync(cancellationToken));
        }

        if (_whyAway is not null)
        {
            throw new ChannelException(_whyAway);
        }
    }

    protected override async Task<Delivery> ShowAsync(
        ActionRecord record, string? place, CancellationToken cancellationToken)
    {
        if (record.State != ActionState.Pending)
        {
            return new Delivery.Needless();
        }

        var told = EmailPlace.Of(place, record.Life.Revision);
        var open = besides.Recipients.Of(record)
            .Select(recipient => (Recipient: recipient, Mark: besides.Marks.Of(record.Id.Value, recipient.Person)))
            .Where(each => !told.Told.Contains(each.Mark))
            .ToList();
        foreach (var (recipient, mark) in open)
        {
            if (await SendAsync(besides.Card.Render(record, recipient), recipient, cancellationToken) is { } instead)
            {
                return instead;
            }

            told = told.With(mark);
            await KeepPlaceAsync(record.Id, told.ToString(), cancellationToken);
        }

        return open.Count == 0 ? new Delivery.Needless() : new Delivery.Delivered();
    }

    protected override async Task<Delivery> TellAsync(ChannelNotice notice, CancellationToken cancellationToken)
    {
        var isUnderWay = false;
        foreach (var recipient in besides.Recipients.OfNotices())
        {
            var key = $"{Channel}:{besides.Marks.Of(notice.Source, recipient.Person)}";
            var once = await _rooms.Store.BeginOnceAsync(
                key, _rooms.Store.Now + EmailLimits.NoticeLease, cancellationToken);
            isUnderWay |= once == OnceState.UnderWay;
            if (once != OnceState.Begun)
            {
                continue;
            }

            var instead = await SendAsync(EmailCard.Render(notice, recipient), recipient, cancellationToken);
            await _rooms.Store.EndOnceAsync(
                key,
                instead is null ? _rooms.Store.Now + EmailLimits.NoticeMemory : null,
                cancellationToken);
            if (instead is not null)
            {
                return instead;
            }
        }

        // Somebody else's mail may have ended with their node: whoever looks later finds out.
        return isUnderWay
            ? new Delivery.Later(_rooms.Time.GetUtcNow() + EmailLimits.NoticeLease)
            : new Delivery.Delivered();
    }

    /// <summary>Sends one mail, or gives it up; otherwise says what became of the message instead.</summary>
    private async Task<Delivery?> SendAsync(
        EmailMessage message, EmailRecipient recipient, CancellationToken cancellationToken)
    {
        if (_pace.WhenInstead() is { } later)
        {
            return new Delivery.Later(later);
        }

        var reply = await besides.Server.SendAsync(message, cancellationToken);
        Note(reply);
        switch (reply)
        {
            case EmailReply.Taken:
                Tell(_refused.Remove(recipient.Person));
                return null;
            case EmailReply.Refused refused:
                Log.RecipientRefused(besides.Log, recipient.Person, refused.Status);
                Tell(_refused.Add(recipient.Person));
                return null;
            case EmailReply.Locked locked:
                return new Delivery.Failed(locked.Why);
            case EmailReply.Away away:
                return new Delivery.Failed(away.Why);
            default:
                throw new UnreachableException();
        }
    }

    /// <summary>When to look next: soon at a server that is away, not soon where that would lock an account.</summary>
    private void Note(EmailReply reply)
    {
        var now = _rooms.Time.GetUtcNow();
        switch (reply)
        {
            case EmailReply.Locked locked:
                _pace.Pause(EmailLimits.AfterPassword);
                (_whyAway, _lookAgain) = (locked.Why, now + EmailLimits.AfterPassword);
                break;
            case EmailReply.Away away:
                (_whyAway, _lookAgain) = (away.Why, now);
                break;
            default:
                (_whyAway, _lookAgain) = (null, now + EmailLimits.Trust);
                break;
        }
    }

    /// <summary>Without names: monitors without a token read it, and the log names the persons.</summary>
    private void Tell(bool isNews)
    {
        if (isNews && _refused.Count > 0)
        {
            Health.Fails(
                HealthPart,
                $"The mail server refuses mail to {_refused.Count} persons for good; the log names them. Correct " +
                "their 'email'.");
        }
        else if (isNews)
        {
            Health.Works(HealthPart);
        }
    }

    /// <summary>What it works with.</summary>
    internal sealed record Rooms(
        EmailOptions Options,
        EmailServer Server,
        EmailCard Card,
        EmailRecipients Recipients,
        EmailMarks Marks,
        ILogger<EmailOutbox> Log);
}
