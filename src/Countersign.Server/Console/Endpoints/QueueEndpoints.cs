using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Storage;
using Countersign.Server.Console.Pages;
using Countersign.Server.Console.Parts;
using Countersign.Server.Console.Views;

namespace Countersign.Server.Console.Endpoints;

/// <summary>The list of reviews that wait, page by page: what a deadline reaches first comes first.</summary>
internal sealed class QueueEndpoints(ActionLookup lookup, ReviewDesk desk, IStore store, PageWriter pages)
    : IDisposable
{
    private const string Address = "/console";
    private const string AddressOfPart = "/console/fragments/queue";

    /// <summary>How many reviews one page shows at least, when there are as many.</summary>
    private const int PageSize = 100;

    /// <summary>
    /// How many pages are read at once. A change wakes every open console: without a limit the records of all their
    /// pages would be in memory together, waiting for a processor.
    /// </summary>
    private const int MaxReads = 4;

    private readonly SemaphoreSlim _reads = new(MaxReads);

    public void Dispose() => _reads.Dispose();

    public async Task ShowAsync(Visit visit)
    {
        var after = PlaceOf(visit);
        var frame = Frames.For("Reviews", visit) with
        {
            Events = "/console/events",
            Fragment = After(AddressOfPart, after),
        };
        await pages.WritePageAsync<QueuePage>(visit.Context, 200, frame, await ReadAsync(visit, after));
    }

    public async Task ShowFragmentAsync(Visit visit) => await pages.WritePartAsync<QueueList>(
        visit.Context, new Dictionary<string, object?> { ["View"] = await ReadAsync(visit, PlaceOf(visit)) });

    /// <summary>Where the page begins; an address that nobody made begins with the first.</summary>
    private static DeadlinePlace? PlaceOf(Visit visit) =>
        DeadlinePlace.TryParse(visit.Context.Request.Query["after"], out var place) ? place : null;

    private static string After(string address, DeadlinePlace? place) =>
        place is null ? address : $"{address}?after={place}";

    private async Task<QueueView> ReadAsync(Visit visit, DeadlinePlace? after)
    {
        await _reads.WaitAsync(visit.Aborted);
        try
        {
            return await ComposeAsync(visit, after);
        }
        finally
        {
            _reads.Release();
        }
    }

    private async Task<QueueView> ComposeAsync(Visit visit, DeadlinePlace? after)
    {
        var filter = new ActionFilter
        {
            State = ActionState.Pending,
            ByDeadline = true,
            After = after,
            Limit = PageSize,
        };
        var (records, last) = await lookup.ListAsync(filter, wanted: _ => true, visit);
        var composer = new QueueComposer(visit.Charter, record => desk.RightOf(visit.Person.Id, record), store.Now);
        return composer.Compose(records) with
        {
            First = after is null ? null : Address,
            Next = last is null ? null : After(Address, DeadlinePlace.Of(last)),
        };
    }
}
