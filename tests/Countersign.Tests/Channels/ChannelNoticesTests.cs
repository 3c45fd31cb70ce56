using Countersign.Server.Channels;
using Countersign.Tests.Storage.Sqlite;
using Countersign.Tests.Support;

namespace Countersign.Tests.Channels;

/// <summary>What an entry of a real store is worth saying.</summary>
public sealed class ChannelNoticesTests
{
    [Fact]
    public async Task A_notice_has_the_time_of_its_entry()
    {
        var cancel = TestContext.Current.CancellationToken;
        using var folder = new SqliteFolder();
        await using var store = await folder.OpenAsync(new ManualTime());
        await PolicyReverted.CommitAsync(store, "webhook", cancel);
        var message = Assert.Single(await store.TakeOutboxAsync("webhook", 1, cancel));

        var notice = await new ChannelNotices(store, static () => new Uri("http://console.test"))
            .FindAsync(message.Entry!.Value, cancel);

        Assert.Equal("The policy was changed back", notice!.Headline);
        Assert.Equal(new ManualTime().GetUtcNow(), notice.At);
    }
}
