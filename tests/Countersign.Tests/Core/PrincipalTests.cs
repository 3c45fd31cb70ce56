using Countersign.Core.Reviews;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Tests.Support;

namespace Countersign.Tests.Core;

/// <summary>What must not get through the front door, however it is asked.</summary>
public sealed class PrincipalTests
{
    private readonly OfficeBench _bench = new();

    [Fact]
    public async Task What_todays_policy_refuses_is_not_executed_on_an_approval_of_yesterdays_review()
    {
        var held = await _bench.AskHeldAsync(GateKind.Api);
        _bench.Charter = _bench.Charter with { Judge = (_, _) => OfficeBench.Refused };
        await _bench.ApproveAsync(held, OfficeBench.Bob);

        Assert.Equal(ActionState.Superseded, (await _bench.EndOfAsync(held.Id)).State);
        Assert.Equal(0, _bench.Sent);
    }

    [Fact]
    public async Task A_held_call_is_judged_again_when_its_approval_is_taken()
    {
        var held = await _bench.AskHeldAsync(GateKind.Mcp);
        await _bench.ApproveAsync(held, OfficeBench.Bob);
        var asked = 0;
        // Stricter only after the call has attached to the approval.
        _bench.Charter = _bench.Charter with
        {
            Judge = (_, _) => ++asked == 1 ? OfficeBench.Held : OfficeBench.Refused,
        };
        using var handled = await _bench.CallAsync(TestContext.Current.CancellationToken);

        Assert.Equal(ActionState.Refused, Assert.IsType<Answer.Ended>(handled.Answer).Record.State);
        Assert.Equal(0, _bench.Sent);
    }

    [Fact]
    public async Task Nothing_is_executed_for_an_agent_that_is_registered_no_more()
    {
        var held = await _bench.AskHeldAsync(GateKind.Api);
        _bench.Charter = _bench.Charter with { People = OfficeBench.PeopleWith() };
        await _bench.ApproveAsync(held, OfficeBench.Bob);

        Assert.Equal(ActionState.Superseded, (await _bench.EndOfAsync(held.Id)).State);
        Assert.Equal(0, _bench.Sent);
    }

    [Fact]
    public async Task An_idempotency_key_never_joins_requests_for_different_persons()
    {
        var own = await _bench.AskHeldAsync(GateKind.Api, onBehalfOf: null, idempotencyKey: "k");
        var forBob = await _bench.AskHeldAsync(GateKind.Api, onBehalfOf: "bob", idempotencyKey: "k");
        Assert.NotEqual(own.Id, forBob.Id);

        // What Bob approves for the agent is no approval of what the agent asks for Bob.
        await _bench.ApproveAsync(own, OfficeBench.Bob);
        Assert.Equal(ActionState.Succeeded, (await _bench.EndOfAsync(own.Id)).State);
        var refused = Assert.IsType<DeskAnswer.Refused>(await _bench.ApproveAsync(forBob, OfficeBench.Bob));
        Assert.Equal(StepRefusal.SelfApproval, refused.Why);
        Assert.Equal(new PersonId("bob"), forBob.Asker.OnBehalfOf);
    }
}
