using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Server.Console;
using Countersign.Server.Console.Views;

namespace Countersign.Server.Channels.Teams;

/// <summary>What takes more than one press: a change, a stop, a link.</summary>
internal sealed class TeamsForum(
    ChatRevisions revisions, ChatStops stops, AccountLinking linking, TeamsPeople people, TeamsViews views)
{
    /// <summary>
    /// Shows the form, compares what was typed, and records what was compared; <c>null</c> once it is recorded.
    /// </summary>
    public async Task<TeamsAnswer?> ModifyAsync(
        PersonId person, CardReference shown, TeamsPress press, CancellationToken cancellationToken)
    {
        if (press.Find(TeamsForms.Json) is not { } json)
        {
            var (editable, whyNot) = await revisions.FindAsync(person, shown, TeamsForms.Holds, cancellationToken);
            return editable is null
                ? new TeamsAnswer.Said($"Nothing was recorded. {whyNot} {views.PageOf(shown.Action)}")
                : Form(shown, editable);
        }

        var form = new RevisionForm(
            shown.Digest, press.Find(TeamsForms.Statement), json, press.FindTyped(TeamsForms.Comment) ?? "");
        var taken = await revisions.TakeAsync(
            person,
            shown.Action,
            new SentRevision(form, press.Find(TeamsActions.Seal)),
            (before, after) => Comparison.Of(before, after, TeamsLimits.ExactCharacters, TeamsForms.Holds),
            cancellationToken);
        return taken switch
        {
            ChatRevision.Recorded => null,
            ChatRevision.Compared compared => Form(shown, compared.Typed, compared.Comparison),
            ChatRevision.Refused refused => Form(
                shown,
                new ReviseView(form.Statement, form.Json) { Comment = form.Comment },
                problem: refused.Why),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    /// <summary>Asks back, then stops the agent of the action.</summary>
    public async Task<TeamsAnswer> StopAsync(
        PersonId person, CardReference shown, TeamsPress press, CancellationToken cancellationToken)
    {
        var (agent, whyNot) = await stops.FindAsync(person, shown.ToString(), cancellationToken);
        if (agent is not { } found)
        {
            return new TeamsAnswer.Said($"Nothing was stopped. {whyNot}");
        }

        var page = views.PageOf(shown.Action);
        if (press.Verb == TeamsActions.Stop)
        {
            return new TeamsAnswer.Shown(TeamsForms.ForStopping(shown, found, page));
        }

        var comment = press.FindTyped(TeamsForms.Comment);
        return await stops.StopAsync(person, shown.ToString(), comment, cancellationToken) switch
        {
            ChatStop.Stopped stopped => new TeamsAnswer.Shown(TeamsForms.ForTelling(
                "Stopped", stopped.What, TeamsActions.ForGoingBack(shown, page))),
            ChatStop.Refused refused => new TeamsAnswer.Shown(
                TeamsForms.ForStopping(shown, found, page, refused.Why)),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    /// <summary>Takes the code that links the account.</summary>
    public async Task<TeamsAnswer> LinkAsync(
        TeamsActivity activity, TeamsPress press, CancellationToken cancellationToken)
    {
        var identity = await people.IdentifyAsync(activity, cancellationToken);
        if (identity is not TeamsIdentity.Unlinked)
        {
            return new TeamsAnswer.Said(identity is TeamsIdentity.Refused refused
                ? $"Nothing was linked. {refused.Why}"
                : AccountLinking.Taken);
        }

        var problem = await linking.UseCodeAsync(
            people.AccountOf(activity)!.Value.InChannel, press.FindTyped(TeamsForms.Code) ?? "", cancellationToken);
        return problem is null
            ? await views.ShowAsync(activity, press, "This account is linked to you now.", cancellationToken)
            : views.OfferLink(press.Shown, $"Nothing was linked. {problem}");
    }

    private TeamsAnswer.Shown Form(
        CardReference shown, ReviseView view, Comparison? compared = null, string? problem = null) =>
        new(TeamsForms.ForModifying(shown, view, views.PageOf(shown.Action), compared, problem));
}
