using Countersign.Core.Records;
using Countersign.Core.Reviews;

namespace Countersign.Core;

/// <summary>The withdrawal of a review or grant that today's rules or people no longer support.</summary>
internal static class OvertakenHappening
{
    public static Func<ActionRecord, Happening> Because(string why) => _ => new Happening(new LifeEvent.Overtaken(why))
    {
        Payload = (_, _) => PayloadWriter.Ending(why),
        Ending = why,
    };
}
