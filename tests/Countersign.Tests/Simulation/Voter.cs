using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;

namespace Countersign.Tests.Simulation;

/// <summary>A person who looks at what is open and answers: mostly yes, sometimes to what is not there.</summary>
internal sealed class SimulatedVoter(Schedule schedule, Cluster cluster, Oracle oracle, PersonId person)
{
    private static readonly ActionDigest Elsewhere = ActionDigest.Of("something else"u8);

    public bool HasStopped { get; set; }

    public async Task<object> RunAsync()
    {
        while (!HasStopped)
        {
            await schedule.DelayUpTo(TimeSpan.FromSeconds(8));
            var open = oracle.Durable.Actions.Where(row => row.State == ActionState.Pending).ToList();
            if (open.Count > 0 && cluster.Any() is { } node)
            {
                await VoteAsync(node, open[schedule.Random.Next(open.Count)]);
            }
        }

        return this;
    }

    private async Task VoteAsync(SimulatedNode node, ActionRow row)
    {
        var decision = schedule.Chance(85) ? Decision.Approve : Decision.Deny;
        var shown = schedule.Chance(95) ? row.Digest : Elsewhere;
        if (shown == row.Digest)
        {
            oracle.OnVoteSent(row.Id, person, decision);
        }

        try
        {
            var answer = await node.DoAsync(office => office.ReviewDesk.VoteAsync(
                row.Id,
                new Voter(person, Assurance.Session),
                new Ballot(decision, shown, Comment: null),
                CancellationToken.None));
            if (answer is DeskAnswer.Recorded recorded)
            {
                oracle.OnVoteRecorded(recorded.Record, person, decision);
            }
        }
        catch (StoreUnavailableException)
        {
            // Nobody knows whether it counted.
        }
    }
}
