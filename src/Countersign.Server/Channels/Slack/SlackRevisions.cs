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
internal sealed class SlackRevisions(Gatekeeper gatekeeper, RevisionForms forms)
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
            _ when !SlackModal.Holds(record) => (null, "It is too long for a form here. Change it in the console."),
            _ => (RevisionComposer.EditableOf(record), null),
        };
    }

    /// <summary>Why it was not revised; <c>null</c> when it was.</summary>
    public async Task<string?> ReviseAsync(
        PersonId person,
        (ActionId Action, ActionDigest Digest) shown,
        SlackInteraction.Submitted sent,
        CancellationToken cancellationToken)
    {
        if (await gatekeeper.FindAsync(shown.Action, cancellationToken) is not { } record)
        {
            return "The action does not exist.";
        }

        var form = new RevisionForm(
            shown.Digest,
            sent.Inputs.GetValueOrDefault(SlackModal.StatementBlock),
            sent.Inputs.GetValueOrDefault(SlackModal.JsonBlock, ""),
            sent.Inputs.GetValueOrDefault(SlackModal.CommentBlock, "").Trim());
        return await forms.ReviseAsync(record, new Voter(person, SlackTracks.Worth), form, cancellationToken);
    }
}
