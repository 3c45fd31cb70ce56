using Countersign.Core.Actions;
using Countersign.Core.Ledger;
using Countersign.Core.Storage;
using Countersign.Server.Hosting;
using Countersign.Server.Storage;
using Countersign.Server.Storage.Sqlite;
using Countersign.Tests.Conformance;
using Countersign.Tests.Support;
using Microsoft.Data.Sqlite;

namespace Countersign.Tests.Storage.Sqlite;

/// <summary>FLT-40: the system's clock jumps. The store's time never goes back, and never stands still.</summary>
public sealed class SqliteClockTests : IDisposable
{
    private readonly SqliteFolder _folder = new();
    private readonly ManualTime _time = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Each_commit_has_a_time_of_its_own_so_that_no_checkpoint_goes_unnoticed()
    {
        const int commits = 100;
        await using (var store = await _folder.OpenAsync(TimeProvider.System))
        {
            for (var i = 0; i < commits; i++)
            {
                await store.CommitAsync(Sample.Note(), Cancel);
            }
        }

        for (var size = 1; size <= commits; size++)
        {
            var copy = _folder.CopyDatabase("copy.db");
            using (var session = SqliteSession.Open(copy, SqliteOpenMode.ReadWrite))
            {
                session.RunScript($"DELETE FROM checkpoint WHERE size = {size}");
            }

            Assert.NotEmpty(await _folder.FaultsAsync(withPayloads: false, copy));
        }
    }

    [Theory]
    [InlineData("01:00:00")]
    [InlineData("3652.00:00:00")]
    [InlineData("20000.00:00:00")]
    public async Task A_clock_that_falls_behind_stops_every_commit_until_it_is_right_again(string behind)
    {
        await using var store = await OpenAsync();
        var row = new Sample(_time).Pending();
        await store.CommitAsync(Sample.Insert(row), Cancel);
        var said = store.Now;

        _time.Advance(-TimeSpan.Parse(behind));
        var why = await store.WhyUnavailableAsync(Cancel);
        var refusal = await Assert.ThrowsAsync<StoreUnavailableException>(
            () => store.CommitAsync(Sample.Note(), Cancel));

        Assert.Equal(why, refusal.Message);
        Assert.Contains("Correct the system's clock", why, StringComparison.Ordinal);
        Assert.Contains("countersign ledger accept-clock", why, StringComparison.Ordinal);
        Assert.Equal(said, store.Now);
        Assert.NotNull(await store.FindAsync(row.Id, Cancel));

        _time.Advance(TimeSpan.Parse(behind));
        Assert.IsType<CommitResult.Committed>(await store.CommitAsync(Sample.Note(), Cancel));
        await LedgerCheck.RunAsync(store, _folder.Key.VerifierKey, Cancel);
    }

    [Fact]
    public async Task While_the_clock_is_behind_an_approval_is_neither_recorded_nor_used()
    {
        await using var store = await OpenAsync();
        var office = await SqliteOffice.OverAsync(store, _time);
        var held = await office.AskAsync("held");

        _time.Advance(-TimeSpan.FromHours(1));
        await Assert.ThrowsAsync<StoreUnavailableException>(() => office.ApproveAsync(held));
        await office.DrainAsync();
        Assert.Equal((ActionState.Pending, 0), (await office.StateOfAsync(held), office.Sent));

        _time.Advance(TimeSpan.FromHours(1));
        await office.ApproveAsync(held);
        await office.DrainAsync();
        Assert.Equal((ActionState.Succeeded, 1), (await office.StateOfAsync(held), office.Sent));
    }

    [Fact]
    public async Task A_small_step_back_is_a_correction_and_the_stores_time_waits_for_it()
    {
        await using var store = await OpenAsync();
        await store.CommitAsync(Sample.Note(), Cancel);
        var said = store.Now;

        _time.Advance(-StoreClock.MaxLag);
        var committed = await store.CommitAsync(Sample.Note(), Cancel);

        Assert.Equal(said, Assert.IsType<CommitResult.Committed>(committed).At);
        _time.Advance(-TimeSpan.FromMilliseconds(1));
        Assert.NotNull(await store.WhyUnavailableAsync(Cancel));
    }

    [Theory]
    [InlineData("01:00:00")]
    [InlineData("3652.00:00:00")]
    public async Task A_clock_that_jumps_ahead_lets_no_claim_through_that_is_too_late_by_it(string ahead)
    {
        await using var store = await OpenAsync();
        var row = new Sample(_time).Pending();
        await store.CommitAsync(Sample.Insert(row), Cancel);
        var claim = Sample.Insert(new Sample(_time).Pending("other")) with
        {
            NotAfter = store.Now + TimeSpan.FromMinutes(30),
        };

        _time.Advance(TimeSpan.Parse(ahead));
        var late = await store.CommitAsync(claim, Cancel);

        Assert.Equal(new CommitResult.Conflict(ConflictReason.TooLate), late);
        Assert.Equal([row.Id], await store.FindDueAsync(10, Cancel));
    }

    [Fact]
    public async Task A_jump_ahead_that_was_committed_is_remembered_over_a_restart_and_commits_nothing()
    {
        var jumped = await JumpAheadAsync(TimeSpan.FromDays(3652));
        await jumped.DisposeAsync();

        await using var store = await OpenAsync();

        Assert.Contains("accept-clock", await store.WhyUnavailableAsync(Cancel), StringComparison.Ordinal);
        await Assert.ThrowsAsync<StoreUnavailableException>(() => store.CommitAsync(Sample.Note(), Cancel));
        Assert.Equal(2, (await store.ListAsync(new ActionFilter(), Cancel)).Length);
    }

    [Fact]
    public async Task Accepting_the_clock_supersedes_what_is_open_says_so_in_the_ledger_and_goes_on()
    {
        await (await JumpAheadAsync(TimeSpan.FromDays(3652))).DisposeAsync();
        await using (var stopped = await SqliteStore.OpenAsync(
            _folder.Options(_time) with { MaxClockLag = TimeSpan.MaxValue }, Cancel))
        {
            // An approval of the second would hold for ten years.
            Assert.Equal(2, await ClockReset.RunAsync(stopped, Cancel));
        }

        await using var store = await OpenAsync();
        var committed = Assert.IsType<CommitResult.Committed>(await store.CommitAsync(Sample.Note(), Cancel));

        Assert.Null(await store.WhyUnavailableAsync(Cancel));
        Assert.Equal(_time.GetUtcNow(), committed.At);
        Assert.All(
            await store.ListAsync(new ActionFilter(), Cancel),
            action => Assert.Equal(ActionState.Superseded, action.Row.State));
        var leaves = await store.ReadLeavesAsync(0, 100, Cancel);
        var accepted = Leaf.Decode(leaves[^2].Span);
        Assert.Equal((EntryType.BreakGlassUsed, _time.GetUtcNow()), (accepted.Type, accepted.At));
        await LedgerCheck.RunAsync(store, _folder.Key.VerifierKey, Cancel);
    }

    private Task<SqliteStore> OpenAsync() => _folder.OpenAsync(_time);

    /// <summary>Two reviews, one of them of a time that has not come; then the clock is right again.</summary>
    private async Task<SqliteStore> JumpAheadAsync(TimeSpan by)
    {
        var store = await OpenAsync();
        var office = await SqliteOffice.OverAsync(store, _time);
        await office.AskAsync("before");
        _time.Advance(by);
        await office.AskAsync("meanwhile");
        _time.Advance(-by);
        return store;
    }
}
