using Countersign.Core.Actions;
using Countersign.Core.Policies;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;

namespace Countersign.Core;

/// <summary>
/// Under which conditions a grant may be taken: in time, with votes that still count, and under the policy in force.
/// </summary>
internal sealed class Claims(IStore store, Func<Charter> charter, NodeId self)
{
    /// <summary>The claim of what was judged just now.</summary>
    public Happening DescribeFirst(ActionRecord record) => Describe(record, charter(), isStricter: false);

    /// <summary>The same for what was judged some time ago: today's verdict may not be stricter.</summary>
    public Happening Describe(ActionRecord record, long? after)
    {
        var today = charter();
        return Describe(record, today, IsStricter(record, today), after);
    }

    public string WhyLapsed(ActionRecord record) => IsStricter(record, charter())
        ? "What is in force became stricter since this was approved; the request has to be judged again."
        : "An approval no longer counts, because whoever gave it may not approve any more.";

    private Happening Describe(ActionRecord record, Charter today, bool isStricter, long? after = null)
    {
        var electorate = Electorate.Of(record.Life, record.Asker, today.People, today.PolicyAuthors);
        return new Happening(new LifeEvent.Claimed(self, store.Now, electorate)
        {
            IsStricterToday = isStricter,
            After = after,
        })
        {
            Payload = (_, next) => PayloadWriter.Intent(next, next.Life.Execution!),
            NotAfter = record.Life.Grant?.ExpiresAt,
            OnlyUnderPolicy = today.Policy,
            OnlyIfActive = record.Asker.Agent,
        };
    }

    /// <summary>
    /// Whether the request would not get as far today: another policy or hour, an agent that is gone or shut out. A
    /// target that is gone changes nothing here, because then there is nothing to send to.
    /// </summary>
    public static bool IsStricter(ActionRecord record, Charter today)
    {
        if (record.Asker.Agent == DefinitionRegister.Gateway
            || !today.Targets.TryGetValue(record.Action.Target, out var target))
        {
            return false;
        }

        var asking = new Asking(record.Asker, target, record.Via, record.Action)
        {
            Facts = record.Facts,
            Claimed = record.Claimed,
        };
        return today.People.Find(record.Asker.Agent) is null
            || !target.Admits(record.Asker.Agent)
            || today.Judge(asking, record.Preview).IsStricterThan(record.Verdict);
    }
}
