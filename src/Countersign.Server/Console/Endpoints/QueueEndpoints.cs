using Countersign.Core;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;
using Countersign.Server.Console.Pages;
using Countersign.Server.Console.Parts;
using Countersign.Server.Console.Views;
using Countersign.Server.Hosting;

namespace Countersign.Server.Console.Endpoints;

/// <summary>
/// The list of reviews that wait, page by page: what the reader can decide comes first, and in each part what a
/// deadline reaches first. A filter covers all pages.
/// </summary>
internal sealed class QueueEndpoints(
    PendingIndex index,
    ActionLookup lookup,
    ReviewDesk desk,
    CardMask mask,
    IStore store,
    GlassRecord glass,
    PageWriter pages)
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
        var asked = QueueAddress.Of(visit.Context.Request.Query);
        var frame = Frames.For("Reviews", visit) with
        {
            Events = "/console/events",
            Fragment = asked.ToText(AddressOfPart),
        };
        await pages.WritePageAsync<QueuePage>(visit.Context, 200, frame, await ReadAsync(visit, asked));
    }

    public async Task ShowFragmentAsync(Visit visit)
    {
        var view = await ReadAsync(visit, QueueAddress.Of(visit.Context.Request.Query));
        await pages.WritePartAsync<QueueList>(visit.Context, new Dictionary<string, object?> { ["View"] = view });
    }

    private async Task<QueueView> ReadAsync(Visit visit, QueueAddress asked)
    {
        await _reads.WaitAsync(visit.Aborted);
        try
        {
            return await ComposeAsync(visit, asked);
        }
        finally
        {
            _reads.Release();
        }
    }

    private async Task<QueueView> ComposeAsync(Visit visit, QueueAddress asked)
    {
        var pending = await index.ReadAsync(visit.Aborted);
        var favours = await desk.FindFavoursAsync(pending.Kinds.Select(kind => kind.Like), visit.Aborted);
        VotingRight RightOf(ActionRecord record) => desk.RightOf(visit.Person.Id, record, favours);
        var all = QueueSelection.Of(
            pending.Reviews,
            asked.Find.ToLowerInvariant(),
            kind => (ActionLookup.Exists(kind.Like, visit), RightOf(kind.Like).MayApprove));
        var (shown, next) = all.PageAt(asked.After, PageSize);
        var records = await lookup.ListPendingAsync([.. shown.Select(review => review.Id)], visit);
        var composer = new QueueComposer(visit.Charter, RightOf, store.Now) { ShownOf = mask.Of };
        return composer.Compose(records) with
        {
            YoursInAll = all.Yours.Length,
            OthersInAll = all.Others.Length,
            Find = asked.Find,
            IsCut = !pending.IsWhole,
            Alert = await FindAlertAsync(visit),
            Glass = await glass.DescribeAsync(visit.Aborted),
            First = asked.After is null ? null : (asked with { After = null }).ToText(Address),
            Next = next is null ? null : (asked with { After = next }).ToText(Address),
        };
    }

    /// <summary>
    /// A policy that was replaced and is in force again: what was decided in between deserves a look.
    /// </summary>
    private async Task<string?> FindAlertAsync(Visit visit)
    {
        var since = store.Now - PolicyChanges.RevertTime;
        return await store.FindReplacedAsync(visit.Charter.Policy, since, visit.Aborted) is { } replaced
            ? $"The policy was changed at {Words.Clock(replaced.At)}" +
                (replaced.Entry is { } entry ? $" (ledger entry {entry})" : "") +
                " and has been changed back since. Look at what was asked and decided in between."
            : null;
    }
}
