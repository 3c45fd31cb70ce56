using Countersign.Core.Actions;
using Countersign.Core.Records;

namespace Countersign.Server.Channels.Teams;

/// <summary>
/// Posts reviews into a thread of the channel and to each person who can act, and brings every posting up to date.
/// </summary>
internal sealed class TeamsOutbox(
    OutboxRooms rooms, ChannelHealth health, TeamsPoster poster, TeamsCard card, TeamsOutbox.Rooms besides)
    : ChannelOutbox(rooms, health)
{
    public const string Channel = "teams";

    private const string ThreadPart = "channel";

    protected override DateTimeOffset NotBefore => poster.NotBefore;

    public override async Task LookAsync(CancellationToken cancellationToken) =>
        await besides.Access.FindAsync(cancellationToken);

    protected override async Task<Delivery> ShowAsync(
        ActionRecord record, string? place, CancellationToken cancellationToken)
    {
        if (poster.BusyUntil is { } later)
        {
            return new Delivery.Later(later);
        }

        var known = TeamsPlace.Parse(place);
        var round = new Round(record, await MessageOfAsync(record, cancellationToken), known);
        foreach (var reader in await besides.Readers.FindAsync(record, known, cancellationToken))
        {
            await ShowAsync(round, reader, cancellationToken);
            if (round.Away is not null)
            {
                break;
            }
        }

        return round.Delivery;
    }

    protected override async Task<Delivery> TellAsync(ChannelNotice notice, CancellationToken cancellationToken)
    {
        if (!besides.HasThread)
        {
            return new Delivery.Needless();
        }

        var message = new TeamsMessage(notice.Headline, TeamsCard.Render(notice));
        switch (await poster.SendAsync(TeamsReader.Thread, at: null, message, cancellationToken))
        {
            case TeamsSending.Later later:
                return new Delivery.Later(later.At);
            case TeamsSending.Closed closed:
                ThreadIsClosed(closed);
                return new Delivery.Later(closed.Until);
            case TeamsSending.Away away:
                return new Delivery.Failed(away.Why);
            default:
                return new Delivery.Delivered();
        }
    }

    /// <summary>Shows it to one reader, and keeps where before the next one is asked.</summary>
    private async Task ShowAsync(Round round, TeamsReader reader, CancellationToken cancellationToken)
    {
        var at = round.Place.Find(reader.Key);
        if (at?.Shown == round.Message.Mark || (at is null && round.Record.State != ActionState.Pending))
        {
            return;
        }

        var sent = await poster.SendAsync(reader, at, round.Message, cancellationToken);
        if (sent is TeamsSending.TooLarge)
        {
            Log.CardRefused(besides.Log, round.Record.Id);
            round.Message = new TeamsMessage(round.Message.Summary, card.RenderShort(round.Record));
            sent = await poster.SendAsync(reader, at, round.Message, cancellationToken);
        }

        if (sent is TeamsSending.Gone)
        {
            round.Place = round.Place.Without(reader.Key);
            if (reader.Account is not null && round.Record.State != ActionState.Pending)
            {
                // Whoever deleted it needs no new message about what is over.
                await KeepPlaceAsync(round.Record.Id, round.Place.ToString(), cancellationToken);
                return;
            }

            sent = await poster.SendAsync(reader, at: null, round.Message, cancellationToken);
        }

        await TakeAsync(round, reader, sent, cancellationToken);
    }

    private async Task TakeAsync(
        Round round, TeamsReader reader, TeamsSending sent, CancellationToken cancellationToken)
    {
        switch (sent)
        {
            case TeamsSending.Posted posted:
                round.Place = round.Place.With(posted.Posting);
                await KeepPlaceAsync(round.Record.Id, round.Place.ToString(), cancellationToken);
                if (reader.Account is null)
                {
                    Health.Works(ThreadPart);
                }

                break;
            case TeamsSending.Later later:
                round.Wait(later.At);
                break;
            case TeamsSending.Closed closed when reader.Account is null:
                // Persons are told all the same; the thread is tried again when it may be open.
                ThreadIsClosed(closed);
                round.Wait(closed.Until);
                break;
            case TeamsSending.Closed closed:
                Log.PersonUnreachable(besides.Log, reader.Key, closed.Why);
                break;
            case TeamsSending.Away away:
                round.Away = away.Why;
                break;
            default:
                round.Away = "Teams refuses even a short card.";
                break;
        }
    }

    private void ThreadIsClosed(TeamsSending.Closed closed) =>
        Health.Fails(ThreadPart, $"Teams refuses the channel: {closed.Why}. Look at 'team_channel'.");

    private async Task<TeamsMessage> MessageOfAsync(ActionRecord record, CancellationToken cancellationToken)
    {
        var json = card.Render(record, await besides.Reviews.ContextOfAsync(record, cancellationToken));
        if (record.State == ActionState.Pending)
        {
            json["refresh"] = TeamsActions.ForRefreshing(
                CardReference.Of(record), await besides.Readers.FindIdsAsync(record, cancellationToken));
        }

        return new TeamsMessage(card.SummaryOf(record), json);
    }

    /// <summary>One action on its way to all of its readers.</summary>
    private sealed class Round(ActionRecord record, TeamsMessage message, TeamsPlace place)
    {
        private DateTimeOffset? _again;

        public ActionRecord Record => record;

        public TeamsMessage Message { get; set; } = message;

        public TeamsPlace Place { get; set; } = place;

        /// <summary>Why nobody could be reached any more.</summary>
        public string? Away { get; set; }

        public Delivery Delivery => (Away, _again) switch
        {
            ({ } why, _) => new Delivery.Failed(why),
            (_, { } again) => new Delivery.Later(again),
            _ => new Delivery.Delivered(),
        };

        public void Wait(DateTimeOffset until) => _again = _again is { } earlier && earlier < until ? earlier : until;
    }

    /// <summary>Where else it looks.</summary>
    internal sealed record Rooms(
        TeamsReaders Readers, TeamsReviews Reviews, TeamsAccess Access, TeamsOptions Options, ILogger<TeamsOutbox> Log)
    {
        public bool HasThread => Options.TeamChannel is not null;
    }
}
