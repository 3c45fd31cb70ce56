using System.Text.Json.Nodes;

namespace Countersign.Server.Channels.Teams;

/// <summary>
/// Learns from activities where people are reached, and answers who writes to the bot: with the way to link the
/// account, because somebody who is not linked is sent no card to press.
/// </summary>
internal sealed class TeamsGreeter(
    TeamsPeople people, TeamsViews views, TeamsPoster poster, TeamsRoster roster, ILogger<TeamsGreeter> log)
{
    /// <summary>Called with activities whose token held only.</summary>
    public void Remember(TeamsActivity activity)
    {
        poster.LearnService(new Uri(activity.ServiceUrl!));
        roster.Learn(activity);
    }

    /// <summary>Nothing depends on an answer; what is lost can be asked for again.</summary>
    public async Task GreetAsync(TeamsActivity activity, CancellationToken cancellationToken)
    {
        if (activity is not { Conversation: { } conversation, ServiceUrl: { } service })
        {
            return;
        }

        try
        {
            var answer = await people.IdentifyAsync(activity, cancellationToken) switch
            {
                TeamsIdentity.Unlinked => views.OfferLink(shown: null, problem: null),
                TeamsIdentity.Refused refused => Told(refused.Why),
                _ => Told("You are told here of reviews that you can decide. Nothing is decided by writing."),
            };
            if (answer is TeamsAnswer.Shown { Card: var card })
            {
                await poster.TellAsync(new Uri(service), conversation, card, cancellationToken);
            }
        }
        catch (Exception failure) when (failure is not OutOfMemoryException
            && !cancellationToken.IsCancellationRequested)
        {
            Log.ReplyLost(log, failure.Message);
        }
    }

    private static TeamsAnswer.Shown Told(string text) => new(TeamsForms.ForTelling("Countersign", text));
}
