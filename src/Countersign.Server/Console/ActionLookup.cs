using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;

namespace Countersign.Server.Console;

/// <summary>
/// Reads actions for one person. What they may not see does not exist for them: a restricted target's reviews are there
/// only for those who stand behind them or may vote on them.
/// </summary>
internal sealed class ActionLookup(Gatekeeper gatekeeper, IArchive archive)
{
    /// <summary>How far back "first time" looks.</summary>
    private const int FirstTimeDepth = 100;

    /// <summary>How many pages one request reads at most.</summary>
    private const int MaxPages = 10;

    /// <summary>The action of an address, if it exists for this person.</summary>
    public async Task<ActionRecord?> FindAsync(Visit visit)
    {
        var text = visit.Context.Request.RouteValues["id"] as string ?? visit.Context.Request.Query["action"];
        return ActionId.TryParse(text, out var id)
            && await gatekeeper.FindAsync(id, visit.Aborted) is { } record
            && Exists(record, visit)
            ? record
            : null;
    }

    /// <summary>
    /// Wanted actions that exist for this person, at least as many as the filter's limit if there are, and the action
    /// behind which a further page would begin. It reads on behind what is not for them: that must not crowd out what
    /// is.
    /// </summary>
    public async Task<(IReadOnlyList<ActionRecord> Records, ActionRow? Last)> ListAsync(
        ActionFilter filter, Func<ActionRecord, bool> wanted, Visit visit)
    {
        var found = new List<ActionRecord>();
        ActionRow? last = null;
        for (var page = 0; page < MaxPages; page++)
        {
            var stored = await archive.ListAsync(filter, visit.Aborted);
            found.AddRange(stored.Select(ActionRecord.Of).Where(record => wanted(record) && Exists(record, visit)));
            if (stored.Length < filter.Limit)
            {
                return (found, null);
            }

            last = stored[^1].Row;
            filter = filter.ByDeadline
                ? filter with { After = DeadlinePlace.Of(last) }
                : filter with { Before = last.Id };
            if (found.Count >= filter.Limit)
            {
                break;
            }
        }

        return (found, last);
    }

    /// <summary>
    /// Whether the agent has not asked for this operation on this target before; <c>null</c> when its past is too long
    /// to say.
    /// </summary>
    public async Task<bool?> IsFirstAsync(ActionRecord record, CancellationToken cancellationToken)
    {
        var earlier = await archive.ListAsync(
            new ActionFilter
            {
                Agent = record.Asker.Agent,
                Target = record.Action.Target,
                Before = record.Id,
                Limit = FirstTimeDepth,
            },
            cancellationToken);
        return earlier.Select(ActionRecord.Of).Any(known => known.Action.Operation == record.Action.Operation)
            ? false
            : earlier.Length == FirstTimeDepth ? null : true;
    }

    /// <summary>Waiting actions by their ids, in that order; what has ended meanwhile is left out.</summary>
    public async Task<IReadOnlyList<ActionRecord>> ListPendingAsync(IReadOnlyCollection<ActionId> ids, Visit visit)
    {
        // Asked even where there is nothing to read: a list of a store that is down must not look empty.
        var filter = new ActionFilter { State = ActionState.Pending, Ids = [.. ids], Limit = Math.Max(1, ids.Count) };
        var found = (await archive.ListAsync(filter, visit.Aborted)).Select(ActionRecord.Of)
            .Where(record => Exists(record, visit)).ToDictionary(record => record.Id);
        return [.. ids.Select(found.GetValueOrDefault).OfType<ActionRecord>()];
    }

    /// <summary>Whether an action exists for this person; only who it is of and whom it asks counts.</summary>
    public static bool Exists(ActionRecord record, Visit visit)
    {
        var people = visit.Charter.People;
        var target = visit.Charter.Targets.GetValueOrDefault(record.Action.Target);

        // A target that left the configuration took its setting along: in doubt it was restricted.
        if (target is { VisibleToReviewersOnly: false })
        {
            return true;
        }

        var electorate = Electorate.Of(record.Life, record.Asker, people, visit.Charter.PolicyAuthors);
        return electorate.ActorChain.Contains(visit.Person.Id)
            || electorate.FitsAny(visit.Person.Id)
            || IsReviewer(target?.Reviewers, visit.Person.Id, people);
    }

    private static bool IsReviewer(Party? reviewers, PersonId person, People people) =>
        reviewers is not null && people.MembersOf(reviewers).Contains(person);
}
