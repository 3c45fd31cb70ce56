using System.Text.Json;
using Countersign.Core.Ledger;
using Countersign.Core.Reads;
using Countersign.Core.Storage;
using Countersign.Tests.Core;
using Countersign.Tests.Support;
using static Countersign.Tests.Reads.ReadSample;

namespace Countersign.Tests.Reads;

/// <summary>What the ledger says after a stop: nothing is missing, or at most so much.</summary>
public sealed class GapTests : CoreTests
{
    [Fact]
    public async Task After_an_unclean_stop_the_next_node_tells_of_a_gap_once()
    {
        Reopen(new ReadLimits { WindowReads = 100, EntryReads = 3 });
        var reads = Open();
        await ReadAsync(reads, count: 5);
        await Task.WhenAll(reads.Pending.Select(pending => pending.FirstTry));

        Host.LoseNode();
        await Host.SweepAsync();
        await Host.SweepAsync();

        var window = Assert.Single(await Host.PayloadsOfAsync(EntryType.RecordingWindow));
        var gap = Assert.Single(await Host.PayloadsOfAsync(EntryType.RecordingGap)).Payload;
        Assert.Equal(window.Index, gap.GetProperty("window").GetInt64());
        Assert.Equal("ops", gap.GetProperty("target").GetString());
        Assert.Equal("node-1", gap.GetProperty("node").GetString());
        Assert.Equal((97, 3), (gap.GetProperty("at_most").GetInt64(), gap.GetProperty("recorded").GetInt64()));
        Assert.Equal(
            window.Payload.GetProperty("until").GetString(), gap.GetProperty("until").GetString());
    }

    [Fact]
    public async Task Without_the_store_the_gap_is_told_later()
    {
        await ReadAsync(Open(), count: 1);
        Host.LoseNode();
        Host.Store.FailOn(EntryType.RecordingGap);
        await Assert.ThrowsAsync<StoreUnavailableException>(Host.SweepAsync);

        Host.Store.Heal();
        await Host.SweepAsync();

        Assert.Single(await Host.PayloadsOfAsync(EntryType.RecordingGap));
    }

    [Fact]
    public async Task A_planned_stop_records_everything_and_leaves_no_gap()
    {
        var reads = Open();
        await ReadAsync(reads, count: 2);
        reads.Add(Note(Now));

        await Host.DrainAsync();

        Assert.Equal(2, (await Host.PayloadsOfAsync(EntryType.ActionExecuted)).Count);
        await AssertGapsAfterRestartAsync(0);
        Assert.False(reads.TryBegin(out _));
        var refusal = await Assert.ThrowsAsync<StoreUnavailableException>(() => reads.BeginAsync(Host.Cancel));
        Assert.Contains("stopping", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_planned_stop_that_the_store_fails_leaves_a_gap_and_throws_nothing()
    {
        await ReadAsync(Open(), count: 2);
        Host.Store.FailOn(EntryType.ActionExecuted);

        await Host.DrainAsync();

        Host.Store.Heal();
        await AssertGapsAfterRestartAsync(1);
    }

    [Fact]
    public async Task A_read_that_never_ended_keeps_its_window_from_being_closed()
    {
        var reads = Open();
        await ReadAsync(reads, count: 2);
        await reads.BeginAsync(Host.Cancel);
        await reads.DisposeAsync();
        Host.Time.Advance(TimeSpan.FromSeconds(10));

        await Host.SweepAsync();
        await Host.DrainAsync();

        Assert.Single(await Host.PayloadsOfAsync(EntryType.RecordingWindow));
        await AssertGapsAfterRestartAsync(1);
        var gap = (await Host.PayloadsOfAsync(EntryType.RecordingGap))[0].Payload;
        Assert.Equal(2, gap.GetProperty("recorded").GetInt64());
    }

    [Fact]
    public async Task A_read_that_ends_after_its_session_is_recorded_all_the_same()
    {
        var reads = Open();
        var ticket = await reads.BeginAsync(Host.Cancel);
        await reads.DisposeAsync();

        reads.End(ticket, Note(Now));
        await reads.Pending[0].FirstTry;
        await Host.DrainAsync();

        await AssertGapsAfterRestartAsync(0);
    }

    [Fact]
    public async Task A_window_whose_declaration_nobody_heard_of_is_closed_without_reads()
    {
        var reads = Open();
        Host.Store.FailOn(EntryType.RecordingWindow, StoreFault.AcknowledgementLost);
        await Assert.ThrowsAsync<StoreUnavailableException>(() => reads.BeginAsync(Host.Cancel));
        Host.Store.Heal();
        var known = await reads.BeginAsync(Host.Cancel);

        await Host.SweepAsync();

        var entries = await Host.PayloadsOfAsync(EntryType.RecordingWindow);
        var closing = Assert.Single(entries, entry => entry.Payload.TryGetProperty("closes", out _)).Payload;
        Assert.Equal((entries[0].Index, 0), (Closed(closing), closing.GetProperty("reads").GetInt64()));
        Assert.Equal(entries[1].Index, known.Window.Entry);
        known.GiveBack();
        await Host.DrainAsync();
        await AssertGapsAfterRestartAsync(0);
    }

    [Fact]
    public async Task A_closing_that_nobody_heard_of_is_not_written_twice()
    {
        var reads = Open();
        await ReadAsync(reads, count: 1);
        await reads.DisposeAsync();
        Host.Time.Advance(TimeSpan.FromSeconds(10));
        Host.Store.FailOn(EntryType.RecordingWindow, StoreFault.AcknowledgementLost);
        await Assert.ThrowsAsync<StoreUnavailableException>(Host.SweepAsync);

        Host.Store.Heal();
        await Host.SweepAsync();

        var entries = await Host.PayloadsOfAsync(EntryType.RecordingWindow);
        Assert.Single(entries, entry => entry.Payload.TryGetProperty("closes", out _));
        await AssertGapsAfterRestartAsync(0);
    }

    private static long Closed(JsonElement entry) => entry.GetProperty("closes").GetInt64();

    private SessionReads Open() => Host.Reads.Open(SessionOf(CoreHost.Ask()));

    private void Reopen(ReadLimits limits) => Host.Reopen(options => options with { Reads = limits });

    private async Task ReadAsync(SessionReads reads, int count)
    {
        for (var i = 0; i < count; i++)
        {
            reads.End(await reads.BeginAsync(Host.Cancel), Note(Balance));
        }
    }

    private async Task AssertGapsAfterRestartAsync(int gaps)
    {
        Host.LoseNode();
        await Host.SweepAsync();
        Assert.Equal(gaps, (await Host.PayloadsOfAsync(EntryType.RecordingGap)).Count);
    }
}
