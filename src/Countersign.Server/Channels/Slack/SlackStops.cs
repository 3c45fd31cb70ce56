using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Storage;
using Countersign.Server.Console.Views;

namespace Countersign.Server.Channels.Slack;

/// <summary>
/// The stop button on a card: the same authority as in the console and over the API, and the agent is the one of the
/// action that the card was about. Stopping is always safe, so it takes neither a present revision nor a channel that
/// nobody else reads.
/// </summary>
internal sealed class SlackStops(
    SlackPeople people,
    SlackConversation conversation,
    Gatekeeper gatekeeper,
    AgentDesk agents,
    ILogger<SlackStops> log)
{
    private const string MayNot =
        "Whoever reviews something, is an admin or stands behind the agent may stop it, and you do not.";

    /// <summary>Opens the form, for who may stop the agent.</summary>
    public async Task<SlackAnswer> AskWhyAsync(
        SlackInteraction.Pressed pressed, CancellationToken cancellationToken)
    {
        var identity = await people.FindAsync(pressed.Actor, cancellationToken);
        if (identity is not SlackIdentity.Known known)
        {
            conversation.Refuse(pressed, identity);
        }
        else if (await FindAgentAsync(pressed.Value, cancellationToken) is not { } agent)
        {
            conversation.Tell(pressed, "Nothing was stopped. This button names no agent; use the console instead.");
        }
        else if (!agents.MayStop(known.Person, agent))
        {
            conversation.Tell(pressed, $"Nothing was stopped. {MayNot}");
        }
        else
        {
            await conversation.OpenAsync(pressed, SlackModal.ForStopping(pressed.Value, agent), cancellationToken);
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
        if (await FindAgentAsync(sent.Note, cancellationToken) is not { } agent)
        {
            return Invalid("This form names no agent; use the console instead.");
        }

        var comment = sent.Inputs.GetValueOrDefault(SlackModal.CommentBlock, "").Trim();
        var answer = await agents.StopAsync(agent, person, comment.Length == 0 ? null : comment, cancellationToken);
        Log.AgentStopped(log, person, agent, answer is StopAnswer.Stopped ? "stopped" : "not stopped");
        return answer switch
        {
            StopAnswer.Stopped stopped => new SlackAnswer.Shown(
                SlackModal.ForTelling("Stopped", $"{agent}: {Words.Of(stopped.Done)}")),
            StopAnswer.NotEligible => Invalid(MayNot),
            _ => Invalid("This agent is not registered any more."),
        };
    }

    /// <summary>The agent behind a button's value: the action is asked, not the value.</summary>
    private async Task<AgentId?> FindAgentAsync(string value, CancellationToken cancellationToken) =>
        SlackButtons.Read(value) is { } shown
        && await gatekeeper.FindAsync(shown.Action, cancellationToken) is { } record
        && agents.Knows(record.Asker.Agent)
            ? record.Asker.Agent
            : null;

    private static SlackAnswer.Invalid Invalid(string why) => new(SlackModal.CommentBlock, why);
}
