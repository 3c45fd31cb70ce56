using System.Text;
using Countersign.Core.Ledger;
using Countersign.Core.Storage;
using Countersign.Server.Keys;
using Countersign.Server.Storage.Sqlite;
using Countersign.Server.Storage.Sqlite.Audit;
using Countersign.Tests.Conformance;
using Countersign.Tests.Support;

namespace Countersign.Tests.Storage.Sqlite.Audit;

/// <summary>
/// The threats to the store itself, one test each: by somebody who edits the file, by somebody who restores an old one,
/// and by somebody who has stolen the key.
/// </summary>
public sealed class StoreThreatTests : IDisposable
{
    private const int Entries = 12;

    private readonly SqliteFolder _folder = new();
    private readonly ManualTime _time = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Row_edit()
    {
        await WriteAsync();
        Edit("UPDATE entry SET leaf = (SELECT leaf FROM entry WHERE position = 5) WHERE position = 4");
        Assert.Contains("entry 4", await FaultsAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Row_delete()
    {
        await WriteAsync();
        Edit("DELETE FROM entry WHERE position = 4; DELETE FROM payload WHERE entry = 4");
        Assert.Contains("Entry 4 is missing", await FaultsAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Row_delete_with_everything_behind_it_moved_up()
    {
        await WriteAsync();
        Edit(
            """
            DELETE FROM entry WHERE position = 4; DELETE FROM payload WHERE entry = 4;
            UPDATE entry SET position = position - 1 WHERE position > 4;
            UPDATE payload SET entry = entry - 1 WHERE entry > 4;
            """);
        Assert.Contains("Entry 11 is missing", await FaultsAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reorder()
    {
        await WriteAsync();
        Edit(
            """
            UPDATE entry SET position = -1 WHERE position = 4; UPDATE payload SET entry = -1 WHERE entry = 4;
            UPDATE entry SET position = 4 WHERE position = 5; UPDATE payload SET entry = 4 WHERE entry = 5;
            UPDATE entry SET position = 5 WHERE position = -1; UPDATE payload SET entry = 5 WHERE entry = -1;
            """);
        var faults = await FaultsAsync();
        Assert.Contains("Entry 5 is older", faults, StringComparison.Ordinal);
        Assert.Contains("at least one entry was changed", faults, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tail_truncation_with_an_older_checkpoint_put_in_place_is_known_to_whoever_kept_a_newer_one()
    {
        var kept = await WriteAsync();
        await TruncateAsync();

        Assert.Empty(await FaultsAsync());
        Assert.Contains("was cut off", await FaultsAsync(seen: kept), StringComparison.Ordinal);
        var refusal = await Assert.ThrowsAsync<StoreUnavailableException>(() => _folder.OpenAsync(_time));
        Assert.Contains("was rolled back", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tail_truncation_without_a_matching_checkpoint_is_seen_in_the_file_alone()
    {
        await WriteAsync();
        Edit("DELETE FROM payload WHERE entry > 8; DELETE FROM entry WHERE position > 8;");
        Assert.Contains("Entry 9 is missing", await FaultsAsync(), StringComparison.Ordinal);
    }

    /// <summary>An operator keeps two logs under one key, and shows each auditor the one that suits them.</summary>
    [Fact]
    public async Task Fork_to_two_auditors_is_known_as_soon_as_one_of_them_sees_what_the_other_kept()
    {
        await WriteAsync();
        var twin = _folder.CopyDatabase("twin.db");
        File.Copy(_folder.Head, _folder.PathOf("twin.head"));
        var first = await GoOnAsync(_folder.Options(_time), "for the first");
        var second = await GoOnAsync(
            _folder.Options(_time) with { Path = twin, HeadFile = _folder.PathOf("twin.head") }, "for the second");

        Assert.Equal(first.Size, second.Size);
        Assert.Empty(await FaultsAsync(seen: first));
        Assert.Contains("two histories", await FaultsAsync(seen: second), StringComparison.Ordinal);
    }

    /// <summary>
    /// Whoever has the key, the payload key and the file writes a past of their own that holds together in itself. What
    /// was signed before, kept in the head file or by anybody else, contradicts it.
    /// </summary>
    [Fact]
    public async Task Key_theft_then_back_dating_contradicts_every_checkpoint_that_was_kept()
    {
        var kept = await WriteAsync();
        var forged = _folder.Options(_time) with
        {
            Path = _folder.PathOf("forged.db"),
            HeadFile = _folder.PathOf("forged.head"),
        };
        await using (var store = await SqliteStore.OpenAsync(forged, Cancel))
        {
            for (var i = 0; i < Entries + 1; i++)
            {
                await store.CommitAsync(Sample.Note($"what never was {i}"), Cancel);
                _time.Advance(TimeSpan.FromSeconds(1));
            }
        }

        Assert.Empty(await FaultsAsync(forged.Path));
        Assert.Contains("two histories", await FaultsAsync(forged.Path, kept), StringComparison.Ordinal);
        var refusal = await Assert.ThrowsAsync<StoreUnavailableException>(
            () => SqliteStore.OpenAsync(forged with { HeadFile = _folder.Head }, Cancel));
        Assert.Contains("another history", refusal.Message, StringComparison.Ordinal);
    }

    /// <summary>After a rotation the old key vouches for nothing that came later, whoever has it now.</summary>
    [Fact]
    public async Task Key_theft_of_a_key_that_was_rotated_out_signs_nothing_new()
    {
        await WriteAsync();
        var stolen = _folder.Key;
        _folder.RotateKey();
        await (await _folder.OpenAsync(_time)).DisposeAsync();
        _folder.EndOverlap();
        var head = await GoOnAsync(_folder.Options(_time), "by the new key");
        Assert.Empty(await FaultsAsync());

        var forged = Encoding.UTF8.GetString(stolen.Sign(head.ToText()).ToBytes());
        Edit($"UPDATE log_head SET checkpoint = '{forged}'; UPDATE checkpoint SET note = '{forged}' "
            + $"WHERE size = {head.Size}");

        Assert.Contains("not signed by a key that may sign it", await FaultsAsync(), StringComparison.Ordinal);
        Assert.Empty((await AuditAsync(_folder.Database, seen: null)).Signers);
    }

    /// <summary>Writes entries in commits of their own, and returns the last checkpoint.</summary>
    private async Task<Checkpoint> WriteAsync()
    {
        await using var store = await _folder.OpenAsync(_time);
        for (var i = 0; i < Entries; i++)
        {
            await store.CommitAsync(Sample.Note($"note {i}"), Cancel);
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        return await HeadOfAsync(store);
    }

    private async Task<Checkpoint> GoOnAsync(SqliteStoreOptions options, string what)
    {
        await using var store = await SqliteStore.OpenAsync(options, Cancel);
        _time.Advance(TimeSpan.FromSeconds(1));
        await store.CommitAsync(Sample.Note(what), Cancel);
        return await HeadOfAsync(store);
    }

    /// <summary>Takes the end away so that the rest is a whole store, as an old copy would be.</summary>
    private Task TruncateAsync()
    {
        const int size = Entries - 3;
        var range = CompactRange.Empty.Append(
            [.. ReadLeaves().Take(size).Select(static leaf => MerkleTree.HashLeaf(leaf))]);
        Edit(
            $"""
            DELETE FROM payload WHERE entry >= {size}; DELETE FROM entry WHERE position >= {size};
            DELETE FROM checkpoint WHERE size > {size};
            UPDATE log_head SET size = {size}, compact_range = x'{Convert.ToHexString(range.ToBytes())}',
                checkpoint = (SELECT note FROM checkpoint WHERE size = {size});
            """);
        return Task.CompletedTask;
    }

    private List<byte[]> ReadLeaves()
    {
        using var session = SqliteSession.Open(_folder.Database, Microsoft.Data.Sqlite.SqliteOpenMode.ReadOnly);
        return StoredTree.ReadLeaves(session, 0, Entries);
    }

    private static async Task<Checkpoint> HeadOfAsync(SqliteStore store) => Checkpoint.Parse(SignedNote.Parse(
        Encoding.UTF8.GetBytes((await store.ReadCheckpointAsync(Cancel))!)).Text.Span);

    /// <summary>Changes the file as somebody does who owns it: triggers keep nobody out.</summary>
    private void Edit(string sql) => _folder.Run(
        $"""
        DROP TRIGGER entry_is_never_updated; DROP TRIGGER entry_is_never_deleted; DROP TRIGGER entry_is_only_appended;
        {sql}
        """);

    private async Task<string> FaultsAsync(string? database = null, Checkpoint? seen = null) =>
        string.Join('\n', (await AuditAsync(database ?? _folder.Database, seen)).Faults);

    private Task<AuditReport> AuditAsync(string database, Checkpoint? seen) => new StoreAudit(
        database, new StoreAuditOptions { Trusted = [_folder.Key.VerifierKey], Seen = seen }).RunAsync(Cancel);
}
