using Countersign.Core.Records;
using Countersign.Core.Reviews;

namespace Countersign.Core;

/// <summary>
/// What was decided no longer counts as an event: the record ends as <c>superseded</c>, and the call starts again.
/// </summary>
internal static class OvertakenHappening
{
    public const string PolicyStricter = "The policy became stricter; the request was judged again.";

    public const string ApprovalLapsed =
        "An approval no longer counts, because whoever gave it may not approve any more.";

    public static Happening Because(string why) => new(new LifeEvent.Overtaken(why))
    {
        Payload = (_, _) => PayloadWriter.Ending(why),
        Ending = why,
    };
}
