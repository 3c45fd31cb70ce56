using Countersign.Core;
using Countersign.Core.Ledger;
using Countersign.Core.Receipts;
using Countersign.Core.Records;
using Countersign.Core.Storage;
using Countersign.Tests.Storage.Sqlite;
using Countersign.Tests.Support;

namespace Countersign.Tests.Receipts;

/// <summary>What was erased is still proved to be an entry of the log.</summary>
public sealed class ErasedPayloadTests : IDisposable
{
    private readonly SqliteFolder _folder = new();
    private readonly ManualTime _time = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task An_erased_vote_is_an_entry_at_its_index_and_a_doubt()
    {
        await using var store = await _folder.OpenAsync(_time);
        var office = await SqliteOffice.OverAsync(store, _time);
        var held = await office.AskAsync("one");
        Assert.IsType<DeskAnswer.Recorded>(await office.ApproveAsync(held));
        await office.DrainAsync();
        var record = ActionRecord.Of((await store.FindAsync(held.Id, Cancel))!);
        var before = await MakeAsync(store, record);
        Assert.Empty(Verify(before).Doubts.Select(found => found.Text));
        var vote = before.Entries.Single(entry => entry.Leaf.Type == EntryType.ReviewVote);

        _folder.Run($"DELETE FROM payload WHERE entry = {vote.Index}");
        var report = Verify(await MakeAsync(store, record));

        Assert.Equal([Doubt.PayloadMissing], report.Doubts.Select(found => found.Doubt));
        Assert.Contains(report.Steps[1].Proved, text => text.StartsWith($"Entry {vote.Index} is review.vote"));
    }

    private static Task<Receipt> MakeAsync(IArchive archive, ActionRecord record) =>
        new ReceiptMaker(archive).MakeAsync(record, Disclosures.Everything, Cancel);

    private ReceiptReport Verify(Receipt receipt) =>
        new ReceiptVerifier([_folder.Key.VerifierKey]).Verify(receipt.ToBytes());
}
