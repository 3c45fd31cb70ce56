using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Reviews;
using Countersign.Server.Console;
using Countersign.Server.Console.Views;

namespace Countersign.Server.Channels.Slack;

/// <summary>
/// Changes that people make in Slack. The form shows what an action asks for only to who may change it.
/// </summary>
internal sealed class SlackRevisions(Gatekeeper gatekeeper, CardMask mask, RevisionForms forms)
{
    /// <summary>What a person may edit; without it, why not.</summary>
    public async Task<(ReviseView? Editable, string? WhyNot)> FindAsync(
        PersonId person, (ActionId Action, ActionDigest Digest) shown, CancellationToken cancellationToken)
    {
        var record = await gatekeeper.FindAsync(shown.Action, cancellationToken);
        return record switch
        {
            null => (null, "The action does not exist."),
            _ when record.Action.Digest != shown.Digest =>
                (null, "It was changed since this message was written; look at it again."),
            _ when !forms.MayModify(new Voter(person, SlackTracks.Worth), record) =>
                (null, "Only who reviews this action, does not stand behind it and finds it open may change it."),
            _ when mask.Of(record).HidesSomething =>
                (null, "It holds values that are hidden here. Reveal them in the console, and change it there."),
            _ when !SlackModal.Holds(record) => (null, "It is too long for a form here. Change it in the console."),
            _ => (forms.EditableOf(new Voter(person, SlackTracks.Worth), record), null),
        };
    }

    /// <summary>
    /// Shows old and new beside each other first; what was shown so is recorded when it comes back unchanged.
    /// </summary>
    public async Task<SlackAnswer> TakeAsync(
        PersonId person, SlackInteraction.Submitted sent, Func<ActionId, Uri> page, CancellationToken cancellationToken)
    {
        var (note, seal) = sent.Note.Split('\n') is [var first, var second] ? (first, second) : (sent.Note, null);
        if (SlackButtons.Read(note) is not { } shown)
        {
            return Invalid("This form says nothing that could be changed. Open the console instead.");
        }

        if (await gatekeeper.FindAsync(shown.Action, cancellationToken) is not { } record)
        {
            return Invalid("The action does not exist.");
        }

        var form = new RevisionForm(
            shown.Digest,
            sent.Inputs.GetValueOrDefault(SlackModal.StatementBlock),
            sent.Inputs.GetValueOrDefault(SlackModal.JsonBlock, ""),
            sent.Inputs.GetValueOrDefault(SlackModal.CommentBlock, "").Trim());
        var voter = new Voter(person, SlackTracks.Worth);
        var (asked, whyNot) = await forms.ReadAsync(record, voter, form, cancellationToken);
        if (asked is null)
        {
            return Invalid(whyNot!);
        }

        if (asked.Action.Digest == record.Action.Digest)
        {
            return Invalid("Nothing was changed.");
        }

        var compared = SlackComparison.Of(record.Action.Arguments, asked.Action.Arguments);
        if (seal != compared.Seal)
        {
            var typed = new ReviseView(form.Statement, form.Json) { Comment = form.Comment };
            return new SlackAnswer.Shown(SlackModal.ForModifying(note, typed, page(record.Id), compared));
        }

        return await forms.ReviseAsync(record, voter, form, cancellationToken) is { } refusal
            ? Invalid(refusal)
            : new SlackAnswer.Done();
    }

    private static SlackAnswer.Invalid Invalid(string why) => new(SlackModal.JsonBlock, why);
}
