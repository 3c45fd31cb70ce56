using Countersign.Core.Actions;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;

namespace Countersign.Server.Console;

/// <summary>
/// What this node knows of every waiting review, so that a filter and "waiting for you" cover all of them and not one
/// page. It is read from the store when the node starts and follows the announcements of every node. Nothing is decided
/// or shown from it: it says which reviews a page reads.
/// </summary>
internal sealed class PendingIndex : IDisposable
{
    /// <summary>Beyond it the latest deadlines are left out, and the page says so.</summary>
    public const int Most = 100_000;

    /// <summary>Beyond it the kinds are collected anew, so that those nobody has any more go.</summary>
    private const int MostKinds = 10_000;

    private readonly IArchive _archive;
    private readonly CardMask _mask;
    private readonly ChangeFeed.Subscription _changes;
    private readonly CancellationTokenSource _stop = new();

    // Guards what follows, and lets one reader at a time bring it up to date for all.
    private readonly SemaphoreSlim _turn = new(1);
    private readonly Dictionary<ActionId, PendingReview> _reviews = [];
    private readonly Dictionary<string, PendingKind> _kinds = new(StringComparer.Ordinal);
    private PendingList? _list;
    private bool _isLoaded;
    private bool _isWhole = true;

    public PendingIndex(IArchive archive, IStore store, CardMask mask)
    {
        (_archive, _mask) = (archive, mask);
        // Before anything is read: what is committed meanwhile is announced.
        _changes = store.Changes.Subscribe();
    }

    public void Dispose()
    {
        _stop.Cancel();
        _changes.Dispose();
        _stop.Dispose();
        _turn.Dispose();
    }

    /// <summary>All that was committed before this call.</summary>
    /// <exception cref="StoreUnavailableException">The store cannot be read; the next call begins anew.</exception>
    public async Task<PendingList> ReadAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            // Whoever has the turn works for those behind: that they go away is no reason to begin anew.
            await CatchUpAsync(_stop.Token);
            return _list ??= new PendingList(
                [
                    .. _reviews.Values
                        .OrderBy(review => review.Place.Deadline)
                        .ThenBy(review => review.Id.Value, StringComparer.Ordinal),
                ],
                _isWhole);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Waits until there is something to catch up with.</summary>
    public async Task WaitAsync(CancellationToken cancellationToken) =>
        await _changes.Reader.WaitToReadAsync(cancellationToken);

    private async Task CatchUpAsync(CancellationToken cancellationToken)
    {
        var (changed, announcements) = (new HashSet<ActionId>(), 0);
        while (announcements < ChangeFeed.BacklogPerListener && _changes.Reader.TryRead(out var change))
        {
            changed.Add(change.Id);
            announcements++;
        }

        var mayHaveLost = announcements == ChangeFeed.BacklogPerListener;
        if (_isLoaded && announcements == 0)
        {
            return;
        }

        // What was left out comes in as soon as there is room again, and not with every change.
        var hasRoom = !_isWhole && _reviews.Count < Most - Most / 10;
        var isIncremental = _isLoaded && !hasRoom && !mayHaveLost && _kinds.Count <= MostKinds;
        (_isLoaded, _list) = (false, null);
        await (isIncremental ? LookAgainAsync(changed, cancellationToken) : LoadAsync(cancellationToken));
        _isLoaded = true;
    }

    private async Task LoadAsync(CancellationToken cancellationToken)
    {
        _reviews.Clear();
        _kinds.Clear();
        _isWhole = true;
        var filter = new ActionFilter
        {
            State = ActionState.Pending,
            ByDeadline = true,
            Limit = ActionFilter.MaxLimit,
        };
        while (_isWhole)
        {
            var page = await _archive.ListAsync(filter, cancellationToken);
            foreach (var stored in page)
            {
                Keep(stored);
            }

            if (page.Length < filter.Limit)
            {
                return;
            }

            filter = filter with { After = DeadlinePlace.Of(page[^1].Row) };
        }
    }

    private async Task LookAgainAsync(HashSet<ActionId> changed, CancellationToken cancellationToken)
    {
        foreach (var ids in changed.Chunk(ActionFilter.MaxLimit))
        {
            foreach (var id in ids)
            {
                _reviews.Remove(id);
            }

            var filter = new ActionFilter { State = ActionState.Pending, Ids = [.. ids], Limit = ids.Length };
            foreach (var stored in await _archive.ListAsync(filter, cancellationToken))
            {
                Keep(stored);
            }
        }
    }

    private void Keep(StoredAction stored)
    {
        if (DeadlinePlace.Of(stored.Row) is not { } place)
        {
            return;
        }

        if (_reviews.Count >= Most)
        {
            _isWhole = false;
            return;
        }

        var record = ActionRecord.Of(stored);
        var key = PendingKind.KeyOf(record);
        if (!_kinds.TryGetValue(key, out var kind))
        {
            _kinds[key] = kind = new PendingKind(record);
        }

        _reviews[place.Id] = new PendingReview(place, kind, PendingReview.TextOf(_mask.Of(record).Record));
    }
}
