using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Reviews;
using Countersign.Tests.Core;
using static Countersign.Tests.Core.CoreHost;

namespace Countersign.Tests.Threats;

/// <summary>Threats to what an approval is bound to, and to its being used once and soon.</summary>
public sealed class ReplayTests : CoreTests
{
    [Fact]
    [Trait("Threat", "THR-026"), Trait("CWE", "613")]
    public async Task Asking_again_makes_an_approval_last_no_longer()
    {
        await Host.CallBrieflyAsync(Ask());
        var held = await Host.RecordOfAsync(Ask());
        await Host.VoteAsync(held, Alice);
        var granted = (await Host.ReadAsync(held)).Life.Grant!;
        Host.Time.Advance(GrantTerms.Default.TimeToLive - TimeSpan.FromSeconds(1));

        var attached = Assert.IsType<Admission.Granted>(await Host.AdmitAsync(Ask())).Record;
        Host.Time.Advance(TimeSpan.FromSeconds(1));
        await Host.SweepAsync();

        Assert.Equal((held.Id, granted.ExpiresAt), (attached.Id, attached.Life.Grant!.ExpiresAt));
        Assert.Equal(ActionState.Expired, (await Host.ReadAsync(held)).State);
        Assert.Empty(Host.Target.Received);
    }

    [Fact]
    [Trait("Threat", "THR-027"), Trait("CWE", "284")]
    public async Task A_grant_of_several_uses_serves_nothing_but_what_was_approved()
    {
        await Host.PutInForceAsync(Demand.OneDbaForTwoUses);
        var held = await Host.RecordOfAsync(Ask());
        await Host.VoteAsync(held, Alice);

        var other = await Host.RecordOfAsync(Ask(arguments: """{"n":1,"m":0}"""));

        Assert.Equal(ActionState.Pending, other.State);
        Assert.NotEqual(held.Id, other.Id);
        Assert.Equal(2, (await Host.ReadAsync(held)).Life.Grant!.UsesLeft);
    }

    [Fact]
    [Trait("Threat", "THR-029"), Trait("CWE", "362")]
    public async Task An_approval_of_what_was_withdrawn_runs_nothing_that_came_under_the_same_key()
    {
        var held = await Host.HoldAsync(AskDetached() with { IdempotencyKey = "key" });
        await Host.Desk.WithdrawAsync(held.Id, "bot", comment: null, Host.Cancel);

        var other = Ask(arguments: """{"n":1000}""") with { Via = GateKind.Api, IdempotencyKey = "key" };
        var admission = await Host.AdmitAsync(other);
        var vote = Assert.IsType<DeskAnswer.Refused>(await Host.VoteAsync(held, Alice));

        Assert.IsType<Admission.IdempotencyConflict>(admission);
        Assert.Equal(StepRefusal.AlreadyDecided, vote.Why);
        await Host.SweepAsync();
        Assert.Empty(Host.Target.Received);
    }
}
