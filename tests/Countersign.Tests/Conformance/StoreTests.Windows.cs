using Countersign.Core.Actions;
using Countersign.Core.Ledger;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;

namespace Countersign.Tests.Conformance;

public abstract partial class StoreTests
{
    private static readonly NodeId s_self = new("node-1");
    private static readonly TargetName s_orders = new("orders-db");

    [Fact]
    public async Task A_window_is_open_from_its_commit_on_and_after_a_restart()
    {
        var until = Time.GetUtcNow() + TimeSpan.FromSeconds(10);
        var entry = (await CommitAsync(WindowOf("node-1", until))).Indexes[0];

        await ReopenAsync();

        Assert.Equal(
            [new RecordingWindow(entry, s_orders, s_self, Reads: 100, Recorded: 0, until)],
            await Store.FindWindowsAsync(s_self, 10, Cancel));
        Assert.Empty(await Store.FindWindowsAsync(new NodeId("node-2"), 10, Cancel));
    }

    [Fact]
    public async Task Reads_that_are_recorded_are_counted_in_their_window()
    {
        var first = (await CommitAsync(WindowOf("node-1"))).Indexes[0];
        var second = (await CommitAsync(WindowOf("node-1"))).Indexes[0];

        await CommitAsync(Sample.Note() with { Window = new WindowWrite.Records(first, 40) });
        await CommitAsync(Sample.Note() with { Window = new WindowWrite.Records(first, 3) });

        var windows = await Store.FindWindowsAsync(s_self, 10, Cancel);
        Assert.Equal([(first, 43L, 57L), (second, 0L, 100L)], windows.Select(w => (w.Entry, w.Recorded, w.Missing)));
        Assert.Equal(first, Assert.Single(await Store.FindWindowsAsync(s_self, 1, Cancel)).Entry);
    }

    [Fact]
    public async Task A_window_ends_once()
    {
        var entry = (await CommitAsync(WindowOf("node-1"))).Indexes[0];
        var end = Sample.Note() with { Window = new WindowWrite.Ends(entry) };

        var results = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => Store.CommitAsync(end, Cancel)));

        Assert.Single(results.OfType<CommitResult.Committed>());
        Assert.All(
            results.OfType<CommitResult.Conflict>(),
            lost => Assert.Equal(ConflictReason.WindowEnded, lost.Reason));
        Assert.Empty(await Store.FindWindowsAsync(s_self, 10, Cancel));
        Assert.Equal(2, (await ReadCheckpointAsync())!.Size);
    }

    [Fact]
    public async Task Reads_are_recorded_although_their_window_has_ended()
    {
        var entry = (await CommitAsync(WindowOf("node-1"))).Indexes[0];
        await CommitAsync(Sample.Note() with { Window = new WindowWrite.Ends(entry) });

        await CommitAsync(Sample.Note() with { Window = new WindowWrite.Records(entry, 3) });

        Assert.Empty(await Store.FindWindowsAsync(s_self, 10, Cancel));
    }

    [Fact]
    public async Task What_has_no_row_is_recorded_once()
    {
        var read = Sample.Pending();
        var change = new Change
        {
            Entries = [Sample.Entry(EntryType.ActionExecuted, read, "reads")],
            OnlyFirstOf = read.Id,
        };

        var results = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => Store.CommitAsync(change, Cancel)));

        Assert.Single(results.OfType<CommitResult.Committed>());
        Assert.All(
            results.OfType<CommitResult.Conflict>(),
            lost => Assert.Equal(ConflictReason.AlreadyRecorded, lost.Reason));
        Assert.Equal(1, (await ReadCheckpointAsync())!.Size);
        Assert.Null(await Store.FindAsync(read.Id, Cancel));
        Assert.Empty(await Archive.ListAsync(new ActionFilter(), Cancel));
    }

    private Change WindowOf(string node, DateTimeOffset? until = null) => new()
    {
        Window = new WindowWrite.Opens(s_orders, new NodeId(node), Reads: 100, until ?? Time.GetUtcNow()),
        Entries = [Sample.Entry(EntryType.RecordingWindow, row: null, "{}")],
    };
}
