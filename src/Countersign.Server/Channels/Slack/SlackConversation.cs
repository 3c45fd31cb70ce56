using System.Text.Json.Nodes;

namespace Countersign.Server.Channels.Slack;

/// <summary>What one person is shown besides the card: modals, and answers that only they see.</summary>
internal sealed class SlackConversation(
    SlackClient client, SlackReplies replies, Func<Uri> console, ILogger<SlackConversation> log)
{
    /// <summary>Tells somebody that their account decides nothing, and offers a link where it is nobody's.</summary>
    public void Refuse(SlackInteraction.Pressed pressed, SlackIdentity identity)
    {
        Log.AccountRefused(log, pressed.Actor.User, identity.ToString());
        if (identity is SlackIdentity.Refused refused)
        {
            Tell(pressed, $"Nothing was recorded. {refused.Why}");
        }
        else
        {
            OfferLink(pressed);
        }
    }

    public void Tell(SlackInteraction.Pressed pressed, string text) =>
        replies.Tell(pressed.ReplyTo, text, offersLink: false);

    /// <summary>Opens a modal, or says why it did not open.</summary>
    public async Task OpenAsync(
        SlackInteraction.Pressed pressed, JsonObject view, CancellationToken cancellationToken)
    {
        var reply = await OpenInTimeAsync(pressed.Trigger, view, cancellationToken);
        if (reply is not SlackReply.Ok)
        {
            var why = reply is SlackReply.Refused { Error: "expired_trigger_id" or "exchanged_trigger_id" }
                ? "Slack took too long to bring the click here."
                : "Slack did not open the form.";
            Tell(pressed, $"Nothing was recorded. {why} Press the button again, or use the console.");
        }
    }

    private void OfferLink(SlackInteraction.Pressed pressed) => replies.Tell(
        pressed.ReplyTo,
        "Nothing was recorded: this Slack account is not linked to a person. Sign in to the console, make a code at " +
        $"{new Uri(console(), "/console/accounts")}, and enter it here.",
        offersLink: true);

    private async Task<SlackReply> OpenInTimeAsync(
        string? trigger, JsonObject view, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(SlackLimits.Question);
        try
        {
            return await client.CallAsync(
                "views.open", new JsonObject { ["trigger_id"] = trigger, ["view"] = view }, limit.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new SlackReply.Away("views.open took too long.");
        }
    }
}
