using Countersign.Core.Identity;
using Countersign.Core.Ledger;
using Countersign.Core.Storage;
using Countersign.Server.Storage.Sqlite;
using Countersign.Tests.Conformance;
using Countersign.Tests.Support;

namespace Countersign.Tests.Storage.Sqlite;

/// <summary>The moment between a commit and its acknowledgement, and what follows when the latter is lost.</summary>
public sealed class SqliteCommitTests : IDisposable
{
    private static readonly PersonId Carol = new("carol");

    private readonly SqliteFolder _folder = new();
    private readonly ManualTime _time = new();
    private readonly CommitHook _hook = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_reader_within_a_commit_knows_the_person_whose_first_vote_it_carries()
    {
        await using var store = await OpenAsync();
        var row = new Sample(_time).Pending();
        await store.CommitAsync(Sample.Insert(row), Cancel);
        StoredAction? seen = null;
        _hook.Then = () =>
        {
            seen = store.FindAsync(row.Id, Cancel).GetAwaiter().GetResult();
            return true;
        };

        await store.CommitAsync(ModificationBy(Carol.Value), Cancel);

        Assert.Equal(Carol, Assert.Single(seen!.Votes).Row.Person);

        Change ModificationBy(string person) => Sample.Move(row, from: 1, EntryType.ReviewModified) with
        {
            Votes = [Sample.Vote(row, person, VoteKind.Modify)],
        };
    }

    [Fact]
    public async Task A_vote_whose_acknowledgement_was_lost_still_belongs_to_its_person()
    {
        await using var store = await OpenAsync();
        var row = new Sample(_time).Pending();
        await store.CommitAsync(Sample.Insert(row), Cancel);

        await LoseAcknowledgementAsync(store, Sample.Move(row, from: 1, EntryType.ReviewModified) with
        {
            Votes = [Sample.Vote(row, Carol.Value, VoteKind.Modify)],
        });
        await store.CommitAsync(
            Sample.Move(row, from: 2, EntryType.ReviewVote) with { Votes = [Sample.Vote(row, Carol.Value)] }, Cancel);

        var votes = (await store.FindAsync(row.Id, Cancel))!.Votes;
        Assert.Equal([Carol, Carol], votes.Select(vote => vote.Row.Person));
        Assert.Equal(1L, Count("SELECT count(*) FROM person"));
        await LedgerCheck.RunAsync(store, _folder.Key.VerifierKey, Cancel);
    }

    [Fact]
    public async Task After_a_commit_of_unknown_fate_nothing_is_built_upon_the_old_wal()
    {
        await using var store = await OpenAsync();
        for (var i = 0; i < 40; i++)
        {
            await store.CommitAsync(Sample.Note(), Cancel);
        }

        await store.FindPolicyAsync(Cancel);
        await LoseAcknowledgementAsync(store, Sample.Note());
        var before = _hook.Pages;
        await store.CommitAsync(Sample.Note(), Cancel);

        Assert.InRange(_hook.Pages, 1, before - 1);
        Assert.Equal(42, (await LedgerCheck.ReadCheckpointAsync(store, _folder.Key.VerifierKey, Cancel))!.Size);
    }

    [Fact]
    public async Task A_database_taken_away_under_a_running_store_is_not_replaced_by_an_empty_one()
    {
        await using var store = await OpenAsync();
        await store.CommitAsync(Sample.Note(), Cancel);
        await LoseAcknowledgementAsync(store, Sample.Note());
        File.Move(_folder.Database, _folder.PathOf("moved.db"));

        await Assert.ThrowsAsync<StoreUnavailableException>(() => store.CommitAsync(Sample.Note(), Cancel));

        Assert.False(File.Exists(_folder.Database));
    }

    private Task<SqliteStore> OpenAsync() => SqliteStore.OpenAsync(
        _folder.Options(_time) with { OnWriteConnection = _hook.Attach }, Cancel);

    private async Task LoseAcknowledgementAsync(SqliteStore store, Change change)
    {
        _hook.Then = static () => false;
        await Assert.ThrowsAsync<StoreUnavailableException>(() => store.CommitAsync(change, Cancel));
        _hook.Then = static () => true;
    }

    private long Count(string sql)
    {
        using var session = SqliteSession.Open(_folder.Database, Microsoft.Data.Sqlite.SqliteOpenMode.ReadOnly);
        return (long)session.Scalar(sql)!;
    }
}
