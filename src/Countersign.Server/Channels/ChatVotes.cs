using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;
using Countersign.Server.Console.Views;

namespace Countersign.Server.Channels;

/// <summary>Takes what a person decided in a chat to the review desk, which is the same for every channel.</summary>
internal sealed class ChatVotes(ReviewDesk desk, Func<ActionId, Uri> reviewUrl, ILogger<ChatVotes> log)
{
    /// <summary>What kept the answer from being recorded; <c>null</c> when it is durable.</summary>
    /// <param name="channel">Where it was given.</param>
    /// <param name="person">By whom.</param>
    /// <param name="id">To which action.</param>
    /// <param name="ballot">The answer.</param>
    /// <param name="cancellationToken">Ends the wait; what is being recorded may be durable all the same.</param>
    /// <exception cref="StoreUnavailableException">Nothing is known to be recorded.</exception>
    public async Task<string?> CastAsync(
        string channel, PersonId person, ActionId id, Ballot ballot, CancellationToken cancellationToken)
    {
        var voter = new Voter(person, ReviewTracks.Worth);
        var answer = await desk.VoteAsync(id, voter, ballot, cancellationToken);
        var said = answer is DeskAnswer.Recorded ? ballot.Decision.ToText() : "not recorded";
        Log.Answered(log, person, id, channel, said);
        return answer switch
        {
            DeskAnswer.Recorded => null,
            DeskAnswer.Refused { Why: StepRefusal.AssuranceTooLow } =>
                $"A click here counts as '{ReviewTracks.Worth.ToText()}', and a rule asks for more. Approve it in " +
                $"the console: {reviewUrl(id)} You may deny it here.",
            DeskAnswer.Refused refused => Words.Of(
                refused.Why, refused.Record, await desk.FindRightAsync(person, refused.Record, cancellationToken)),
            _ => "The action does not exist.",
        };
    }
}
