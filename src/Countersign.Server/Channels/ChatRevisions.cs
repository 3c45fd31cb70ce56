using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Actions.Json;
using Countersign.Core.Identity;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Server.Console;
using Countersign.Server.Console.Views;

namespace Countersign.Server.Channels;

/// <summary>
/// Changes that people make in a chat. The form shows what an action asks for only to who may change it.
/// </summary>
internal sealed class ChatRevisions(Gatekeeper gatekeeper, CardMask mask, RevisionForms forms)
{
    /// <summary>What a person may edit; without it, why not.</summary>
    /// <param name="person">Who wants to.</param>
    /// <param name="shown">What the card showed.</param>
    /// <param name="holds">Whether a form of the channel holds all of an action.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    public async Task<(ReviseView? Editable, string? WhyNot)> FindAsync(
        PersonId person, CardReference shown, Predicate<ActionRecord> holds, CancellationToken cancellationToken)
    {
        var record = await gatekeeper.FindAsync(shown.Action, cancellationToken);
        var voter = new Voter(person, ReviewTracks.Worth);
        return record switch
        {
            null => (null, "The action does not exist."),
            _ when record.Action.Digest != shown.Digest =>
                (null, "It was changed since this message was written; look at it again."),
            _ when !forms.MayModify(voter, record) =>
                (null, "Only who reviews this action, does not stand behind it and finds it open may change it."),
            _ when mask.Of(record).HidesSomething =>
                (null, "It holds values that are hidden here. Reveal them in the console, and change it there."),
            _ when !holds(record) => (null, "It is too long for a form here. Change it in the console."),
            _ => (forms.EditableOf(voter, record), null),
        };
    }

    /// <summary>
    /// Compares old and new first; what was shown so is recorded when it comes back unchanged.
    /// </summary>
    /// <param name="person">Who sends the form.</param>
    /// <param name="action">Which action it is of.</param>
    /// <param name="sent">What was typed.</param>
    /// <param name="compare">Lays old and new out as the channel shows them.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="Core.Storage.StoreUnavailableException">Nothing is known to be recorded.</exception>
    public async Task<ChatRevision> TakeAsync(
        PersonId person,
        ActionId action,
        SentRevision sent,
        Func<CanonicalJson, CanonicalJson, Comparison> compare,
        CancellationToken cancellationToken)
    {
        if (await gatekeeper.FindAsync(action, cancellationToken) is not { } record)
        {
            return new ChatRevision.Refused("The action does not exist.");
        }

        var voter = new Voter(person, ReviewTracks.Worth);
        var (asked, whyNot) = await forms.ReadAsync(record, voter, sent.Form, cancellationToken);
        if (asked is null)
        {
            return new ChatRevision.Refused(whyNot!);
        }

        if (asked.Action.Digest == record.Action.Digest)
        {
            return new ChatRevision.Refused("Nothing was changed.");
        }

        var compared = compare(record.Action.Arguments, asked.Action.Arguments);
        if (sent.Seal != compared.Seal)
        {
            var typed = new ReviseView(sent.Form.Statement, sent.Form.Json) { Comment = sent.Form.Comment };
            return new ChatRevision.Compared(typed, compared);
        }

        return await forms.ReviseAsync(voter, record.Id, sent.Form.ToRevision(asked), cancellationToken) is { } refusal
            ? new ChatRevision.Refused(refusal)
            : new ChatRevision.Recorded();
    }
}

/// <param name="Form">What was typed.</param>
/// <param name="Seal">What it was compared as before it was sent; <c>null</c> when it was not.</param>
internal sealed record SentRevision(RevisionForm Form, string? Seal);

/// <summary>What became of changed arguments that were sent.</summary>
internal abstract record ChatRevision
{
    private ChatRevision()
    {
    }

    public sealed record Recorded : ChatRevision;

    /// <summary>Nothing is recorded yet: old and new are to be shown beside each other first.</summary>
    public sealed record Compared(ReviseView Typed, Comparison Comparison) : ChatRevision;

    public sealed record Refused(string Why) : ChatRevision;
}
