using Countersign.Core.Storage;

namespace Countersign.Server.Channels.Slack;

/// <summary>Takes the code that links a Slack account to a person.</summary>
internal sealed class SlackLinking(AccountLinking linking, SlackPeople people, ILogger<SlackLinking> log)
{
    public async Task<SlackAnswer> UseCodeAsync(
        SlackInteraction.Submitted sent, CancellationToken cancellationToken)
    {
        try
        {
            return await WhyNotAsync(sent, cancellationToken) is { } why
                ? new SlackAnswer.Invalid(SlackModal.CodeBlock, why)
                : new SlackAnswer.Done();
        }
        catch (StoreUnavailableException unavailable)
        {
            Log.NotRecorded(log, unavailable.Message);
            return new SlackAnswer.Unavailable();
        }
    }

    private async Task<string?> WhyNotAsync(SlackInteraction.Submitted sent, CancellationToken cancellationToken)
    {
        var actor = sent.Actor;
        if (await people.FindAsync(actor, cancellationToken) is not SlackIdentity.Unlinked)
        {
            return AccountLinking.Taken;
        }

        if (await people.WhyNotAsync(actor, cancellationToken) is { } why)
        {
            return why;
        }

        if (actor.Accounts.IsEmpty)
        {
            return "Slack did not say whose account this is.";
        }

        return await linking.UseCodeAsync(
            actor.Accounts[0].InChannel,
            sent.Inputs.GetValueOrDefault(SlackModal.CodeBlock, ""),
            cancellationToken);
    }
}
