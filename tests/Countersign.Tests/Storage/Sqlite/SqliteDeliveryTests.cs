using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Reviews;
using Countersign.Server.Storage.Sqlite;
using Countersign.Tests.Support;

namespace Countersign.Tests.Storage.Sqlite;

/// <summary>
/// FLT-03 and FLT-04 with the store and the core, as long as no channel of the server reads the outbox: a crash between
/// the review and its card, and between the card and the note that it was delivered.
/// </summary>
public sealed class SqliteDeliveryTests : IDisposable
{
    private readonly SqliteFolder _folder = new();
    private readonly ManualTime _time = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task FLT_03_after_a_crash_the_card_of_every_review_is_still_to_be_sent()
    {
        await using var died = await _folder.OpenAsync(_time);
        var held = await (await SqliteOffice.OverAsync(died, _time)).AskAsync("held");

        await using var store = await CrashAsync();

        var message = Assert.Single(await store.TakeOutboxAsync(SqliteOffice.Channel, 10, Cancel));
        Assert.Equal((held.Id, 1, 1), (message.Action, message.Revision, message.Attempts));
    }

    [Fact]
    public async Task FLT_04_a_card_that_was_sent_before_the_crash_is_sent_again_and_both_make_one_decision()
    {
        await using var died = await _folder.OpenAsync(_time);
        var held = await (await SqliteOffice.OverAsync(died, _time)).AskAsync("held");
        var sent = Assert.Single(await died.TakeOutboxAsync(SqliteOffice.Channel, 10, Cancel));

        await using var store = await CrashAsync();
        var office = await SqliteOffice.OverAsync(store, _time);
        var again = Assert.Single(await store.TakeOutboxAsync(SqliteOffice.Channel, 10, Cancel));
        var (first, second) = (await office.ApproveAsync(held), await office.ApproveAsync(held));
        await office.DrainAsync();

        // The same row, so that the channel can update its card in place.
        Assert.Equal((sent.Id, held.Id, 2), (again.Id, again.Action, again.Attempts));
        Assert.IsType<DeskAnswer.Recorded>(first);
        Assert.IsNotType<DeskAnswer.Recorded>(second);
        Assert.Equal((ActionState.Succeeded, 1), (await office.StateOfAsync(held), office.Sent));
    }

    /// <summary>The files as they are on the disk at this moment, opened as the next process finds them.</summary>
    private Task<SqliteStore> CrashAsync()
    {
        File.Copy(_folder.Head, _folder.PathOf("crashed.head"));
        return SqliteStore.OpenAsync(
            _folder.Options(_time) with
            {
                Path = _folder.CopyDatabase("crashed.db"),
                HeadFile = _folder.PathOf("crashed.head"),
            },
            Cancel);
    }
}
