using Countersign.Core.Identity;
using Countersign.Core.Storage;

namespace Countersign.Server.Channels.Slack;

/// <summary>The stop button on a card: it opens a form, and the form stops the agent.</summary>
internal sealed class SlackStops(
    SlackPeople people, SlackConversation conversation, ChatStops stops, ILogger<SlackStops> log)
{
    /// <summary>Opens the form, for who may stop the agent.</summary>
    public async Task<SlackAnswer> AskWhyAsync(
        SlackInteraction.Pressed pressed, CancellationToken cancellationToken)
    {
        var identity = await people.FindAsync(pressed.Actor, cancellationToken);
        if (identity is not SlackIdentity.Known known)
        {
            conversation.Refuse(pressed, identity);
        }
        else if (await stops.FindAsync(known.Person, pressed.Value, cancellationToken) is var (agent, whyNot)
            && agent is null)
        {
            conversation.Tell(pressed, $"Nothing was stopped. {whyNot}");
        }
        else
        {
            await conversation.OpenAsync(
                pressed, SlackModal.ForStopping(pressed.Value, agent.Value), cancellationToken);
        }

        return new SlackAnswer.Done();
    }

    /// <summary>Stops the agent, and shows what became of it in place of the form.</summary>
    public async Task<SlackAnswer> StopAsync(SlackInteraction.Submitted sent, CancellationToken cancellationToken)
    {
        try
        {
            return await people.IdentifyAsync(sent.Actor, cancellationToken) switch
            {
                SlackIdentity.Known known => await StopAsync(known.Person, sent, cancellationToken),
                SlackIdentity.Refused refused => Invalid(refused.Why),
                _ => Invalid("This Slack account is not linked to anybody."),
            };
        }
        catch (StoreUnavailableException unavailable)
        {
            Log.NotRecorded(log, unavailable.Message);
            return new SlackAnswer.Unavailable();
        }
    }

    private async Task<SlackAnswer> StopAsync(
        PersonId person, SlackInteraction.Submitted sent, CancellationToken cancellationToken)
    {
        var comment = sent.Inputs.GetValueOrDefault(SlackModal.CommentBlock);
        return await stops.StopAsync(person, sent.Note, comment, cancellationToken) switch
        {
            ChatStop.Stopped stopped => new SlackAnswer.Shown(SlackModal.ForTelling("Stopped", stopped.What)),
            ChatStop.Refused refused => Invalid(refused.Why),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    private static SlackAnswer.Invalid Invalid(string why) => new(SlackModal.CommentBlock, why);
}
