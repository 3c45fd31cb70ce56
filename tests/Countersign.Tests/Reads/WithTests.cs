using Countersign.Core.Ledger;
using Countersign.Core.Reads;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;
using Countersign.Tests.Core;
using Countersign.Tests.Support;
using static Countersign.Tests.Reads.ReadSample;

namespace Countersign.Tests.Reads;

/// <summary>Reads whose answers wait for their entry, many in one.</summary>
public sealed class WithTests : CoreTests
{
    [Fact]
    public async Task Reads_in_flight_are_one_entry_that_tells_of_each()
    {
        await using var reads = Open();
        var at = Host.Time.GetUtcNow();
        reads.Add(Note(Balance, "[1]", at));
        reads.Add(Note(Now, "[]", at.AddMilliseconds(2)));
        reads.Add(Note(Balance, "[2]", at.AddMilliseconds(5)) with { State = OutcomeState.Failed, Error = "57014" });

        await reads.RecordAsync(Host.Cancel);

        var entry = Assert.Single(await Host.PayloadsOfAsync(EntryType.ActionExecuted)).Payload;
        Assert.Equal("bot", entry.GetProperty("agent").GetString());
        Assert.Equal("postgres", entry.GetProperty("via").GetString());
        Assert.Equal("ops", entry.GetProperty("target").GetString());
        Assert.Equal("pgbench", entry.GetProperty("claimed").GetProperty("session").GetString());
        Assert.False(entry.TryGetProperty("window", out _));
        Assert.Equal(
            [Balance.Text, Now.Text],
            entry.GetProperty("statements").EnumerateArray().Select(each => each.GetProperty("text").GetString()));
        Assert.Equal(
            ["""[0,0,[1],1,57,300]""", """[1,2,[],1,57,300]""", """[0,5,[2],1,57,300,"failed","57014"]"""],
            entry.GetProperty("reads").EnumerateArray().Select(each => each.GetRawText()));
    }

    [Fact]
    public async Task An_answer_is_withheld_until_the_store_has_it_and_the_sweep_records_it_once()
    {
        await using var reads = Open();
        Host.Store.FailOn(EntryType.ActionExecuted, StoreFault.AcknowledgementLost);
        reads.Add(Note(Balance));

        var failure = await Assert.ThrowsAsync<StoreUnavailableException>(() => reads.RecordAsync(Host.Cancel));
        Host.Store.Heal();
        reads.Add(Note(Now));
        await reads.RecordAsync(Host.Cancel);
        await Host.SweepAsync();
        await Host.SweepAsync();

        Assert.Contains("could not be recorded yet", failure.Message, StringComparison.Ordinal);
        Assert.Equal(2, (await Host.PayloadsOfAsync(EntryType.ActionExecuted)).Count);
    }

    [Fact]
    public async Task What_the_store_refused_is_recorded_by_the_sweep()
    {
        await using var reads = Open();
        Host.Store.FailOn(EntryType.ActionExecuted);
        reads.Add(Note(Balance));
        await Assert.ThrowsAsync<StoreUnavailableException>(() => reads.RecordAsync(Host.Cancel));
        await Assert.ThrowsAsync<StoreUnavailableException>(Host.SweepAsync);
        Assert.Empty(await Host.PayloadsOfAsync(EntryType.ActionExecuted));

        Host.Store.Heal();
        await Host.SweepAsync();

        Assert.Single(await Host.PayloadsOfAsync(EntryType.ActionExecuted));
    }

    [Fact]
    public async Task Nothing_read_is_nothing_written()
    {
        await using var reads = Open();
        var entries = await Host.CountEntriesAsync();

        await reads.RecordAsync(Host.Cancel);
        await Host.SweepAsync();

        Assert.Equal(entries, await Host.CountEntriesAsync());
    }

    [Fact]
    public async Task More_reads_than_one_entry_carries_are_several_entries()
    {
        Host.Reopen(options => options with { Reads = new ReadLimits { EntryReads = 2 } });
        await using var reads = Open();
        for (var i = 0; i < 5; i++)
        {
            reads.Add(Note(Balance, $"[{i}]"));
        }

        await reads.RecordAsync(Host.Cancel);

        var entries = await Host.PayloadsOfAsync(EntryType.ActionExecuted);
        Assert.Equal(
            [1, 2, 2], entries.Select(entry => entry.Payload.GetProperty("reads").GetArrayLength()).Order());
    }

    [Fact]
    public async Task A_session_that_ends_leaves_its_reads_recorded()
    {
        await using (var reads = Open())
        {
            reads.Add(Note(Balance));
        }

        Assert.Single(await Host.PayloadsOfAsync(EntryType.ActionExecuted));
    }

    [Fact]
    public async Task The_callers_bytes_are_its_own_again_at_once()
    {
        await using var reads = Open();
        var buffer = "[1]"u8.ToArray();
        reads.Add(new ReadNote(Balance, buffer, Host.Time.GetUtcNow()));
        "[2]"u8.CopyTo(buffer);

        await reads.RecordAsync(Host.Cancel);

        Assert.Equal("[1]", await OnlyParametersAsync());
    }

    [Theory]
    [InlineData("")]
    [InlineData("[1")]
    [InlineData("[1][2]")]
    public async Task Parameters_that_their_gate_cannot_spell_are_kept_as_bytes(string parameters)
    {
        await using var reads = Open();
        reads.Add(Note(Balance, parameters));

        await reads.RecordAsync(Host.Cancel);

        var base64 = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(parameters));
        Assert.Equal($$"""{"length":{{parameters.Length}},"base64":"{{base64}}"}""", await OnlyParametersAsync());
    }

    [Fact]
    public async Task Parameters_that_fill_more_than_an_entry_are_kept_as_their_hash()
    {
        Host.Reopen(options => options with { Reads = new ReadLimits { EntryBytes = 16 } });
        await using var reads = Open();
        reads.Add(Note(Balance, """["0123456789abcdef"]"""));

        await reads.RecordAsync(Host.Cancel);

        var hash = Convert.ToHexStringLower(
            System.Security.Cryptography.SHA256.HashData("""["0123456789abcdef"]"""u8));
        Assert.Equal($$"""{"length":20,"sha256":"{{hash}}"}""", await OnlyParametersAsync());
    }

    private SessionReads Open() => Host.Reads.Open(SessionOf(CoreHost.Ask()));

    private async Task<string> OnlyParametersAsync() =>
        Assert.Single(Assert.Single(await Host.PayloadsOfAsync(EntryType.ActionExecuted))
            .Payload.GetProperty("reads").EnumerateArray())[2].GetRawText();
}
