using Countersign.Core.Actions;
using Countersign.Core.Records;
using Countersign.Core.Reviews;

namespace Countersign.Core;

/// <summary>Happenings nobody asked for: time passes, or the ground under a request shifts.</summary>
internal static class Unasked
{
    public const string PolicyStricter = "The policy became stricter; the request was judged again.";

    /// <summary>The request has to start again: what was decided about it does not hold any more.</summary>
    public static Func<ActionRecord, Happening> Overtaken(string why) =>
        _ => new Happening(new LifeEvent.Overtaken(why))
        {
            Payload = (_, _) => PayloadWriter.Ending(why),
            Ending = why,
        };

    /// <summary>Time passed: it escalates stages, expires reviews and ends grants.</summary>
    public static Func<ActionRecord, Happening> TimePassed(DateTimeOffset now) => record =>
    {
        if (record.Life.Execution is { } execution)
        {
            return Silence(execution, now);
        }

        var why = record.State == ActionState.Approved
            ? "The approval was not used in time."
            : "Nobody decided in time.";
        return new Happening(new LifeEvent.TimePassed(now))
        {
            Payload = (_, _) => PayloadWriter.Ending(why),
            Ending = why,
        };
    };
    /// <summary>Whoever claimed a permit did not say in time what became of it.</summary>
    private static Happening Silence(Execution execution, DateTimeOffset now)
    {
        var outcome = new Outcome(
            OutcomeState.Unknown,
            Result: null,
            "Whoever claimed this permit did not say in time what became of it. It may or may not have taken effect: " +
            "look before asking again.",
            now - execution.StartedAt);
        return new Happening(new LifeEvent.TimePassed(now))
        {
            Payload = (_, _) => PayloadWriter.Write(json => PayloadWriter.Outcome(json, outcome, execution.Fence)),
            Outcome = outcome,
        };
    }
}
