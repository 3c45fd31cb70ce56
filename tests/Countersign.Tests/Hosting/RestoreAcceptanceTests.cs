using System.Text.Json;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Ledger;
using Countersign.Core.Records;
using Countersign.Core.Storage;
using Countersign.Server.Hosting;
using Countersign.Server.Storage;
using Countersign.Server.Storage.Sqlite;
using Countersign.Tests.Conformance;
using Countersign.Tests.Storage.Sqlite;
using Countersign.Tests.Support;

namespace Countersign.Tests.Hosting;

/// <summary>An old copy of the store is put in place, and two persons have to say that it is to be used.</summary>
public sealed class RestoreAcceptanceTests : IDisposable
{
    private static readonly PersonId s_alice = new("alice");
    private static readonly PersonId s_bob = new("bob");

    private readonly SqliteFolder _folder = new();
    private readonly ManualTime _time = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private RestoreAcceptance Acceptance => new(_folder.Options(_time));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Two_persons_accept_a_restored_copy_and_an_entry_says_so()
    {
        var held = await RestoreAsync();
        var before = await File.ReadAllTextAsync(_folder.Head, Cancel);

        var first = await Acceptance.AcceptAsync(s_alice, "The disk broke.", Cancel);
        Assert.False(first.IsAccepted);
        Assert.Equal(3, first.Lost);
        await AssertRefusedAsync("was rolled back");
        var second = await Acceptance.AcceptAsync(s_bob, "It did.", Cancel);

        Assert.True(second.IsAccepted);
        Assert.Equal(1, second.Superseded);
        await using var store = await _folder.OpenAsync(_time);
        Assert.Equal(ActionState.Superseded, (await store.FindAsync(held.Id, Cancel))!.Row.State);
        var payload = JsonElement.Parse((await store.ReadPayloadAsync(2, Cancel))!.Value.Span);
        Assert.Equal(EntryType.BreakGlassUsed, Leaf.Decode((await store.ReadLeavesAsync(2, 1, Cancel))[0].Span).Type);
        Assert.Equal(["alice", "bob"], payload.GetProperty("persons").EnumerateArray().Select(p => p.GetString()));
        Assert.Equal("The disk broke. / It did.", payload.GetProperty("comment").GetString());
        Assert.Equal(before, payload.GetProperty("seen").GetString());
        Assert.Equal((2L, 3L), (payload.GetProperty("size").GetInt64(), payload.GetProperty("lost").GetInt64()));
        await LedgerCheck.RunAsync(store, _folder.Key.VerifierKey, Cancel);
    }

    [Fact]
    public async Task The_same_person_twice_is_one_person()
    {
        await RestoreAsync();
        await Acceptance.AcceptAsync(s_alice, "The disk broke.", Cancel);

        var refusal = await Assert.ThrowsAsync<StoreUnavailableException>(
            () => Acceptance.AcceptAsync(s_alice, "Really.", Cancel));

        Assert.Contains("another person", refusal.Message, StringComparison.Ordinal);
        await AssertRefusedAsync("was rolled back");
    }

    [Fact]
    public async Task A_word_that_is_older_than_an_hour_counts_no_more()
    {
        await RestoreAsync();
        await Acceptance.AcceptAsync(s_alice, "The disk broke.", Cancel);
        _time.Advance(TimeSpan.FromMinutes(61));

        Assert.False((await Acceptance.AcceptAsync(s_bob, "It did.", Cancel)).IsAccepted);
        await AssertRefusedAsync("was rolled back");
    }

    [Fact]
    public async Task A_word_about_another_copy_counts_for_that_copy_only()
    {
        await RestoreAsync();
        await Acceptance.AcceptAsync(s_alice, "The disk broke.", Cancel);
        File.Copy(_folder.PathOf("older.db"), _folder.Database, overwrite: true);

        Assert.False((await Acceptance.AcceptAsync(s_bob, "It did.", Cancel)).IsAccepted);
    }

    [Fact]
    public async Task A_store_that_starts_needs_nobody()
    {
        await RestoreAsync();
        File.Copy(_folder.PathOf("newest.db"), _folder.Database, overwrite: true);

        var refusal = await Assert.ThrowsAsync<StoreUnavailableException>(
            () => Acceptance.AcceptAsync(s_alice, "The disk broke.", Cancel));

        Assert.Contains("nothing to accept", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_lost_head_file_is_accepted_in_the_same_way()
    {
        await RestoreAsync();
        File.Copy(_folder.PathOf("newest.db"), _folder.Database, overwrite: true);
        File.Delete(_folder.Head);
        await AssertRefusedAsync("is missing");

        Assert.Null((await Acceptance.AcceptAsync(s_alice, "Lost.", Cancel)).Lost);
        Assert.True((await Acceptance.AcceptAsync(s_bob, "Lost.", Cancel)).IsAccepted);

        await (await _folder.OpenAsync(_time)).DisposeAsync();
    }

    /// <summary>A crash between the entry and the end of what was open: approvals of the past must not run.</summary>
    [Fact]
    public async Task An_acceptance_that_was_interrupted_keeps_the_server_from_starting_until_it_is_finished()
    {
        var held = await RestoreAsync();
        await Acceptance.AcceptAsync(s_alice, "The disk broke.", Cancel);
        var file = RestoreFile.Of(_folder.Options(_time));
        file.Write(file.Read()! with { IsAccepted = true });
        await AssertRefusedAsync("was interrupted");

        Assert.True((await Acceptance.AcceptAsync(s_bob, "It did.", Cancel)).IsAccepted);

        await using var store = await _folder.OpenAsync(_time);
        Assert.Equal(ActionState.Superseded, (await store.FindAsync(held.Id, Cancel))!.Row.State);
    }

    [Fact]
    public async Task A_word_that_was_written_without_the_payload_key_is_none()
    {
        await RestoreAsync();
        await Acceptance.AcceptAsync(s_alice, "The disk broke.", Cancel);
        using var vault = SqliteFolder.NewVault();
        var forged = new RestoreFile(RestoreFile.PathOf(_folder.Head), vault);
        forged.Write(RestoreFile.Of(_folder.Options(_time)).Read()! with { Person = "carol" });

        Assert.False((await Acceptance.AcceptAsync(s_alice, "The disk broke.", Cancel)).IsAccepted);
    }

    /// <summary>
    /// A request is pending in the copy that is put back; the store had three entries more by then. The oldest copy is
    /// kept too, and the newest one.
    /// </summary>
    private async Task<ActionRecord> RestoreAsync()
    {
        ActionRecord held;
        await using (var store = await _folder.OpenAsync(_time))
        {
            await SqliteOffice.OverAsync(store, _time);
        }

        File.Copy(_folder.Database, _folder.PathOf("older.db"));
        await using (var store = await _folder.OpenAsync(_time))
        {
            held = await (await SqliteOffice.OverAsync(store, _time)).AskAsync("held");
        }

        File.Copy(_folder.Database, _folder.PathOf("copy.db"));
        await using (var store = await _folder.OpenAsync(_time))
        {
            for (var i = 0; i < 3; i++)
            {
                await store.CommitAsync(Sample.Note(), Cancel);
            }
        }

        File.Copy(_folder.Database, _folder.PathOf("newest.db"));
        File.Copy(_folder.PathOf("copy.db"), _folder.Database, overwrite: true);
        return held;
    }

    private async Task AssertRefusedAsync(string why)
    {
        var refusal = await Assert.ThrowsAsync<StoreUnavailableException>(() => _folder.OpenAsync(_time));
        Assert.Contains(why, refusal.Message, StringComparison.Ordinal);
    }
}
