using Countersign.Core.Actions;
using Countersign.Core.Storage;
using Countersign.Server.Storage.Sqlite;
using Countersign.Tests.Conformance;
using Countersign.Tests.Support;
using Microsoft.Data.Sqlite;

namespace Countersign.Tests.Storage.Sqlite;

/// <summary>Tables of other versions, and rows that no version wrote.</summary>
public sealed class SqliteSchemaTests : IDisposable
{
    private readonly SqliteFolder _folder = new();
    private readonly ManualTime _time = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_newer_schema_is_refused()
    {
        await (await OpenAsync(1)).DisposeAsync();
        _folder.Run("UPDATE schema_version SET version = 99");
        var refusal = await Assert.ThrowsAsync<StoreUnavailableException>(() => OpenAsync(0));
        Assert.Contains("schema version 99", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_store_of_the_first_schema_is_brought_up_to_date_with_what_it_holds()
    {
        await (await OpenAsync(3)).DisposeAsync();
        _folder.Run("""
            DROP INDEX action_attachable; CREATE INDEX action_of_key ON action (attach_key);
            DROP TABLE agent_stop;
            ALTER TABLE action DROP COLUMN intent_entry; DROP TABLE recording_window;
            DROP TABLE passkey;
            DROP TABLE posting; DROP TABLE account_link;
            DROP TABLE favour; DROP TABLE once; DROP TABLE membership; DROP TABLE roster;
            DROP TABLE key_succession;
            UPDATE schema_version SET version = 1
            """);
        await using var store = await OpenAsync(1);
        await LedgerCheck.RunAsync(store, _folder.Key.VerifierKey, Cancel);
        using var session = SqliteSession.Open(_folder.Database, SqliteOpenMode.ReadOnly);
        Assert.Equal((long)SqliteSchema.Version, session.Scalar("SELECT version FROM schema_version"));
        Assert.NotNull(session.Scalar("SELECT 1 FROM sqlite_schema WHERE name = 'action_attachable'"));
        Assert.NotNull(session.Scalar("SELECT 1 FROM sqlite_schema WHERE name = 'agent_stop'"));
    }

    [Fact]
    public async Task A_call_finds_what_it_could_attach_to_without_reading_all_that_had_its_key()
    {
        await (await OpenAsync(0)).DisposeAsync();
        using var session = SqliteSession.Open(_folder.Database, SqliteOpenMode.ReadOnly);
        var plan = session.Query(
            $"EXPLAIN QUERY PLAN {ActionReader.Attachable}",
            static reader => reader.GetString(3), "key", 0L, 16L);
        Assert.Contains("USING INDEX action_attachable (attach_key=?)", plan[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_page_by_deadline_is_read_along_its_index_and_never_sorted()
    {
        await (await OpenAsync(0)).DisposeAsync();
        using var session = SqliteSession.Open(_folder.Database, SqliteOpenMode.ReadOnly);
        var id = new Sample(_time).Pending().Id;
        var (condition, values) = ActionReader.ConditionOf(new ActionFilter
        {
            State = ActionState.Pending,
            ByDeadline = true,
            After = new DeadlinePlace(_time.GetUtcNow(), id),
        });

        var plan = session.Query(
            $"EXPLAIN QUERY PLAN {ActionColumns.Select} {condition}", static reader => reader.GetString(3), values);

        Assert.Contains(plan, step => step.Contains("USING INDEX action_due", StringComparison.Ordinal));
        Assert.DoesNotContain(plan, step => step.Contains("TEMP B-TREE", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("UPDATE action SET digest = 'sha256:' || substr(digest, 9) || '!'")]
    [InlineData("UPDATE action SET state = 'approvedd'")]
    [InlineData("UPDATE action SET tracks = '[[0]]'")]
    [InlineData("UPDATE action SET tracks = '{'")]
    [InlineData("UPDATE action SET owner = 'somebody'")]
    [InlineData("DROP TRIGGER entry_is_never_updated; UPDATE entry SET leaf = x'00' WHERE position = 0")]
    public async Task A_damaged_row_is_a_refusal_that_names_the_file_and_the_remedy(string damage)
    {
        var store = await OpenAsync(0);
        var row = new Sample(_time).Pending();
        await store.CommitAsync(Sample.Insert(row), Cancel);
        await store.CommitAsync(Sample.Note(), Cancel);
        _folder.Run(damage);

        var refusal = await Assert.ThrowsAsync<StoreUnavailableException>(() => store.FindAsync(row.Id, Cancel));

        await store.DisposeAsync();
        Assert.Contains(_folder.Database, refusal.Message, StringComparison.Ordinal);
        Assert.Contains("Restore it from a backup", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[[2,0,0]]", 0b11)]
    [InlineData("[[2,0,0,2]]", 0b10)]
    [InlineData("[[0,1,0]]", 0)]
    public async Task A_row_that_does_not_say_which_stages_escalated_loses_none_that_was_met(string tracks, int stages)
    {
        await using var store = await OpenAsync(0);
        var row = new Sample(_time).Pending();
        await store.CommitAsync(Sample.Insert(row), Cancel);
        _folder.Run($"UPDATE action SET tracks = '{tracks}'");

        var found = await store.FindAsync(row.Id, Cancel);

        Assert.Equal(stages, Assert.Single(found!.Row.Tracks).EscalatedStages);
    }

    private async Task<SqliteStore> OpenAsync(int notes)
    {
        var store = await _folder.OpenAsync(_time);
        await Task.WhenAll(Enumerable.Range(0, notes).Select(_ => store.CommitAsync(Sample.Note(), Cancel)));
        return store;
    }
}
