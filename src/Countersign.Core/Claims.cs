using System.Collections.Immutable;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Policies;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;

namespace Countersign.Core;

/// <summary>
/// Under which conditions a grant may be taken: in time, with votes that still count, and under the policy in force.
/// </summary>
internal sealed class Claims(IStore store, Func<Charter> charter, NodeId self, RereadPeople reread)
{
    /// <summary>Whether there is anybody to ask who people are.</summary>
    public bool Rereads => !ReferenceEquals(reread, OfficeOptions.NobodyElseKnows);

    /// <summary>
    /// Asks again who those are whose votes are about to count. A claim is described inside of a commit, so this comes
    /// before it.
    /// </summary>
    public Task RereadVotersAsync(ActionRecord? record, CancellationToken cancellationToken)
    {
        ImmutableHashSet<PersonId> voters = record is { State: ActionState.Approved }
            ? [.. record.Life.Votes.Where(vote => vote.Decision == Decision.Approve).Select(vote => vote.Person)]
            : [];
        return voters.IsEmpty ? Task.CompletedTask : reread(voters, cancellationToken);
    }

    /// <summary>The claim of what was judged just now.</summary>
    public Happening DescribeFirst(ActionRecord record) => Describe(record, charter(), isStricter: false);

    /// <summary>The same for what was judged some time ago: today's verdict may not be stricter.</summary>
    public Happening Describe(ActionRecord record, long? after)
    {
        var today = charter();
        return Describe(record, today, IsStricter(record, today), after);
    }

    /// <summary>
    /// The claim of a permit by its asker, who says what became of it; no node is answerable for that, and this one
    /// only wrote it down.
    /// </summary>
    public Happening DescribePermit(ActionRecord record, ActionDigest shown, Evidence? key)
    {
        var today = charter();
        var within = today.Targets.GetValueOrDefault(record.Action.Target)?.ReportWithin ?? Target.DefaultReportWithin;
        var claim = Describe(record, today, IsStricter(record, today));
        return claim with
        {
            Event = (LifeEvent.Claimed)claim.Event with { Shown = shown, ReportBy = store.Now + within },
            Evidence = key,
        };
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
    /// target that is gone changes nothing here, because then there is nothing to send to; of permits, which are sent
    /// nowhere, none is given for what is not configured as their target.
    /// </summary>
    public static bool IsStricter(ActionRecord record, Charter today)
    {
        if (TokenDesk.IsAbout(record.Action.Target, record.Action.Operation))
        {
            return TokenDesk.IsStricter(record, today);
        }

        if (record.Asker.Agent == DefinitionRegister.Gateway)
        {
            return false;
        }

        if (!today.Targets.TryGetValue(record.Action.Target, out var target))
        {
            return record.GivesPermit;
        }

        var asking = new Asking(record.Asker, target, record.Via, record.Action)
        {
            Facts = record.Facts,
            Claimed = record.Claimed,
        };
        return record.GivesPermit != target.GivesPermits
            || today.People.Find(record.Asker.Agent) is null
            || !target.Admits(record.Asker.Agent)
            || today.Judge(asking, record.Preview).IsStricterThan(record.Verdict);
    }
}
