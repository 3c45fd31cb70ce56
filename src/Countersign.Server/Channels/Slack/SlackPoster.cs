namespace Countersign.Server.Channels.Slack;

/// <summary>Sends messages to the one channel: not faster than Slack takes them, nor where strangers read.</summary>
internal sealed class SlackPoster(
    SlackOptions options, SlackClient client, SlackWorkspace workspace, TimeProvider time)
{
    private readonly SlackPace _pace = new(time);

    /// <summary>When nothing may go out until; in the past when something may.</summary>
    public DateTimeOffset NotBefore => _pace.NotBefore;

    /// <exception cref="SlackException">Slack is away, or refuses the token.</exception>
    public Task LookAsync(CancellationToken cancellationToken) => workspace.AskInstallationAsync(cancellationToken);

    /// <summary>Takes the right to one call; otherwise says what became of the message instead.</summary>
    public async Task<Delivery?> WhyNotNowAsync(bool isUpdate, CancellationToken cancellationToken)
    {
        if (_pace.WhenInstead(isUpdate) is { } later)
        {
            return new Delivery.Later(later);
        }

        return !isUpdate && await WhyNotHereAsync(cancellationToken) is { } why ? new Delivery.Failed(why) : null;
    }

    /// <summary>
    /// Why strangers read a place by now, where a card was posted when they did not; <c>null</c> when nobody does.
    /// </summary>
    /// <exception cref="SlackException">Slack did not say.</exception>
    public Task<string?> WhyReadByOthersAsync(SlackPlace place, CancellationToken cancellationToken) =>
        workspace.WhyNotChannelAsync(place.Channel, cancellationToken);

    public Task<SlackReply> SendAsync(SlackMessage message, SlackPlace? place, CancellationToken cancellationToken) =>
        client.CallAsync(
            place is null ? "chat.postMessage" : "chat.update",
            message.ToArguments(place?.Channel ?? options.Channel, place?.Ts),
            cancellationToken);

    public SlackPlace? PlaceOf(SlackReply.Ok posted) => SlackPlace.Of(posted.Body, options.Channel);

    /// <summary>What Slack's answer means; after a 429 nothing goes out before Slack's time is over.</summary>
    public Delivery Read(SlackReply reply)
    {
        switch (reply)
        {
            case SlackReply.Ok:
                return new Delivery.Delivered();
            case SlackReply.Limited limited:
                _pace.Pause(limited.RetryAfter);
                return new Delivery.Later(_pace.NotBefore);
            case SlackReply.Refused refused:
                return new Delivery.Failed($"Slack refuses the message: {refused.Error}.");
            case SlackReply.Away away:
                return new Delivery.Failed(away.Why);
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    private async Task<string?> WhyNotHereAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await workspace.WhyNotChannelAsync(options.Channel, cancellationToken);
        }
        catch (SlackException unknown)
        {
            return unknown.Message;
        }
    }
}
