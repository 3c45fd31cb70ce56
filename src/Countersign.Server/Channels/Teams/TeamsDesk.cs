using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;

namespace Countersign.Server.Channels.Teams;

/// <summary>
/// Takes what people do in Teams to the same review desk as every other channel. (1) Who is it, and may the account
/// decide? (2) The desk records the answer. (3) Only then is the press answered, with the card as it is now for this
/// person; everybody else's follows through the outbox.
/// </summary>
internal sealed class TeamsDesk(
    TeamsPeople people, TeamsViews views, TeamsForum forum, ChatVotes votes, ILogger<TeamsDesk> log)
{
    /// <summary>Whether a press may change something, so that the same bytes must not do it twice.</summary>
    public static bool Records(TeamsPress press) => press.Verb switch
    {
        TeamsActions.Approve or TeamsActions.Deny or TeamsActions.Link or TeamsActions.StopNow => true,
        TeamsActions.Modify => press.Find(TeamsActions.Seal) is not null,
        _ => false,
    };

    public async Task<TeamsAnswer> HandleAsync(
        TeamsActivity activity, TeamsPress press, CancellationToken cancellationToken)
    {
        try
        {
            return press.Verb switch
            {
                TeamsActions.Refresh => await views.ShowAsync(activity, press, notice: null, cancellationToken),
                TeamsActions.Open => views.SayWhere(press),
                TeamsActions.Link => await forum.LinkAsync(activity, press, cancellationToken),
                TeamsActions.Approve => await DecideAsync(activity, press, Decision.Approve, cancellationToken),
                TeamsActions.Deny => await DecideAsync(activity, press, Decision.Deny, cancellationToken),
                TeamsActions.Modify or TeamsActions.Stop or TeamsActions.StopNow =>
                    await AskAsync(activity, press, cancellationToken),
                _ => new TeamsAnswer.Unknown(),
            };
        }
        catch (StoreUnavailableException unavailable)
        {
            Log.NotRecorded(log, unavailable.Message);
            return new TeamsAnswer.Unavailable();
        }
    }

    private async Task<TeamsAnswer> DecideAsync(
        TeamsActivity activity, TeamsPress press, Decision decision, CancellationToken cancellationToken)
    {
        if (press.Shown is not { } shown)
        {
            return new TeamsAnswer.Said("This button says nothing that could be decided. Open the console instead.");
        }

        // 1.
        var identity = await people.IdentifyAsync(activity, cancellationToken);
        if (identity is not TeamsIdentity.Known known)
        {
            return views.Refuse(activity, press, identity);
        }

        // 2.
        var ballot = new Ballot(decision, shown.Digest, press.FindTyped(TeamsForms.Comment));
        var problem = await votes.CastAsync(
            TeamsOutbox.Channel, known.Person, shown.Action, ballot, cancellationToken);

        // 3.
        return problem is null
            ? await views.ShowAsync(activity, press, "Your answer is recorded.", cancellationToken)
            : new TeamsAnswer.Said($"Nothing was recorded. {problem}");
    }

    /// <summary>What takes a form: changed arguments, and a stop.</summary>
    private async Task<TeamsAnswer> AskAsync(
        TeamsActivity activity, TeamsPress press, CancellationToken cancellationToken)
    {
        if (press.Shown is not { } shown)
        {
            return new TeamsAnswer.Said("This button says nothing that could be done. Open the console instead.");
        }

        var identity = await people.IdentifyAsync(activity, cancellationToken);
        if (identity is not TeamsIdentity.Known known)
        {
            return views.Refuse(activity, press, identity);
        }

        return press.Verb == TeamsActions.Modify
            ? await forum.ModifyAsync(known.Person, shown, press, cancellationToken)
                ?? await views.ShowAsync(activity, press, "Your change is recorded.", cancellationToken)
            : await forum.StopAsync(known.Person, shown, press, cancellationToken);
    }
}
