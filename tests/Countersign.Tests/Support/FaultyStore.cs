using System.Collections.Immutable;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Ledger;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;

namespace Countersign.Tests.Support;

/// <summary>How a commit goes wrong.</summary>
internal enum StoreFault
{
    /// <summary>Nothing is written.</summary>
    Refused,

    /// <summary>It is written, and nobody hears of it.</summary>
    AcknowledgementLost,
}

/// <summary>A store that fails where a test says so.</summary>
internal sealed class FaultyStore(IStore inner) : DelegatingStore(inner)
{
    private (EntryType Type, StoreFault Fault)? _fault;
    private (EntryType Type, Func<Task> Then)? _interlude;

    /// <summary>Runs after a commit and before its acknowledgement; what it throws is what the caller gets.</summary>
    public Func<Change, Task> AfterCommit { get; set; } = _ => Task.CompletedTask;

    /// <summary>A journal that a test plays; none unless it sets one.</summary>
    public IReadJournal? PlayedJournal { get; set; }

    public override IReadJournal? Journal => PlayedJournal;

    /// <summary>Whether no read is answered.</summary>
    public bool IsUnreadable { get; set; }

    /// <summary>The one action that cannot be read.</summary>
    public ActionId? Unreadable { get; set; }

    /// <summary>Makes every change fail that carries such an entry, until <see cref="Heal"/>.</summary>
    public void FailOn(EntryType type, StoreFault fault = StoreFault.Refused) => _fault = (type, fault);

    public void Heal() => _fault = null;

    /// <summary>
    /// Does something once after the next commit of such an entry, while whoever committed it does not know yet.
    /// </summary>
    public void OnceCommitted(EntryType type, Func<Task> then) => _interlude = (type, then);

    public override async Task<CommitResult> CommitAsync(Change change, CancellationToken cancellationToken)
    {
        var fails = _fault is { } fault && Carries(change, fault.Type);
        if (fails && _fault!.Value.Fault == StoreFault.Refused)
        {
            throw new StoreUnavailableException("The test's disk is full.");
        }

        var result = await base.CommitAsync(change, cancellationToken);
        await AfterCommit(change);
        if (result is CommitResult.Committed && _interlude is { } interlude && Carries(change, interlude.Type))
        {
            _interlude = null;
            await interlude.Then();
        }

        // As a real store does: who stops waiting does not stop the write.
        cancellationToken.ThrowIfCancellationRequested();
        return fails ? throw new StoreUnavailableException("The test's acknowledgement got lost.") : result;
    }

    /// <summary>What happens once, right after somebody read who approved whose requests.</summary>
    public Func<Task>? AfterFavoursWereRead { get; set; }

    public override async Task<ImmutableArray<Favour>> FindFavoursAsync(
        DateTimeOffset since, CancellationToken cancellationToken)
    {
        var favours = await base.FindFavoursAsync(since, cancellationToken);
        var then = AfterFavoursWereRead;
        AfterFavoursWereRead = null;
        await (then?.Invoke() ?? Task.CompletedTask);
        return favours;
    }

    public override Task<StoredAction?> FindAsync(ActionId id, CancellationToken cancellationToken) =>
        IsUnreadable || id == Unreadable
        ? throw new StoreUnavailableException("Nothing can be read.")
        : base.FindAsync(id, cancellationToken);

    private static bool Carries(Change change, EntryType type) => change.Entries.Any(entry => entry.Type == type);
}
