using System.Text;
using Countersign.Core.Ledger;
using Countersign.Core.Reads;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;
using Countersign.Tests.Core;
using Countersign.Tests.Support;
using static Countersign.Tests.Reads.ReadSample;

namespace Countersign.Tests.Reads;

/// <summary>Reads whose answers wait for the journal, and whose entry follows.</summary>
public sealed class JournalTests : CoreTests
{
    private readonly PlayedJournal _journal = new();

    [Fact]
    public async Task An_answer_waits_for_the_journal_and_not_for_the_entry()
    {
        await using var reads = Open();
        reads.Add(Note(Balance));
        _journal.Hold();

        var recorded = reads.RecordAsync(Host.Cancel);
        Assert.False(recorded.IsCompleted);
        _journal.Finish();
        await recorded;

        Assert.Empty(await EntriesAsync());
        Assert.NotEmpty(_journal.Unsettled.Records);
    }

    [Fact]
    public async Task Reads_of_a_while_share_the_entry_that_the_sweep_writes()
    {
        await using var reads = Open();
        for (var i = 0; i < 3; i++)
        {
            reads.Add(Note(Balance, $"[{i}]", Host.Time.GetUtcNow()));
            await reads.RecordAsync(Host.Cancel);
        }

        await Host.SweepAsync();
        Assert.Empty(await EntriesAsync());
        Host.Time.Advance(TimeSpan.FromSeconds(3));
        await Host.SweepAsync();
        await UntilSettledAsync(reads);

        Assert.Equal(3, Assert.Single(await EntriesAsync()).GetProperty("reads").GetArrayLength());
        Assert.Empty(_journal.Unsettled.Records);
    }

    [Fact]
    public async Task A_session_that_ends_leaves_its_entry_behind()
    {
        await using (var reads = Open())
        {
            reads.Add(Note(Balance));
            await reads.RecordAsync(Host.Cancel);
        }

        Assert.Single(await EntriesAsync());
        Assert.Empty(_journal.Unsettled.Records);
    }

    [Fact]
    public async Task Without_the_journal_answers_wait_for_their_entries_again()
    {
        await using var reads = Open();
        reads.Add(Note(Balance));
        await reads.RecordAsync(Host.Cancel);
        _journal.Failure = new StoreUnavailableException("The test's disk is full.");
        reads.Add(Note(Now));

        await reads.RecordAsync(Host.Cancel);
        Assert.Equal(2, Assert.Single(await EntriesAsync()).GetProperty("reads").GetArrayLength());
        reads.Add(Note(Balance, "[2]"));
        await reads.RecordAsync(Host.Cancel);

        Assert.Equal(2, (await EntriesAsync()).Count);
    }

    [Fact]
    public async Task Without_journal_and_store_an_answer_is_withheld()
    {
        await using var reads = Open();
        _journal.Failure = new StoreUnavailableException("The test's disk is full.");
        Host.Store.FailOn(EntryType.ActionExecuted);
        reads.Add(Note(Balance));

        await Assert.ThrowsAsync<StoreUnavailableException>(() => reads.RecordAsync(Host.Cancel));
        Host.Store.Heal();
    }

    [Fact]
    public async Task A_session_that_is_faster_than_the_store_waits_for_it()
    {
        Host.Reopen(options => options with { Reads = new ReadLimits { EntryReads = 1, WaitingEntries = 2 } });
        Host.Store.FailOn(EntryType.ActionExecuted);
        await using var reads = Open();
        reads.Add(Note(Balance));
        await reads.RecordAsync(Host.Cancel);
        reads.Add(Note(Balance));

        await Assert.ThrowsAsync<StoreUnavailableException>(() => reads.RecordAsync(Host.Cancel));
        Host.Store.Heal();
    }

    [Fact]
    public async Task What_a_crash_left_becomes_the_entry_that_was_not_written()
    {
        var at = Host.Time.GetUtcNow();
        var reads = Open();
        reads.Add(Note(Balance, "[1]", at));
        reads.Add(Note(Now, "[]", at.AddMilliseconds(2)));
        reads.Add(Note(Balance, "[2]", at.AddMilliseconds(5)) with { State = OutcomeState.Failed, Error = "57014" });
        await reads.RecordAsync(Host.Cancel);
        var left = _journal.Unsettled;

        Host.LoseNode();
        Host.Store.PlayedJournal = new PlayedJournal { Remains = left };
        await Host.SweepAsync();

        var entry = Assert.Single(await EntriesAsync());
        Assert.True(entry.GetProperty("recovered").GetBoolean());
        Assert.Equal("bot", entry.GetProperty("agent").GetString());
        Assert.Equal("pgbench", entry.GetProperty("claimed").GetProperty("session").GetString());
        Assert.Equal(
            [Balance.Text, Now.Text],
            entry.GetProperty("statements").EnumerateArray().Select(each => each.GetProperty("text").GetString()));
        Assert.Equal(
            ["""[0,0,[1],1,57,300]""", """[1,2,[],1,57,300]""", """[0,5,[2],1,57,300,"failed","57014"]"""],
            entry.GetProperty("reads").EnumerateArray().Select(each => each.GetRawText()));
        Assert.Null(Host.Store.PlayedJournal.Remains);
    }

    [Fact]
    public async Task A_read_becomes_durable_while_it_is_answered()
    {
        await using var reads = Open();
        _journal.Hold();
        var mark = reads.Begin(Note(Balance));
        _journal.Finish();

        // Whatever waits for another flush waits for good.
        _journal.Hold();
        reads.Add(Note(Balance), mark);
        Assert.True(reads.RecordAsync(Host.Cancel).IsCompletedSuccessfully);

        Assert.NotEmpty(_journal.Unsettled.Records);
        _journal.Finish();
    }

    [Fact]
    public async Task An_answer_that_is_faster_than_the_journal_waits_for_it()
    {
        await using var reads = Open();
        _journal.Hold();
        reads.Add(Note(Balance), reads.Begin(Note(Balance)));

        var recorded = reads.RecordAsync(Host.Cancel);
        Assert.False(recorded.IsCompleted);
        _journal.Finish();
        await recorded;
    }

    [Fact]
    public async Task A_crash_between_question_and_answer_leaves_a_read_that_goes_on()
    {
        var reads = Open();
        var first = reads.Begin(Note(Balance, "[1]"));
        reads.Begin(Note(Balance, "[2]"));
        reads.Add(Note(Balance, "[1]") with { Rows = 7 }, first);

        var rows = await RowsAfterCrashAsync();

        Assert.Equal(["[0,0,[1],7,57,300]", """[0,0,[2],1,57,300,"unknown","goes on"]"""], rows);
    }

    [Fact]
    public async Task Who_is_stopped_before_the_first_sweep_makes_the_entries_that_were_left()
    {
        var reads = Open();
        reads.Add(Note(Balance));
        await reads.RecordAsync(Host.Cancel);
        var left = new PlayedJournal { Remains = _journal.Unsettled };
        Host.LoseNode();
        Host.Store.PlayedJournal = left;

        await Host.DrainAsync();

        Assert.Single(await EntriesAsync());
        Assert.Null(left.Remains);
    }

    [Fact]
    public async Task A_sweep_lets_a_read_be_answered_first()
    {
        await using var reads = Open();
        var mark = reads.Begin(Note(Balance, at: Host.Time.GetUtcNow()));
        Host.Time.Advance(TimeSpan.FromSeconds(3));
        await Host.SweepAsync();
        Assert.Empty(await EntriesAsync());

        reads.Add(Note(Balance, at: Host.Time.GetUtcNow()), mark);
        await reads.RecordAsync(Host.Cancel);
        await UntilSettledAsync(reads);

        var row = Assert.Single(Assert.Single(await EntriesAsync()).GetProperty("reads").EnumerateArray());
        Assert.Equal(6, row.GetArrayLength());
    }

    [Fact]
    public async Task A_long_read_is_told_of_twice_and_its_end_is_durable_before_its_answer_is_complete()
    {
        await using var reads = Open();
        var mark = reads.Begin(Note(Balance));
        await reads.RecordAsync(Host.Cancel);
        Host.Time.Advance(TimeSpan.FromSeconds(5));
        await Host.SweepAsync();
        await UntilSettledAsync(reads);
        var first = Assert.Single(Assert.Single(await EntriesAsync()).GetProperty("reads").EnumerateArray());
        Assert.Equal("goes on", first[7].GetString());

        _journal.Hold();
        reads.Add(Note(Balance), mark);
        var recorded = reads.RecordAsync(Host.Cancel);
        Assert.False(recorded.IsCompleted);
        _journal.Finish();
        await recorded;
        await reads.DisposeAsync();

        Assert.Equal(2, (await EntriesAsync()).Count);
    }

    [Fact]
    public async Task Without_a_journal_a_read_is_recorded_when_it_has_ended()
    {
        await using var reads = Host.Reads.Open(SessionOf(CoreHost.Ask()));

        var mark = reads.Begin(Note(Balance));
        Assert.False(mark.IsBegun);
        reads.Add(Note(Balance), mark);
        await reads.RecordAsync(Host.Cancel);

        Assert.Single(Assert.Single(await EntriesAsync()).GetProperty("reads").EnumerateArray());
    }

    [Fact]
    public async Task What_was_written_before_a_crash_is_not_written_again()
    {
        PlayedJournal left;
        await using (var reads = Open())
        {
            reads.Add(Note(Balance));
            await reads.RecordAsync(Host.Cancel);
            left = new PlayedJournal { Remains = _journal.Unsettled };
        }

        Host.LoseNode();
        Host.Store.PlayedJournal = left;
        await Host.SweepAsync();

        Assert.Single(await EntriesAsync());
        Assert.Null(left.Remains);
    }

    [Fact]
    public async Task A_store_that_refuses_keeps_what_was_left()
    {
        var reads = Open();
        reads.Add(Note(Balance));
        await reads.RecordAsync(Host.Cancel);
        var left = new PlayedJournal { Remains = _journal.Unsettled };

        Host.LoseNode();
        Host.Store.PlayedJournal = left;
        Host.Store.FailOn(EntryType.ActionExecuted);
        await Assert.ThrowsAsync<StoreUnavailableException>(Host.SweepAsync);
        Assert.NotNull(left.Remains);
        Host.Store.Heal();
        await Host.SweepAsync();

        Assert.Single(await EntriesAsync());
    }

    [Theory]
    [InlineData("")]
    [InlineData("r[0,0,[],1,1,1]")]
    [InlineData("x{}")]
    [InlineData("s[]")]
    [InlineData("s{")]
    [InlineData("e[0,1,1,1]")]
    public async Task A_record_that_cannot_be_read_is_a_gap(string record)
    {
        var reads = Open();
        reads.Add(Note(Balance));
        await reads.RecordAsync(Host.Cancel);
        var whole = _journal.Unsettled;
        var broken = new JournalRecord(
            Countersign.Core.Actions.ActionId.Parse("act_01arz3ndektsv4rrffq69g5fav"), Encoding.UTF8.GetBytes(record));

        Host.LoseNode();
        Host.Store.PlayedJournal = new PlayedJournal
        {
            Remains = whole with { Records = whole.Records.Insert(0, broken) },
        };
        await Host.SweepAsync();

        Assert.Single(await EntriesAsync());
        var gap = Assert.Single(await Host.PayloadsOfAsync(EntryType.RecordingGap)).Payload;
        Assert.Equal(1, gap.GetProperty("recovered").GetInt32());
        Assert.Contains("cannot be read", gap.GetProperty("journal").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_damaged_journal_is_a_gap()
    {
        Host.Store.PlayedJournal = new PlayedJournal { Remains = new JournalRemains([], "File 3 is missing.") };

        await Host.SweepAsync();

        var gap = Assert.Single(await Host.PayloadsOfAsync(EntryType.RecordingGap)).Payload;
        Assert.Equal("File 3 is missing.", gap.GetProperty("journal").GetString());
    }

    private SessionReads Open()
    {
        Host.Store.PlayedJournal = _journal;
        return Host.Reads.Open(SessionOf(CoreHost.Ask()));
    }

    /// <summary>What the next process makes of the journal, where nothing else was left.</summary>
    private async Task<string[]> RowsAfterCrashAsync()
    {
        var left = _journal.Unsettled;
        Host.LoseNode();
        Host.Store.PlayedJournal = new PlayedJournal { Remains = left };
        await Host.SweepAsync();
        return
        [
            .. Assert.Single(await EntriesAsync()).GetProperty("reads").EnumerateArray()
                .Select(each => each.GetRawText()),
        ];
    }

    private static async Task UntilSettledAsync(SessionReads reads) =>
        await Task.WhenAll(reads.Pending.Select(pending => pending.FirstTry));

    private async Task<IReadOnlyList<System.Text.Json.JsonElement>> EntriesAsync() =>
        [.. (await Host.PayloadsOfAsync(EntryType.ActionExecuted)).Select(entry => entry.Payload)];
}
