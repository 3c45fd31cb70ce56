using Countersign.Core.Ledger;
using Countersign.Core.Storage;
using Countersign.Tests.Support;

namespace Countersign.Tests.Conformance;

/// <summary>
/// What every store promises. A store's own tests derive from this class and say how it is opened; the ledger is
/// recomputed after each of them.
/// </summary>
public abstract partial class StoreTests : IAsyncLifetime
{
    private readonly ManualTime _time = new();
    private OpenedStore? _opened;

    protected StoreTests() => Sample = new Sample(_time);

    private protected ManualTime Time => _time;

    private protected Sample Sample { get; }

    private protected IStore Store => _opened!.Store;

    private protected IArchive Archive => _opened!.Archive;

    private protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _opened = await OpenAsync(_time);

    public async ValueTask DisposeAsync()
    {
        if (_opened is not null)
        {
            await CheckLedgerAsync();
            await _opened.Store.DisposeAsync();
        }

        CleanUp();
        GC.SuppressFinalize(this);
    }

    /// <summary>Opens the store of this test; a second time after the first one was closed.</summary>
    protected abstract Task<OpenedStore> OpenAsync(TimeProvider clock);

    /// <summary>Everything that the store has written to its disks.</summary>
    protected abstract Task<IReadOnlyList<byte[]>> ReadRawBytesAsync();

    /// <summary>Removes what the test left behind.</summary>
    protected abstract void CleanUp();

    private protected async Task ReopenAsync()
    {
        await _opened!.Store.DisposeAsync();
        _opened = null;
        _opened = await OpenAsync(_time);
    }

    private protected Task CheckLedgerAsync() => LedgerCheck.RunAsync(Archive, _opened!.LogKey, Cancel);

    private protected Task<Checkpoint?> ReadCheckpointAsync() =>
        LedgerCheck.ReadCheckpointAsync(Archive, _opened!.LogKey, Cancel);

    private protected async Task<CommitResult.Committed> CommitAsync(Change change) =>
        Assert.IsType<CommitResult.Committed>(await Store.CommitAsync(change, Cancel));

    private protected async Task AssertConflictAsync(ConflictReason expected, Change change) => Assert.Equal(
        expected, Assert.IsType<CommitResult.Conflict>(await Store.CommitAsync(change, Cancel)).Reason);

    private protected async Task<StoredAction> FindAsync(ActionRow row) => (await Store.FindAsync(row.Id, Cancel))!;

    /// <summary>
    /// A store that a test may use: both ports of it, and the key that its checkpoints are verified with.
    /// </summary>
    protected sealed record OpenedStore(IStore Store, IArchive Archive, NoteVerifierKey LogKey);
}
