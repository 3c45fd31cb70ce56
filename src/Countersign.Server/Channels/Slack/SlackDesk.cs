using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;

namespace Countersign.Server.Channels.Slack;

/// <summary>
/// Takes what people do in Slack to the same review desk as every other channel. (1) Who is it, and may the account
/// decide? (2) May the place be one where people decide? (3) The desk records the answer. (4) Only then is the click
/// acknowledged; the card follows through the outbox.
/// </summary>
internal sealed class SlackDesk(
    SlackPeople people,
    SlackWorkspace workspace,
    SlackConversation conversation,
    SlackLinking linking,
    SlackRevisions revisions,
    SlackStops stops,
    ChatVotes votes,
    Func<ActionId, Uri> reviewUrl,
    ILogger<SlackDesk> log)
{
    public Task<SlackAnswer> HandleAsync(SlackInteraction interaction, CancellationToken cancellationToken) =>
        interaction switch
        {
            SlackInteraction.Pressed { Verb: SlackButtons.Approve } pressed => ApproveAsync(pressed, cancellationToken),
            SlackInteraction.Pressed { Verb: SlackButtons.Deny } pressed => AskWhyAsync(pressed, cancellationToken),
            SlackInteraction.Pressed { Verb: SlackButtons.Modify, Value.Length: > 0 } pressed =>
                AskChangesAsync(pressed, cancellationToken),
            SlackInteraction.Pressed { Verb: SlackButtons.Stop } pressed =>
                stops.AskWhyAsync(pressed, cancellationToken),
            SlackInteraction.Pressed { Verb: SlackButtons.Link } pressed => AskCodeAsync(pressed, cancellationToken),
            // Buttons that lead to the console's page are told about too; there is nothing to record.
            SlackInteraction.Submitted { Callback: SlackModal.DenyCallback } sent => DenyAsync(sent, cancellationToken),
            SlackInteraction.Submitted { Callback: SlackModal.ModifyCallback } sent =>
                ReviseAsync(sent, cancellationToken),
            SlackInteraction.Submitted { Callback: SlackModal.StopCallback } sent =>
                stops.StopAsync(sent, cancellationToken),
            SlackInteraction.Submitted { Callback: SlackModal.LinkCallback } sent =>
                linking.UseCodeAsync(sent, cancellationToken),
            _ => Task.FromResult<SlackAnswer>(new SlackAnswer.Done()),
        };

    private async Task<SlackAnswer> ApproveAsync(
        SlackInteraction.Pressed pressed, CancellationToken cancellationToken)
    {
        if (CardReference.Read(pressed.Value) is not { } shown)
        {
            conversation.Tell(pressed, "This button says nothing that could be approved. Open the console instead.");
            return new SlackAnswer.Done();
        }

        // 1. and 2. at the same time, because a click waits for no more than one question.
        var identifying = people.IdentifyAsync(pressed.Actor, cancellationToken);
        var asking = WhyNotHereAsync(pressed.Channel, cancellationToken);
        await Task.WhenAll(identifying, asking);
        var (identity, whyNotHere) = (await identifying, await asking);
        if (identity is not SlackIdentity.Known known)
        {
            conversation.Refuse(pressed, identity);
            return new SlackAnswer.Done();
        }

        if (whyNotHere is { } why)
        {
            conversation.Tell(pressed, $"Nothing was recorded. {why} Decide in the console: {reviewUrl(shown.Action)}");
            return new SlackAnswer.Done();
        }

        // 3.
        var ballot = new Ballot(Decision.Approve, shown.Digest, Comment: null);
        try
        {
            if (await votes.CastAsync(
                SlackOutbox.Channel, known.Person, shown.Action, ballot, cancellationToken) is { } problem)
            {
                conversation.Tell(pressed, $"Nothing was recorded. {problem}");
            }
        }
        catch (StoreUnavailableException unavailable)
        {
            conversation.Tell(pressed, $"Nothing is known to be recorded. {unavailable.Message}");
            return new SlackAnswer.Unavailable();
        }

        // 4.
        return new SlackAnswer.Done();
    }

    /// <summary>Opens the modal before anything slow: what opens it is good for three seconds.</summary>
    private async Task<SlackAnswer> AskWhyAsync(SlackInteraction.Pressed pressed, CancellationToken cancellationToken)
    {
        var identifying = people.FindAsync(pressed.Actor, cancellationToken);
        var asking = WhyNotHereAsync(pressed.Channel, cancellationToken);
        await Task.WhenAll(identifying, asking);
        var (identity, whyNotHere) = (await identifying, await asking);
        if (CardReference.Read(pressed.Value) is not { } shown)
        {
            conversation.Tell(pressed, "This button says nothing that could be denied. Open the console instead.");
        }
        else if (identity is not SlackIdentity.Known)
        {
            conversation.Refuse(pressed, identity);
        }
        else if (whyNotHere is { } why)
        {
            conversation.Tell(
                pressed, $"Nothing was recorded. {why} Deny it in the console: {reviewUrl(shown.Action)}");
        }
        else
        {
            await conversation.OpenAsync(pressed, SlackModal.ForDenying(pressed.Value), cancellationToken);
        }

        return new SlackAnswer.Done();
    }

    /// <summary>Shows the form for changed arguments, to who may change them.</summary>
    private async Task<SlackAnswer> AskChangesAsync(
        SlackInteraction.Pressed pressed, CancellationToken cancellationToken)
    {
        // Both at once: what opens a form is good for three seconds.
        var identifying = people.FindAsync(pressed.Actor, cancellationToken);
        var asking = WhyNotHereAsync(pressed.Channel, cancellationToken);
        await Task.WhenAll(identifying, asking);
        var (identity, whyNotHere) = (await identifying, await asking);
        if (CardReference.Read(pressed.Value) is not { } shown)
        {
            conversation.Tell(pressed, "This button says nothing that could be changed. Open the console instead.");
        }
        else if (identity is not SlackIdentity.Known known)
        {
            conversation.Refuse(pressed, identity);
        }
        else if (whyNotHere is { } why)
        {
            conversation.Tell(
                pressed, $"Nothing was recorded. {why} Change it in the console: {reviewUrl(shown.Action)}");
        }
        else if (await revisions.FindAsync(known.Person, shown, cancellationToken) is var (editable, whyNot)
            && editable is null)
        {
            conversation.Tell(pressed, $"Nothing was recorded. {whyNot} {reviewUrl(shown.Action)}");
        }
        else
        {
            await conversation.OpenAsync(
                pressed,
                SlackModal.ForModifying(pressed.Value, editable, reviewUrl(shown.Action)),
                cancellationToken);
        }

        return new SlackAnswer.Done();
    }

    private async Task<SlackAnswer> ReviseAsync(SlackInteraction.Submitted sent, CancellationToken cancellationToken)
    {
        var identity = await people.IdentifyAsync(sent.Actor, cancellationToken);
        if (identity is not SlackIdentity.Known known)
        {
            return Invalid(identity is SlackIdentity.Refused refused
                ? refused.Why
                : "This Slack account is not linked to anybody.");
        }

        try
        {
            return await revisions.TakeAsync(known.Person, sent, reviewUrl, cancellationToken);
        }
        catch (StoreUnavailableException unavailable)
        {
            Log.NotRecorded(log, unavailable.Message);
            return new SlackAnswer.Unavailable();
        }
    }

    private async Task<SlackAnswer> AskCodeAsync(SlackInteraction.Pressed pressed, CancellationToken cancellationToken)
    {
        await conversation.OpenAsync(pressed, SlackModal.ForLinking(), cancellationToken);
        return new SlackAnswer.Done();
    }

    private async Task<SlackAnswer> DenyAsync(SlackInteraction.Submitted sent, CancellationToken cancellationToken)
    {
        if (CardReference.Read(sent.Note) is not { } shown)
        {
            return Invalid("This form says nothing that could be denied. Open the console instead.");
        }

        var identity = await people.IdentifyAsync(sent.Actor, cancellationToken);
        if (identity is not SlackIdentity.Known known)
        {
            return Invalid(identity is SlackIdentity.Refused refused
                ? refused.Why
                : "This Slack account is not linked to anybody.");
        }

        var comment = sent.Inputs.GetValueOrDefault(SlackModal.CommentBlock, "").Trim();
        var ballot = new Ballot(Decision.Deny, shown.Digest, comment.Length == 0 ? null : comment);
        try
        {
            return await votes.CastAsync(
                SlackOutbox.Channel, known.Person, shown.Action, ballot, cancellationToken) is { } problem
                ? Invalid(problem)
                : new SlackAnswer.Done();
        }
        catch (StoreUnavailableException unavailable)
        {
            Log.NotRecorded(log, unavailable.Message);
            return new SlackAnswer.Unavailable();
        }
    }

    private async Task<string?> WhyNotHereAsync(string? channel, CancellationToken cancellationToken)
    {
        if (channel is null)
        {
            return "Slack did not say in which channel this was.";
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(SlackLimits.Question);
        try
        {
            return await workspace.WhyNotChannelAsync(channel, limit.Token);
        }
        catch (SlackException unknown)
        {
            return $"Slack did not say who reads this channel. {unknown.Message}";
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return "Slack did not say in time who reads this channel.";
        }
    }

    private static SlackAnswer.Invalid Invalid(string why) => new(SlackModal.CommentBlock, why);
}
