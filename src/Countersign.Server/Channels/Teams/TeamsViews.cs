using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Records;
using Countersign.Server.Console;

namespace Countersign.Server.Channels.Teams;

/// <summary>
/// What one person sees in place of what everybody sees: the review as it is now, with what they may do and why not.
/// </summary>
internal sealed class TeamsViews(
    TeamsPeople people, TeamsCard card, TeamsReviews reviews, TeamsPages pages, ILogger<TeamsViews> log)
{
    /// <summary>The console's page of an action.</summary>
    public Uri PageOf(ActionId action) => pages.Review(action);

    /// <param name="activity">Whose press it was.</param>
    /// <param name="press">On which card.</param>
    /// <param name="notice">What became of it.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    public async Task<TeamsAnswer> ShowAsync(
        TeamsActivity activity, TeamsPress press, string? notice, CancellationToken cancellationToken)
    {
        if (press.Shown is not { } shown
            || await reviews.FindAsync(shown.Action, cancellationToken) is not { } record)
        {
            return notice is null
                ? new TeamsAnswer.Said("There is no review behind this card any more.")
                : new TeamsAnswer.Said(notice);
        }

        var right = await people.FindAsync(activity, cancellationToken) is TeamsIdentity.Known known
            ? await reviews.RightOfAsync(known.Person, record, cancellationToken)
            : null;
        var context = await reviews.ContextOfAsync(record, cancellationToken);
        return new TeamsAnswer.Shown(card.Render(record, context, new TeamsViewer(right, notice)));
    }

    /// <summary>For who presses what is only a link.</summary>
    public TeamsAnswer SayWhere(TeamsPress press) => new TeamsAnswer.Said(
        press.Shown is { } shown ? $"Open {PageOf(shown.Action)}" : $"Open {pages.Accounts}");

    /// <summary>Tells somebody that their account decides nothing, and offers a link where it is nobody's.</summary>
    public TeamsAnswer Refuse(TeamsActivity activity, TeamsPress press, TeamsIdentity identity)
    {
        Log.AccountRefused(log, activity.EntraObject, identity.ToString());
        return identity is TeamsIdentity.Refused refused
            ? new TeamsAnswer.Said($"Nothing was recorded. {refused.Why}")
            : OfferLink(press.Shown, problem: null);
    }

    public TeamsAnswer OfferLink(CardReference? shown, string? problem) =>
        new TeamsAnswer.Shown(TeamsForms.ForLinking(shown, pages.Accounts, problem));
}

/// <summary>What a card is made of, as it is at this moment.</summary>
internal sealed class TeamsReviews(Gatekeeper gatekeeper, ReviewDesk desk, ActionLookup lookup)
{
    public Task<ActionRecord?> FindAsync(ActionId id, CancellationToken cancellationToken) =>
        gatekeeper.FindAsync(id, cancellationToken);

    public Task<Core.Reviews.VotingRight> RightOfAsync(
        PersonId person, ActionRecord record, CancellationToken cancellationToken) =>
        desk.FindRightAsync(person, record, cancellationToken);

    public Task<CardContext> ContextOfAsync(ActionRecord record, CancellationToken cancellationToken) =>
        CardContext.FindAsync(record, desk, lookup, cancellationToken);
}

/// <summary>Where things are in the console.</summary>
internal sealed class TeamsPages(Func<ActionId, Uri> reviewUrl, Func<Uri> console)
{
    public Uri Accounts => new(console(), "/console/accounts");

    public Uri Review(ActionId action) => reviewUrl(action);
}
