using Countersign.Core.Actions;
using Countersign.Core.Records;
using Countersign.Core.Reviews;

namespace Countersign.Core;

/// <summary>The passing of time as an event: it escalates stages, expires reviews and ends grants.</summary>
internal static class TimeHappening
{
    public static Func<ActionRecord, Happening> At(DateTimeOffset now) => record =>
    {
        var why = record.State == ActionState.Approved
            ? "The approval was not used in time."
            : "Nobody decided in time.";
        return new Happening(new LifeEvent.TimePassed(now))
        {
            Payload = (_, _) => PayloadWriter.Ending(why),
            Ending = why,
        };
    };
}
