using Countersign.Core.Actions;
using Countersign.Core.Ledger;
using Countersign.Core.Records;
using Countersign.Core.Reviews;

namespace Countersign.Tests.Simulation;

/// <summary>One effect as the target saw it.</summary>
internal sealed record Effect(ActionId Id, long Fence, ActionDigest Digest);

/// <summary>The privileged system. It remembers every effect, and has each looked at as it arrives.</summary>
internal sealed class SimulatedTarget(Schedule schedule, FaultPlan faults, Oracle oracle)
{
    public bool IsHealed { get; set; }

    public async Task<Outcome> ExecuteAsync(ActionRecord action, CancellationToken cancellationToken)
    {
        oracle.OnEffect(new Effect(action.Id, action.Life.Execution!.Fence, action.Action.Digest));
        var random = schedule.Random;
        var hangs = !IsHealed && random.Next(100) < faults.Hanging;
        var time = hangs ? Timeout.InfiniteTimeSpan : TimeSpan.FromMilliseconds(random.Next(1, 4000));
        await Task.Delay(time, schedule.Time, cancellationToken);
        return random.Next(10) switch
        {
            0 => throw new IOException("The connection to the target broke."),
            1 => new Outcome(OutcomeState.Failed, Result: null, "No such row.", TimeSpan.Zero),
            _ => new Outcome(OutcomeState.Succeeded, "{}"u8.ToArray(), Error: null, TimeSpan.Zero),
        };
    }
}
