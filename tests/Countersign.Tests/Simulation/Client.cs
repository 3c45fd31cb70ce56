using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Records;
using Countersign.Core.Storage;

namespace Countersign.Tests.Simulation;

/// <summary>
/// An agent that asks for the same few things again and again: live or detached, with keys or without, patient or not,
/// leaving when it is held or not; it hangs up, repeats itself and now and then withdraws.
/// </summary>
internal sealed class Client(Schedule schedule, Cluster cluster, SimulatedTarget target, Oracle oracle, AgentId agent)
{
    public int Asked { get; private set; }

    public async Task<object> RunAsync(int requests)
    {
        Asking? last = null;
        while (Asked < requests)
        {
            await schedule.DelayUpTo(TimeSpan.FromSeconds(2));
            last = last is not null && schedule.Chance(40) ? last : NewAsking();
            Asked++;
            if (cluster.Any() is { } node)
            {
                await TryAsync(node, last);
            }
        }

        return this;
    }

    private Asking NewAsking()
    {
        var random = schedule.Random;
        var operation = random.Next(10) switch { < 3 => "read", 3 => "drop", _ => "write" };
        var number = random.Next(4);
        var key = schedule.Chance(30) ? $"{operation}-{number}-{random.Next(3)}" : null;
        return Cast.Ask(agent, operation, number, key, isDetached: schedule.Chance(30));
    }

    private async Task TryAsync(SimulatedNode node, Asking asking)
    {
        var hangsUp = schedule.Chance(30) ? schedule.UpTo(TimeSpan.FromSeconds(10)) : Timeout.InfiniteTimeSpan;
        using var line = new CancellationTokenSource(hangsUp, schedule.Time);
        try
        {
            var record = asking.IsDetached
                ? await AskDetachedAsync(node, asking, line.Token)
                : await AskLiveAsync(node, asking, line.Token);
            if (record is not null && schedule.Chance(5))
            {
                await node.DoAsync(office => office.ReviewDesk.WithdrawAsync(
                    record.Id, agent.Value, "Not needed any more.", CancellationToken.None));
            }
        }
        catch (StoreUnavailableException)
        {
            // Told to come back; the next round may.
        }
        catch (OperationCanceledException)
        {
            // It hung up.
        }
    }

    private async Task<ActionRecord?> AskLiveAsync(SimulatedNode node, Asking asking, CancellationToken line)
    {
        var patience = schedule.Chance(30) ? TimeSpan.Zero : schedule.UpTo(TimeSpan.FromMinutes(3));
        var call = new Call(target.ExecuteAsync, patience, _ => { }) { LeavesWhenHeld = schedule.Chance(25) };
        using var handled = await node.DoAsync(office => office.Gatekeeper.HandleAsync(asking, call, line));
        switch (handled?.Answer)
        {
            case Answer.Ended ended:
                oracle.OnAnswer(Key(asking), ended.Record);
                if (schedule.Chance(80))
                {
                    await node.DoAsync(async office =>
                    {
                        await office.Gatekeeper.DeliveredAsync(ended.Record, CancellationToken.None);
                        return this;
                    });
                }

                return null;
            case Answer.StillPending pending:
                oracle.OnAnswer(Key(asking), pending.Record);
                return pending.Record;
            default:
                return null;
        }
    }

    private async Task<ActionRecord?> AskDetachedAsync(SimulatedNode node, Asking asking, CancellationToken line)
    {
        var record = await node.DoAsync(office => office.Gatekeeper.AdmitAsync(asking, line)) switch
        {
            Admission.Held held => held.Record,
            Admission.Granted granted => granted.Record,
            Admission.Ended ended => ended.Record,
            Admission.Refused refused => refused.Record,
            Admission.UnderWay underWay => underWay.Record,
            _ => null,
        };
        if (record is not null)
        {
            oracle.OnAnswer(Key(asking), record);
        }

        return record;
    }

    private string? Key(Asking asking) => asking.IdempotencyKey is { } key ? $"{agent}/{key}" : null;
}
