using Countersign.Core.Actions;
using Countersign.Core.Ledger;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;
using Countersign.Server.Keys;
using Countersign.Server.Storage.Sqlite;
using Countersign.Tests.Conformance;
using Countersign.Tests.Support;
using Microsoft.Data.Sqlite;

namespace Countersign.Tests.Storage.Sqlite;

/// <summary>What only the embedded store has: one file, its neighbours, and what can happen to them.</summary>
public sealed class SqliteFileTests : IDisposable
{
    private readonly SqliteFolder _folder = new();
    private readonly ManualTime _time = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task What_was_committed_survives_a_crash()
    {
        await using var store = await FillAsync(40);
        var copy = _folder.Options(_time) with { Path = _folder.CopyDatabase("crashed.db"), HeadFile = CopyHead() };

        await using var reopened = await SqliteStore.OpenAsync(copy, Cancel);

        Assert.Equal(await store.ReadCheckpointAsync(Cancel), await reopened.ReadCheckpointAsync(Cancel));
        await LedgerCheck.RunAsync(reopened, _folder.Key.VerifierKey, Cancel);
    }

    [Fact]
    public async Task A_head_file_that_is_behind_is_no_obstacle()
    {
        await (await FillAsync(3)).DisposeAsync();
        var head = CopyHead();
        await (await FillAsync(3)).DisposeAsync();
        await using var store = await SqliteStore.OpenAsync(_folder.Options(_time) with { HeadFile = head }, Cancel);
        Assert.Equal(await store.ReadCheckpointAsync(Cancel), await File.ReadAllTextAsync(head, Cancel));
    }

    [Fact]
    public async Task The_head_file_holds_the_checkpoint_when_the_store_is_closed()
    {
        var store = await FillAsync(5);
        var checkpoint = await store.ReadCheckpointAsync(Cancel);
        await store.DisposeAsync();
        Assert.Equal(checkpoint, await File.ReadAllTextAsync(_folder.Head, Cancel));
    }

    [Fact]
    public async Task A_database_put_back_from_an_old_copy_is_refused()
    {
        await (await FillAsync(3)).DisposeAsync();
        var old = _folder.CopyDatabase("old.db");
        await (await FillAsync(1)).DisposeAsync();

        var refusal = await AssertRefusedAsync(_folder.Options(_time) with { Path = old });
        Assert.Contains("rolled back: it holds 3 entries", refusal, StringComparison.Ordinal);
        Assert.Contains("has seen 4", refusal, StringComparison.Ordinal);
        Assert.Contains("countersign ledger accept-restore", refusal, StringComparison.Ordinal);
        Assert.Contains(_folder.Head, refusal, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_with_another_history_is_refused()
    {
        await (await FillAsync(3)).DisposeAsync();
        var (fork, forkHead) = (_folder.CopyDatabase("fork.db"), CopyHead());
        await (await FillAsync(1)).DisposeAsync();
        var forked = _folder.Options(_time) with { Path = fork, HeadFile = forkHead };
        await (await FillAsync(2, forked)).DisposeAsync();

        var refusal = await AssertRefusedAsync(forked with { HeadFile = _folder.Head });
        Assert.Contains("another history", refusal, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_store_with_entries_whose_head_file_is_gone_is_refused()
    {
        await (await FillAsync(1)).DisposeAsync();
        File.Delete(_folder.Head);
        Assert.Contains("is missing", await AssertRefusedAsync(_folder.Options(_time)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_head_file_that_the_log_did_not_sign_is_refused()
    {
        await (await FillAsync(1)).DisposeAsync();
        var note = await File.ReadAllTextAsync(_folder.Head, Cancel);
        await File.WriteAllTextAsync(_folder.Head, note.Replace("\n1\n", "\n0\n", StringComparison.Ordinal), Cancel);
        var refusal = await AssertRefusedAsync(_folder.Options(_time));
        Assert.Contains("cannot be believed", refusal, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_second_opener_is_refused_until_the_first_closes()
    {
        var first = await FillAsync(1);
        var refusal = await AssertRefusedAsync(_folder.Options(_time));
        Assert.Contains("store.db.lock", refusal, StringComparison.Ordinal);
        Assert.Contains("Stop the other countersign", refusal, StringComparison.Ordinal);
        await first.DisposeAsync();
        await (await _folder.OpenAsync(_time)).DisposeAsync();
    }

    [Theory]
    [InlineData("UPDATE entry SET leaf = x'00'")]
    [InlineData("DELETE FROM entry WHERE position = 0")]
    [InlineData("INSERT OR REPLACE INTO entry (position, leaf) VALUES (0, x'00')")]
    [InlineData("INSERT INTO entry (position, leaf) VALUES (999, x'00')")]
    [InlineData("INSERT OR REPLACE INTO tile (level, position, hashes) VALUES (0, 0, zeroblob(8192))")]
    [InlineData("UPDATE tile SET hashes = zeroblob(8192)")]
    [InlineData("DELETE FROM tile")]
    public async Task The_ledgers_tables_refuse_to_be_changed(string sql)
    {
        await (await FillAsync(256)).DisposeAsync();
        var refusal = Assert.Throws<SqliteException>(() => Run(sql));
        Assert.Equal(SQLitePCL.raw.SQLITE_CONSTRAINT, refusal.SqliteErrorCode);
    }

    [Theory]
    [InlineData(5, 4)]
    [InlineData(256, 255)]
    [InlineData(256, 0)]
    [InlineData(300, 299)]
    public async Task A_changed_entry_near_the_end_is_found_at_the_start(int size, int changed)
    {
        await (await FillAsync(size)).DisposeAsync();
        Run("DROP TRIGGER entry_is_never_updated");
        Run($"UPDATE entry SET leaf = CAST(leaf || x'20' AS BLOB) WHERE position = {changed}");
        Assert.Contains("does not verify", await AssertRefusedAsync(_folder.Options(_time)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("DROP TRIGGER entry_is_never_deleted; DELETE FROM payload; DELETE FROM entry WHERE position = 299")]
    [InlineData("DROP TRIGGER entry_is_never_deleted; DELETE FROM payload; DELETE FROM entry WHERE position = 280")]
    [InlineData("DROP TRIGGER tile_is_never_deleted; DELETE FROM tile")]
    [InlineData("UPDATE log_head SET compact_range = zeroblob(8)")]
    [InlineData("UPDATE log_head SET compact_range = x'00'")]
    [InlineData("INSERT INTO person VALUES ('nobody', x'00')")]
    [InlineData("INSERT INTO policy VALUES (1, 'no hash', 0, NULL)")]
    [InlineData("UPDATE log_head SET checkpoint = (SELECT note FROM checkpoint ORDER BY size LIMIT 1)")]
    [InlineData("UPDATE log_head SET checkpoint = NULL")]
    public async Task A_damaged_ledger_is_refused_at_the_start(string damage)
    {
        await (await FillAsync(300)).DisposeAsync();
        Run(damage);
        await AssertRefusedAsync(_folder.Options(_time));
    }

    [Fact]
    public async Task An_old_entry_that_was_changed_is_found_by_the_full_check()
    {
        await (await FillAsync(300)).DisposeAsync();
        Run("DROP TRIGGER entry_is_never_updated");
        Run("UPDATE entry SET leaf = CAST(leaf || x'20' AS BLOB) WHERE position = 3");
        await using var store = await _folder.OpenAsync(_time);
        await Assert.ThrowsAnyAsync<Exception>(() => LedgerCheck.RunAsync(store, _folder.Key.VerifierKey, Cancel));
    }

    [Theory]
    [InlineData("UPDATE payload SET ciphertext = zeroblob(60) WHERE entry = 0")]
    [InlineData("UPDATE payload SET wrapped_key = zeroblob(72) WHERE entry = 0")]
    [InlineData("UPDATE payload SET wrapped_key = (SELECT wrapped_key FROM payload WHERE entry = 1) WHERE entry = 0")]
    public async Task A_changed_payload_is_never_handed_out(string damage)
    {
        await (await FillAsync(2)).DisposeAsync();
        Run(damage);
        await using var store = await _folder.OpenAsync(_time);
        await Assert.ThrowsAsync<StoreUnavailableException>(() => store.ReadPayloadAsync(0, Cancel));
    }

    [Fact]
    public async Task An_erased_payload_reads_as_nothing_and_the_ledger_stays_provable()
    {
        await (await FillAsync(3)).DisposeAsync();
        Run("DELETE FROM payload WHERE entry = 1");
        await using var store = await _folder.OpenAsync(_time);
        Assert.Null(await store.ReadPayloadAsync(1, Cancel));
        Assert.Equal(
            [false, true, false], (await store.ReadCiphertextsAsync(0, 3, Cancel)).Select(bytes => bytes is null));
        Assert.IsType<CommitResult.Committed>(await store.CommitAsync(Sample.Note(), Cancel));
    }

    [Fact]
    public async Task A_file_that_is_no_database_is_refused()
    {
        await File.WriteAllTextAsync(_folder.Database, new string('x', 8192), Cancel);
        Assert.Contains("damaged", await AssertRefusedAsync(_folder.Options(_time)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_ledger_key_is_refused()
    {
        await (await FillAsync(1)).DisposeAsync();
        using var other = new LedgerKey(
            new KeyName("localhost/countersign"), new Ed25519SigningKey(Ed25519SigningKey.NewSeed()));
        var refusal = await AssertRefusedAsync(_folder.Options(_time) with { Key = other });
        Assert.Contains("not signed by the configured key", refusal, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_origin_is_refused()
    {
        await (await FillAsync(1)).DisposeAsync();
        using var other = new LedgerKey(
            new KeyName("example.com/log"), new Ed25519SigningKey(Ed25519SigningKey.NewSeed()));
        var refusal = await AssertRefusedAsync(_folder.Options(_time) with { Key = other });
        Assert.Contains("ledger.origin", refusal, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_payload_key_is_refused()
    {
        await (await FillAsync(1)).DisposeAsync();
        using var other = SqliteFolder.NewVault();
        var refusal = await AssertRefusedAsync(_folder.Options(_time) with { Vault = other });
        Assert.Contains("ledger.payload_key", refusal, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_that_cannot_be_written_is_named()
    {
        var refusal = await AssertRefusedAsync(_folder.Options(_time) with { Path = "/proc/countersign.db" });
        Assert.Contains("/proc/countersign.db", refusal, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_read_only_file_is_refused_at_the_start()
    {
        await (await FillAsync(1)).DisposeAsync();
        var refusal = await AssertRefusedAsync(_folder.Options(_time) with
        {
            OnWriteConnection = static session => session.RunScript("PRAGMA query_only = ON"),
        });
        Assert.Contains("the file is read-only", refusal, StringComparison.Ordinal);
        Assert.Contains("readable and writable for the user", refusal, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_store_is_empty_until_its_first_entry()
    {
        Assert.True(SqliteStore.IsEmpty(_folder.Database));
        await (await FillAsync(0)).DisposeAsync();
        Assert.True(SqliteStore.IsEmpty(_folder.Database));
        await (await FillAsync(1)).DisposeAsync();
        Assert.False(SqliteStore.IsEmpty(_folder.Database));
    }

    [Fact]
    public async Task A_full_disk_refuses_whole_changes_and_commits_resume_with_space()
    {
        var pages = 120;
        var options = _folder.Options(_time) with
        {
            OnWriteConnection = session => session.RunScript($"PRAGMA max_page_count = {pages}"),
        };
        await using var store = await SqliteStore.OpenAsync(options, Cancel);

        var refusal = await Assert.ThrowsAsync<StoreUnavailableException>(async () =>
        {
            for (var i = 0; i < 1000; i++)
            {
                await store.CommitAsync(Sample.Note(new string('x', 4000)), Cancel);
            }
        });
        Assert.Contains("the disk is full", refusal.Message, StringComparison.Ordinal);
        Assert.Contains(_folder.Database, refusal.Message, StringComparison.Ordinal);
        Assert.Contains("Free space", refusal.Message, StringComparison.Ordinal);
        await LedgerCheck.RunAsync(store, _folder.Key.VerifierKey, Cancel);

        pages = 1_000_000;
        Assert.IsType<CommitResult.Committed>(await store.CommitAsync(Sample.Note(new string('x', 4000)), Cancel));
        Assert.Null(await store.WhyUnavailableAsync(Cancel));
        await LedgerCheck.RunAsync(store, _folder.Key.VerifierKey, Cancel);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_head_file_that_cannot_be_written_stops_commits_until_it_can()
    {
        await using var store = await FillAsync(1);
        await _folder.ObstructHeadFileAsync();

        // The file is written beside the commits, so the refusal comes with one of the next.
        string? why;
        do
        {
            why = (await Record.ExceptionAsync(() => store.CommitAsync(Sample.Note(), Cancel)))?.Message;
        }
        while (why is null);

        Assert.Contains(_folder.Head, why, StringComparison.Ordinal);
        await Assert.ThrowsAsync<StoreUnavailableException>(() => store.CommitAsync(Sample.Note(), Cancel));
        Directory.Delete(_folder.Head + ".new");
        Assert.IsType<CommitResult.Committed>(await store.CommitAsync(Sample.Note(), Cancel));
    }

    [Fact]
    public async Task A_database_rolled_back_under_a_running_store_is_noticed()
    {
        await using var store = await FillAsync(2);
        Run("UPDATE log_head SET fence = fence + 1");
        var refusal = await Assert.ThrowsAsync<StoreUnavailableException>(
            () => store.CommitAsync(Sample.Note(), Cancel));
        Assert.Contains("another process", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Orphans_are_executions_of_every_other_run_of_the_server()
    {
        await using var store = await FillAsync(0);
        var sample = new Sample(_time);
        var (mine, theirs) = (Sample.Executing(sample.Pending(), "me"), Sample.Executing(sample.Pending(), "gone"));
        await store.CommitAsync(Sample.Insert(mine), Cancel);
        await store.CommitAsync(Sample.Insert(theirs), Cancel);
        await store.CommitAsync(Sample.Insert(Sample.Ended(sample.Pending(), ActionState.Unknown)), Cancel);

        Assert.Equal([theirs.Id], await store.FindOrphansAsync(new NodeId("me"), 10, Cancel));
    }

    [Fact]
    public async Task Messages_taken_by_a_process_that_died_are_handed_out_at_the_next_start()
    {
        var store = await FillAsync(0);
        var row = new Sample(_time).Pending();
        await store.CommitAsync(
            Sample.Insert(row) with { Outbox = [new OutboxDraft("slack", row.Id, 1, "card")] }, Cancel);
        Assert.Single(await store.TakeOutboxAsync("slack", 10, Cancel));
        await store.DisposeAsync();

        await using var reopened = await _folder.OpenAsync(_time);
        Assert.Equal(2, Assert.Single(await reopened.TakeOutboxAsync("slack", 10, Cancel)).Attempts);
    }

    [Fact]
    public async Task A_closed_store_refuses_changes()
    {
        var store = await FillAsync(1);
        await store.DisposeAsync();
        await Assert.ThrowsAsync<StoreUnavailableException>(() => store.CommitAsync(Sample.Note(), Cancel));
    }

    [Fact]
    public void A_library_that_is_too_old_is_named_with_its_remedy()
    {
        Assert.Null(SystemSqlite.ProblemOf(3_040_001));
        var problem = SystemSqlite.ProblemOf(3_034_001);
        Assert.Contains("libsqlite3.so.0", problem, StringComparison.Ordinal);
        Assert.Contains("3.34.1", problem, StringComparison.Ordinal);
        Assert.Contains("apt-get install libsqlite3-0", problem, StringComparison.Ordinal);
    }

    private async Task<SqliteStore> FillAsync(int entries, SqliteStoreOptions? options = null)
    {
        var store = await SqliteStore.OpenAsync(options ?? _folder.Options(_time), Cancel);
        await Task.WhenAll(Enumerable.Range(0, entries).Select(_ => store.CommitAsync(Sample.Note("a note"), Cancel)));
        return store;
    }

    private static async Task<string> AssertRefusedAsync(SqliteStoreOptions options) =>
        (await Assert.ThrowsAsync<StoreUnavailableException>(() => SqliteStore.OpenAsync(options, Cancel))).Message;

    private string CopyHead()
    {
        File.Copy(_folder.Head, _folder.PathOf("copy.head"), overwrite: true);
        return _folder.PathOf("copy.head");
    }

    private void Run(string sql) => _folder.Run(sql);
}
