using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Records;
using Countersign.Core.Storage;

namespace Countersign.Server.Console;

/// <summary>How often the glass was broken lately, and what became of the reviews afterwards.</summary>
internal sealed class GlassRecord(IArchive archive, IStore store, BreakGlassDesk desk)
{
    private static readonly TimeSpan Window = TimeSpan.FromDays(30);

    /// <summary>In words, for the first page that people see; <c>null</c> when it was not broken.</summary>
    public async Task<string?> DescribeAsync(CancellationToken cancellationToken)
    {
        if (!desk.IsThere)
        {
            return null;
        }

        var since = store.Now - Window;
        var filter = new ActionFilter { Target = AgentDesk.Gateway.Name, Limit = ActionFilter.MaxLimit };
        var reviews = (await archive.ListAsync(filter, cancellationToken))
            .Where(stored => stored.Row.CreatedAt >= since && stored.Row.State != ActionState.Withdrawn)
            .Select(RecordCodec.FromStored)
            .Where(record => record.Action.Operation == BreakGlassDesk.Operation)
            .Select(record => record.State)
            .ToList();
        if (reviews.Count == 0)
        {
            return null;
        }

        var (waiting, denied, missed) = (
            reviews.Count(state => state == ActionState.Pending),
            reviews.Count(state => state == ActionState.Denied),
            reviews.Count(state => state == ActionState.Expired));
        return $"The glass was broken {Times(reviews.Count)} in the last {Window.TotalDays:0} days: {waiting} " +
            $"waiting for review, {denied} found unjustified, {missed} not reviewed in time.";
    }

    private static string Times(int count) => count == 1 ? "once" : $"{count} times";
}
