using Countersign.Core.Identity;
using Countersign.Core.Ledger;
using Countersign.Core.Storage;

namespace Countersign.Tests.Conformance;

public abstract partial class StoreTests
{
    private static readonly RosterHash s_roster = RosterHash.Of("one"u8);
    private static readonly RosterHash s_otherRoster = RosterHash.Of("another"u8);

    [Fact]
    public async Task A_roster_comes_into_force_only_after_the_one_it_was_made_for()
    {
        Assert.Null(await Store.FindRosterAsync(Cancel));
        await AssertConflictAsync(ConflictReason.StaleRoster, Roster(s_otherRoster, after: s_roster));
        await CommitAsync(Roster(s_roster, after: default(RosterHash)));
        await AssertConflictAsync(ConflictReason.StaleRoster, Roster(s_otherRoster, after: default(RosterHash)));
        Assert.Equal((s_roster, 1), await FindRosterAsync());

        await CommitAsync(Roster(s_otherRoster, after: s_roster));
        await ReopenAsync();

        Assert.Equal((s_otherRoster, 2), await FindRosterAsync());
        await AssertConflictAsync(ConflictReason.StaleRoster, Roster(s_otherRoster, after: s_roster));
    }

    [Fact]
    public async Task The_roster_in_force_names_the_first_entry_of_its_change()
    {
        var agents = new EntryDraft(EntryType.AgentChanged, Action: null, Revision: 0, "[]"u8.ToArray());
        var change = Roster(s_roster, after: null);
        await CommitAsync(change with { Entries = [.. Sample.Note().Entries, .. change.Entries, agents] });

        await ReopenAsync();

        var entry = (await Store.FindRosterAsync(Cancel))!.Entry!.Value;
        Assert.Equal("{}"u8.ToArray(), (await Archive.ReadPayloadAsync(entry, Cancel))!.Value.ToArray());
    }

    [Fact]
    public async Task Of_many_successors_of_one_roster_exactly_one_comes_into_force()
    {
        await CommitAsync(Roster(s_roster, after: null));
        var results = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Store.CommitAsync(
            Roster(s_otherRoster, after: s_roster), Cancel)));
        Assert.Single(results.OfType<CommitResult.Committed>());
        Assert.Equal((s_otherRoster, 2), await FindRosterAsync());
    }

    [Fact]
    public async Task A_message_may_be_about_an_entry_instead_of_an_action()
    {
        var committed = await CommitAsync(
            Sample.Note() with { Outbox = [new OutboxDraft(Channel, Action: null, Revision: 0, "told")] });

        await ReopenAsync();

        var message = Assert.Single(await Store.TakeOutboxAsync(Channel, 10, Cancel));
        Assert.Equal((null, committed.Indexes[0]), (message.Action, message.Entry));
        await Store.SettleOutboxAsync(message.Id, retryAt: null, Cancel);
        Assert.Empty(await Store.TakeOutboxAsync(Channel, 10, Cancel));
    }

    private async Task<(RosterHash, long)> FindRosterAsync() =>
        await Store.FindRosterAsync(Cancel) is { } roster ? (roster.Hash, roster.Epoch) : default;

    private static Change Roster(RosterHash roster, RosterHash? after) => new()
    {
        NewRoster = roster,
        OnlyUnderRoster = after,
        Entries = [new EntryDraft(EntryType.PersonChanged, Action: null, Revision: 0, "{}"u8.ToArray())],
    };
}
