using System.Text;
using Countersign.Core.Actions;
using Countersign.Core.Ledger;
using Countersign.Core.Storage;

namespace Countersign.Tests.Conformance;

public abstract partial class StoreTests
{
    private const string Channel = "slack";

    [Fact]
    public async Task A_message_is_taken_by_its_channel_once_and_gone_when_delivered()
    {
        var row = await InsertWithMessagesAsync("card");

        Assert.Empty(await Store.TakeOutboxAsync("teams", 10, Cancel));
        var taken = Assert.Single(await Store.TakeOutboxAsync(Channel, 10, Cancel));
        Assert.Equal((row.Id, 1, "card", 1), (taken.Action, taken.Revision, taken.Kind, taken.Attempts));
        Assert.Empty(await Store.TakeOutboxAsync(Channel, 10, Cancel));

        await Store.SettleOutboxAsync(taken.Id, retryAt: null, Cancel);
        Time.Advance(TimeSpan.FromHours(1));
        Assert.Empty(await Store.TakeOutboxAsync(Channel, 10, Cancel));
    }

    [Fact]
    public async Task A_message_that_was_put_back_comes_again_at_its_time()
    {
        await InsertWithMessagesAsync("card");
        var taken = Assert.Single(await Store.TakeOutboxAsync(Channel, 10, Cancel));
        var retryAt = Store.Now + TimeSpan.FromSeconds(30);
        await Store.SettleOutboxAsync(taken.Id, retryAt, Cancel);

        Assert.Empty(await Store.TakeOutboxAsync(Channel, 10, Cancel));
        Time.Advance(TimeSpan.FromSeconds(30));
        var again = Assert.Single(await Store.TakeOutboxAsync(Channel, 10, Cancel));
        Assert.Equal((taken.Id, 2, retryAt), (again.Id, again.Attempts, again.NotBefore));
    }

    [Fact]
    public async Task A_message_whose_taker_fell_silent_comes_again()
    {
        await InsertWithMessagesAsync("card");
        Assert.Single(await Store.TakeOutboxAsync(Channel, 10, Cancel));
        Time.Advance(TimeSpan.FromMinutes(10));
        Assert.Single(await Store.TakeOutboxAsync(Channel, 10, Cancel));
    }

    [Fact]
    public async Task A_message_survives_a_restart()
    {
        await InsertWithMessagesAsync("card");
        await ReopenAsync();
        Assert.Single(await Store.TakeOutboxAsync(Channel, 10, Cancel));
    }

    [Fact]
    public async Task Messages_come_in_their_order_and_no_more_than_asked_for()
    {
        await InsertWithMessagesAsync("one", "two", "three");
        var first = await Store.TakeOutboxAsync(Channel, 2, Cancel);
        var rest = await Store.TakeOutboxAsync(Channel, 2, Cancel);
        Assert.Equal(["one", "two"], first.Select(message => message.Kind));
        Assert.Equal(["three"], rest.Select(message => message.Kind));
    }

    [Fact]
    public async Task Takers_at_the_same_time_never_get_the_same_message()
    {
        await InsertWithMessagesAsync([.. Enumerable.Range(0, 40).Select(i => $"kind-{i}")]);
        var takes = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Store.TakeOutboxAsync(Channel, 5, Cancel)));
        var ids = takes.SelectMany(rows => rows).Select(row => row.Id).ToList();
        Assert.Equal(40, ids.Count);
        Assert.Equal(40, ids.Distinct().Count());
    }

    [Fact]
    public async Task Every_committed_transition_is_announced_and_no_conflict_is()
    {
        using var subscription = Store.Changes.Subscribe();
        var row = Sample.Pending();
        await CommitAsync(Sample.Insert(row));
        await AssertConflictAsync(ConflictReason.VersionMoved, Sample.Insert(row));
        await CommitAsync(Sample.Note());
        await CommitAsync(Sample.Move(Sample.Approved(row), from: 1, EntryType.ReviewDecided));

        Assert.Equal(new ActionChanged(row.Id, ActionState.Pending, 1), await subscription.Reader.ReadAsync(Cancel));
        Assert.Equal(new ActionChanged(row.Id, ActionState.Approved, 2), await subscription.Reader.ReadAsync(Cancel));
        Assert.False(subscription.Reader.TryRead(out _));
    }

    [Fact]
    public async Task An_announced_change_can_be_read()
    {
        using var subscription = Store.Changes.Subscribe();
        var row = Sample.Pending();
        var commit = Store.CommitAsync(Sample.Insert(row), Cancel);
        var announced = await subscription.Reader.ReadAsync(Cancel);
        Assert.Equal(announced.Version, (await FindAsync(row)).Row.Version);
        await commit;
    }

    [Fact]
    public async Task A_store_that_works_says_nothing() => Assert.Null(await Store.WhyUnavailableAsync(Cancel));

    [Fact]
    public async Task A_caller_that_gave_up_before_changes_nothing()
    {
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => Store.CommitAsync(Sample.Note(), new CancellationToken(canceled: true)));
        Assert.Null(await Archive.ReadCheckpointAsync(Cancel));
    }

    [Fact]
    public async Task Nothing_that_was_asked_or_said_and_no_person_is_readable_on_disk()
    {
        const string Argument = "canary-argument-5f1d", Comment = "canary-comment-77aa", Person = "canary-person-90bc";
        const string Definition = "canary-definition-31ce";
        var row = Sample.Pending();
        await CommitAsync(Sample.Insert(row, Argument));
        await CommitAsync(VoteOn(row, from: 1, Person, Comment) with
        {
            Definitions = [new DefinitionRow(row.Target, "tool", "f1", Encoding.UTF8.GetBytes(Definition))],
        });
        Assert.Equal(Person, (await FindAsync(row)).Votes[0].Row.Person.Value);

        var files = await ReadRawBytesAsync();
        Assert.True(
            Holds(row.Id.Value),
            "The id of the action is readable, or else this test looks at the wrong bytes.");
        Assert.False(Holds(Argument) || Holds(Comment) || Holds(Person) || Holds(Definition));

        bool Holds(string text) => files.Any(bytes => bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(text)) >= 0);
    }

    [Fact]
    public async Task Equal_payloads_have_different_hashes()
    {
        await CommitAsync(Sample.Note("yes"));
        await CommitAsync(Sample.Note("yes"));
        Assert.NotEqual((await ReadLeafAsync(0)).Payload, (await ReadLeafAsync(1)).Payload);
    }

    private async Task<ActionRow> InsertWithMessagesAsync(params string[] kinds)
    {
        var row = Sample.Pending();
        await CommitAsync(Sample.Insert(row) with
        {
            Outbox = [.. kinds.Select(kind => new OutboxDraft(Channel, row.Id, row.Revision, kind))],
        });
        return row;
    }
}
