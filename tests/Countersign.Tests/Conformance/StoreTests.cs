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
    private readonly ManualTime time = new();
    private OpenedStore? opened;

    protected StoreTests() => Sample = new Sample(time);

    private protected ManualTime Time => time;

    private protected Sample Sample { get; }

    private protected IStore Store => opened!.Store;

    private protected IArchive Archive => opened!.Archive;

    private protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => opened = await OpenAsync(time);

    public async ValueTask DisposeAsync()
    {
        if (opened is not null)
        {
            await CheckLedgerAsync();
            await opened.Store.DisposeAsync();
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
        await opened!.Store.DisposeAsync();
        opened = null;
        opened = await OpenAsync(time);
    }

    private protected Task CheckLedgerAsync() => LedgerCheck.RunAsync(Archive, opened!.LogKey, Cancel);

    private protected Task<Checkpoint?> ReadCheckpointAsync() =>
        LedgerCheck.ReadCheckpointAsync(Archive, opened!.LogKey, Cancel);

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
