using System.Text.Json;
using Countersign.Core.Ledger;
using Countersign.Core.Reads;
using Countersign.Core.Storage;
using Countersign.Tests.Core;
using Countersign.Tests.Support;
using static Countersign.Tests.Reads.ReadSample;

namespace Countersign.Tests.Reads;

/// <summary>Reads that run before they are recorded, in windows that were declared before they ran.</summary>
public sealed class BehindTests : CoreTests
{
    private static readonly ReadLimits Small = new() { WindowReads = 4, EntryReads = 3, WaitingEntries = 2 };

    [Fact]
    public async Task The_first_read_waits_until_its_window_is_durable()
    {
        await using var reads = Open();
        Assert.False(reads.TryBegin(out _));

        var ticket = await reads.BeginAsync(Host.Cancel);

        var (index, window) = Assert.Single(await Host.PayloadsOfAsync(EntryType.RecordingWindow));
        Assert.Equal(index, ticket.Window.Entry);
        Assert.Equal("ops", window.GetProperty("target").GetString());
        Assert.Equal("node-1", window.GetProperty("node").GetString());
        Assert.Equal(50_000, window.GetProperty("reads").GetInt64());
        Assert.Equal(
            Host.Time.GetUtcNow() + TimeSpan.FromSeconds(10), window.GetProperty("until").GetDateTimeOffset());
        Assert.True(reads.TryBegin(out var next));
        Assert.Same(ticket.Window, next.Window);
    }

    [Fact]
    public async Task Without_a_durable_window_nothing_is_read()
    {
        await using var reads = Open();
        Host.Store.FailOn(EntryType.RecordingWindow);

        await Assert.ThrowsAsync<StoreUnavailableException>(() => reads.BeginAsync(Host.Cancel));

        Assert.False(reads.TryBegin(out _));
        Host.Store.Heal();
        await reads.BeginAsync(Host.Cancel);
    }

    [Fact]
    public async Task The_reads_of_a_session_in_a_window_are_one_entry_and_the_window_is_closed_with_their_number()
    {
        await using var reads = Open();
        await ReadAsync(reads, count: 3);
        await Host.SweepAsync();
        Assert.Empty(await Host.PayloadsOfAsync(EntryType.ActionExecuted));

        Host.Time.Advance(TimeSpan.FromSeconds(10));
        await SweepUntilClosedAsync(windows: 1);

        var window = (await Host.PayloadsOfAsync(EntryType.RecordingWindow))[0].Index;
        var entry = Assert.Single(await Host.PayloadsOfAsync(EntryType.ActionExecuted)).Payload;
        Assert.Equal(window, entry.GetProperty("window").GetInt64());
        Assert.Equal(3, entry.GetProperty("reads").GetArrayLength());
        Assert.Single(entry.GetProperty("statements").EnumerateArray());
        Assert.Equal([(window, 3L)], await ClosedAsync());
        Assert.False(reads.TryBegin(out _));
        await AssertNoGapAfterRestartAsync();
    }

    [Fact]
    public async Task A_window_takes_no_more_reads_than_it_declared()
    {
        Reopen(Small with { WindowReads = 2 });
        await using var reads = Open();
        var first = await reads.BeginAsync(Host.Cancel);
        Host.Store.FailOn(EntryType.RecordingWindow);

        Assert.True(reads.TryBegin(out _));
        Assert.False(reads.TryBegin(out _));
        await Assert.ThrowsAsync<StoreUnavailableException>(() => reads.BeginAsync(Host.Cancel));
        Host.Store.Heal();

        Assert.NotSame(first.Window, (await reads.BeginAsync(Host.Cancel)).Window);
    }

    [Fact]
    public async Task A_window_takes_no_reads_after_its_time()
    {
        await using var reads = Open();
        var first = await reads.BeginAsync(Host.Cancel);

        Host.Time.Advance(TimeSpan.FromSeconds(10));

        Assert.False(reads.TryBegin(out _));
        Assert.NotSame(first.Window, (await reads.BeginAsync(Host.Cancel)).Window);
    }

    [Theory]
    [InlineData(4, 0)]
    [InlineData(1, 8)]
    public async Task The_next_window_is_opened_while_the_last_part_of_one_is_used(int reads, int seconds)
    {
        var windows = new ReadWindows(Host.Store, Small, new("node-1")).For(CoreHost.Ops);
        var first = await windows.BeginAsync(Host.Cancel);
        Host.Time.Advance(TimeSpan.FromSeconds(seconds));
        for (var i = 0; i < reads - 1; i++)
        {
            Assert.True(windows.TryBegin(out var same));
            Assert.Same(first.Window, same.Window);
        }

        Assert.Equal(reads == 4, !windows.TryBegin(out _));
        await windows.Opening;

        Assert.True(windows.TryBegin(out var next));
        Assert.NotSame(first.Window, next.Window);
        Assert.True(first.Window.IsSealed);
    }

    [Fact]
    public async Task A_read_is_recorded_for_the_window_in_which_it_began()
    {
        await using var reads = Open();
        var slow = await reads.BeginAsync(Host.Cancel);
        Host.Time.Advance(TimeSpan.FromSeconds(10));
        var quick = await reads.BeginAsync(Host.Cancel);
        reads.End(quick, Note(Now));
        Host.Time.Advance(TimeSpan.FromSeconds(10));
        await SweepUntilClosedAsync(windows: 1);
        Assert.Equal([(quick.Window.Entry, 1L)], await ClosedAsync());

        reads.End(slow, Note(Balance));
        await SweepUntilClosedAsync(windows: 2);

        Assert.Equal([(quick.Window.Entry, 1L), (slow.Window.Entry, 1L)], await ClosedAsync());
        await AssertNoGapAfterRestartAsync();
    }

    [Fact]
    public async Task A_read_that_was_not_sent_counts_for_nothing()
    {
        await using var reads = Open();
        var sent = await reads.BeginAsync(Host.Cancel);
        Assert.True(reads.TryBegin(out var unsent));

        unsent.GiveBack();
        reads.End(sent, Note(Now));
        Host.Time.Advance(TimeSpan.FromSeconds(10));
        await SweepUntilClosedAsync(windows: 1);

        Assert.Equal([(sent.Window.Entry, 1L)], await ClosedAsync());
    }

    [Fact]
    public async Task A_full_entry_is_written_at_once()
    {
        Reopen(Small with { WindowReads = 100 });
        await using var reads = Open();

        await ReadAsync(reads, count: 7);
        await Task.WhenAll(reads.Pending.Select(pending => pending.FirstTry));

        Assert.Equal(
            [3, 3],
            (await Host.PayloadsOfAsync(EntryType.ActionExecuted))
                .Select(entry => entry.Payload.GetProperty("reads").GetArrayLength()));
    }

    [Fact]
    public async Task A_session_whose_reads_cannot_be_recorded_reads_nothing_more_until_they_are()
    {
        Reopen(Small with { WindowReads = 100 });
        await using var reads = Open();
        await ReadAsync(reads, count: 1);
        Host.Store.FailOn(EntryType.ActionExecuted);
        await ReadAsync(reads, count: 5);

        Assert.False(reads.TryBegin(out _));
        var failure = await Assert.ThrowsAsync<StoreUnavailableException>(() => reads.BeginAsync(Host.Cancel));
        Assert.Contains("could not be recorded yet", failure.Message, StringComparison.Ordinal);
        Host.Store.Heal();
        await Host.SweepAsync();

        Assert.True(reads.TryBegin(out var again));
        again.GiveBack();
        Host.Time.Advance(TimeSpan.FromSeconds(10));
        await SweepUntilClosedAsync(windows: 1);
        Assert.Equal([(again.Window.Entry, 6L)], await ClosedAsync());
    }

    [Fact]
    public async Task A_lost_acknowledgement_records_and_counts_reads_once()
    {
        Reopen(Small with { WindowReads = 100 });
        await using var reads = Open();
        Host.Store.FailOn(EntryType.ActionExecuted, StoreFault.AcknowledgementLost);
        await ReadAsync(reads, count: 3);
        await Assert.ThrowsAsync<StoreUnavailableException>(() => reads.Pending[0].FirstTry);
        Host.Store.Heal();
        Host.Time.Advance(TimeSpan.FromSeconds(10));

        await SweepUntilClosedAsync(windows: 1);

        Assert.Single(await Host.PayloadsOfAsync(EntryType.ActionExecuted));
        Assert.Equal(3, Assert.Single(await ClosedAsync()).Reads);
        await AssertNoGapAfterRestartAsync();
    }

    [Fact]
    public async Task Parallel_sessions_lose_no_read_and_every_window_closes_with_its_number()
    {
        Reopen(new ReadLimits { WindowReads = 500, EntryReads = 64 });

        await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ =>
        {
            await Task.Yield();
            await using var reads = Open();
            await ReadAsync(reads, count: 1_000);
        }));
        await Host.DrainAsync();

        var entries = await Host.PayloadsOfAsync(EntryType.ActionExecuted);
        var recorded = entries
            .GroupBy(entry => entry.Payload.GetProperty("window").GetInt64())
            .Select(group => (group.Key, group.Sum(CountOf)));
        Assert.Equal(8_000, entries.Sum(CountOf));
        Assert.Equal(recorded.Order(), (await ClosedAsync()).Where(closed => closed.Reads > 0).Order());
        Assert.All(await ClosedAsync(), closed => Assert.InRange(closed.Reads, 0, 500));
        await AssertNoGapAfterRestartAsync();
    }

    private static long CountOf((long Index, JsonElement Payload) entry) =>
        entry.Payload.GetProperty("reads").GetArrayLength();

    private SessionReads Open() => Host.Reads.Open(SessionOf(CoreHost.Ask()));

    private void Reopen(ReadLimits limits) => Host.Reopen(options => options with { Reads = limits });

    private async Task ReadAsync(SessionReads reads, int count)
    {
        for (var i = 0; i < count; i++)
        {
            if (!reads.TryBegin(out var ticket))
            {
                ticket = await reads.BeginAsync(Host.Cancel);
            }

            reads.End(ticket, Note(Balance, $"[{i}]", Host.Time.GetUtcNow()));
        }
    }

    /// <summary>The first sweep hands over what is left of the sessions, a later one closes the window.</summary>
    private async Task SweepUntilClosedAsync(int windows)
    {
        while ((await ClosedAsync()).Count < windows)
        {
            await Host.SweepAsync();
            Host.Cancel.ThrowIfCancellationRequested();
        }
    }

    private async Task<IReadOnlyList<(long Window, long Reads)>> ClosedAsync() =>
    [
        .. (await Host.PayloadsOfAsync(EntryType.RecordingWindow))
            .Where(entry => entry.Payload.TryGetProperty("closes", out _))
            .Select(entry => (
                entry.Payload.GetProperty("closes").GetInt64(), entry.Payload.GetProperty("reads").GetInt64())),
    ];

    private async Task AssertNoGapAfterRestartAsync()
    {
        Host.LoseNode();
        await Host.SweepAsync();
        Assert.Empty(await Host.PayloadsOfAsync(EntryType.RecordingGap));
    }
}
