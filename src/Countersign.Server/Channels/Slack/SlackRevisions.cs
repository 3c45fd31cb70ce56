using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Server.Console;
using Countersign.Server.Console.Views;

namespace Countersign.Server.Channels.Slack;

/// <summary>Changes that people make in Slack, in one form that compares before it records.</summary>
internal sealed class SlackRevisions(ChatRevisions revisions)
{
    /// <summary>What a person may edit; without it, why not.</summary>
    public Task<(ReviseView? Editable, string? WhyNot)> FindAsync(
        PersonId person, CardReference shown, CancellationToken cancellationToken) =>
        revisions.FindAsync(person, shown, SlackModal.Holds, cancellationToken);

    public async Task<SlackAnswer> TakeAsync(
        PersonId person, SlackInteraction.Submitted sent, Func<ActionId, Uri> page, CancellationToken cancellationToken)
    {
        var (note, seal) = sent.Note.Split('\n') is [var first, var second] ? (first, second) : (sent.Note, null);
        if (CardReference.Read(note) is not { } shown)
        {
            return Invalid("This form says nothing that could be changed. Open the console instead.");
        }

        var form = new RevisionForm(
            shown.Digest,
            sent.Inputs.GetValueOrDefault(SlackModal.StatementBlock),
            sent.Inputs.GetValueOrDefault(SlackModal.JsonBlock, ""),
            sent.Inputs.GetValueOrDefault(SlackModal.CommentBlock, "").Trim());
        var taken = await revisions.TakeAsync(
            person,
            shown.Action,
            new SentRevision(form, seal),
            (before, after) => Comparison.Of(
                before,
                after,
                SlackLimits.SectionText,
                piece => SlackText.FitsFenced(piece, SlackLimits.SectionText)),
            cancellationToken);
        return taken switch
        {
            ChatRevision.Recorded => new SlackAnswer.Done(),
            ChatRevision.Compared compared => new SlackAnswer.Shown(
                SlackModal.ForModifying(note, compared.Typed, page(shown.Action), compared.Comparison)),
            ChatRevision.Refused refused => Invalid(refused.Why),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    private static SlackAnswer.Invalid Invalid(string why) => new(SlackModal.JsonBlock, why);
}
