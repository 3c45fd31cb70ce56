using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Reviews;

namespace Countersign.Tests.Core;

/// <summary>
/// Somebody else knows who is in which group: they are asked before a vote, and again before what it allowed is used.
/// </summary>
public sealed class RereadTests : CoreTests
{
    private readonly List<string> _asked = [];

    [Fact]
    [Trait("Threat", "THR-012"), Trait("CWE", "613")]
    public async Task Who_votes_is_asked_about_before_the_vote_counts()
    {
        Watch(after: 0);
        var held = await Host.HoldAsync(CoreHost.AskDetached());

        var answer = Assert.IsType<DeskAnswer.Refused>(await Host.VoteAsync(held, CoreHost.Alice));

        Assert.Equal(StepRefusal.NotEligible, answer.Why);
        Assert.Equal(["alice"], _asked);
    }

    [Fact]
    [Trait("Threat", "THR-011"), Trait("CWE", "367")]
    public async Task Who_approved_is_asked_about_before_a_node_executes_it()
    {
        Watch(after: 1);
        var held = await Host.HoldAsync(CoreHost.AskDetached());

        await Host.VoteAsync(held, CoreHost.Alice);

        Assert.Equal(ActionState.Superseded, (await Host.UntilEndedAsync(held)).State);
        Assert.Equal(["alice", "alice"], _asked);
    }

    [Fact]
    [Trait("Threat", "THR-011"), Trait("CWE", "367")]
    public async Task And_before_a_live_call_takes_it()
    {
        Watch(after: 1);
        var held = await Host.RecordOfAsync(CoreHost.Ask());
        await Host.VoteAsync(held, CoreHost.Alice);

        await Host.CallBrieflyAsync(CoreHost.Ask());

        Assert.Equal(ActionState.Superseded, (await Host.ReadAsync(held)).State);
    }

    /// <summary>Whoever knows says after so many questions that Alice has left the group.</summary>
    private void Watch(int after) => Host.Reopen(options => options with
    {
        Reread = (persons, _) =>
        {
            _asked.AddRange(persons.Select(person => person.Value));
            if (_asked.Count > after)
            {
                Host.SetDbas(CoreHost.Bob);
            }

            return Task.CompletedTask;
        },
    });
}
