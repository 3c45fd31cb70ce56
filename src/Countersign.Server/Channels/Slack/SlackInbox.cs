using System.Security.Cryptography;
using System.Text;
using Countersign.Core.Storage;

namespace Countersign.Server.Channels.Slack;

/// <summary>
/// Where interactions arrive, over HTTP or a socket: each delivery is handled once, and answered in time or not at all.
/// </summary>
internal sealed class SlackInbox(
    SlackDesk desk,
    SlackClient client,
    Redeliveries<SlackAnswer> redeliveries,
    TimeProvider time,
    IHostApplicationLifetime lifetime,
    ILogger<SlackInbox> log)
{
    /// <summary>
    /// A form that was told too late what is wrong, or what to compare, is told so again instead of being closed.
    /// </summary>
    public static RedeliveryOptions<SlackAnswer> Deliveries { get; } = new(
        SlackOutbox.Channel,
        said => said ?? new SlackAnswer.Done(),
        new SlackAnswer.Unavailable(),
        SlackSignature.Memory);

    /// <param name="payload">The JSON of the interaction, which names the delivery: what Slack sends again has the
    /// same bytes under another time and signature, or in another envelope.</param>
    public async Task<SlackAnswer> TakeAsync(string payload)
    {
        if (SlackPayload.Read(payload, client.Trusts) is not { } interaction)
        {
            Log.RequestRefused(log, "an interaction that could not be understood");
            return new SlackAnswer.Done();
        }

        // Whoever hangs up does not take a vote back that is being recorded; only a stop of the server ends it.
        var answering = redeliveries.AnswerOnceAsync(
            HashOf(payload), () => HandleAsync(interaction, lifetime.ApplicationStopping));
        try
        {
            return await answering.WaitAsync(SlackLimits.Acknowledge, time);
        }
        catch (TimeoutException)
        {
            Log.NotRecorded(log, "it took longer than Slack waits; the card shows what becomes of it");
            return new SlackAnswer.Unavailable();
        }
        catch (StoreUnavailableException unavailable)
        {
            // The store could not say whether this was taken already, or keep that it was.
            Channels.Log.WorkFailed(log, SlackOutbox.Channel, unavailable);
            return new SlackAnswer.Unavailable();
        }
    }

    private async Task<SlackAnswer> HandleAsync(SlackInteraction interaction, CancellationToken cancellationToken)
    {
        try
        {
            return await desk.HandleAsync(interaction, cancellationToken);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            // Whatever it is, nothing was acknowledged, and Slack tells the person so.
            Channels.Log.WorkFailed(log, SlackOutbox.Channel, failure);
            return new SlackAnswer.Unavailable();
        }
    }

    private static string HashOf(string payload) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(payload)));
}
