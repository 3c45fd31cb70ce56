using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Storage;
using Countersign.Server.Console.Pages;
using Countersign.Server.Console.Parts;
using Countersign.Server.Console.Views;

namespace Countersign.Server.Console.Endpoints;

/// <summary>The list of reviews that wait.</summary>
internal sealed class QueueEndpoints(ActionLookup lookup, ReviewDesk desk, IStore store, PageWriter pages)
{
    /// <summary>
    /// How many reviews one page shows at least: more than one agent may have open, so that none hides the others'.
    /// </summary>
    private const int PageSize = 500;

    public async Task ShowAsync(Visit visit)
    {
        var frame = Frames.For("Reviews", visit) with
        {
            Events = "/console/events",
            Fragment = "/console/fragments/queue",
        };
        await pages.WritePageAsync<QueuePage>(visit.Context, 200, frame, await ReadAsync(visit));
    }

    public async Task ShowFragmentAsync(Visit visit) => await pages.WritePartAsync<QueueList>(
        visit.Context, new Dictionary<string, object?> { ["View"] = await ReadAsync(visit) });

    private async Task<QueueView> ReadAsync(Visit visit)
    {
        var filter = new ActionFilter { State = ActionState.Pending, Limit = PageSize };
        var (records, last) = await lookup.ListAsync(filter, wanted: _ => true, visit);
        var composer = new QueueComposer(visit.Charter, record => desk.RightOf(visit.Person.Id, record), store.Now);
        return composer.Compose(records, isCut: last is not null);
    }
}
