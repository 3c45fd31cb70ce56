using System.Security.Cryptography;
using Countersign.Core.Storage;

namespace Countersign.Server.Channels.Teams;

/// <summary>
/// Where activities arrive: what records something is handled once for the same bytes, and everything is answered in
/// time or not at all.
/// </summary>
internal sealed class TeamsInbox(
    TeamsDesk desk,
    TeamsGreeter greeter,
    Redeliveries<TeamsAnswer> redeliveries,
    TimeProvider time,
    IHostApplicationLifetime lifetime,
    ILogger<TeamsInbox> log)
{
    private const string CardAction = "adaptiveCard/action";

    /// <param name="body">The bytes of the activity, which name the delivery.</param>
    /// <param name="activity">What they say.</param>
    public async Task<TeamsAnswer> TakeAsync(byte[] body, TeamsActivity activity)
    {
        greeter.Remember(activity);
        switch (activity)
        {
            case { Type: "invoke", Name: CardAction, Press: { } press }:
                return await AnswerInTimeAsync(body, activity, press);
            case { Type: "invoke" }:
                return new TeamsAnswer.Unknown();
            case { Type: "message", IsPersonal: true }:
                await greeter.GreetAsync(activity, lifetime.ApplicationStopping);
                return new TeamsAnswer.Done();
            default:
                return new TeamsAnswer.Done();
        }
    }

    private async Task<TeamsAnswer> AnswerInTimeAsync(byte[] body, TeamsActivity activity, TeamsPress press)
    {
        // Whoever hangs up does not take a vote back that is being recorded; only a stop of the server ends it.
        var stopping = lifetime.ApplicationStopping;
        var answering = TeamsDesk.Records(press)
            ? redeliveries.AnswerOnceAsync(
                Convert.ToHexStringLower(SHA256.HashData(body)), () => HandleAsync(activity, press, stopping))
            : HandleAsync(activity, press, stopping);
        try
        {
            return await answering.WaitAsync(TeamsLimits.Acknowledge, time);
        }
        catch (TimeoutException)
        {
            Log.NotRecorded(log, "it took longer than people wait; the card shows what becomes of it");
            return new TeamsAnswer.Unavailable();
        }
        catch (StoreUnavailableException unavailable)
        {
            // The store could not say whether this was taken already, or keep that it was.
            Channels.Log.WorkFailed(log, TeamsOutbox.Channel, unavailable);
            return new TeamsAnswer.Unavailable();
        }
    }

    private async Task<TeamsAnswer> HandleAsync(
        TeamsActivity activity, TeamsPress press, CancellationToken cancellationToken)
    {
        try
        {
            return await desk.HandleAsync(activity, press, cancellationToken);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            // Whatever it is, nothing was acknowledged, and Teams tells the person so.
            Channels.Log.WorkFailed(log, TeamsOutbox.Channel, failure);
            return new TeamsAnswer.Unavailable();
        }
    }
}
