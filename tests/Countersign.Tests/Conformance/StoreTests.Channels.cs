using Countersign.Core.Ledger;
using Countersign.Core.Storage;

namespace Countersign.Tests.Conformance;

public abstract partial class StoreTests
{
    private static readonly AccountKey s_account = new(new string('a', 64));

    [Fact]
    public async Task Where_a_channel_shows_an_action_is_kept_over_a_restart_and_replaced()
    {
        var row = await InsertWithMessagesAsync("card");

        Assert.Null(await Store.FindPostingAsync(Channel, row.Id, Cancel));
        await Store.KeepPostingAsync(Channel, row.Id, "C1/1.1", Cancel);
        await Store.KeepPostingAsync(Channel, row.Id, "C1/2.2", Cancel);
        await ReopenAsync();

        Assert.Equal("C1/2.2", await Store.FindPostingAsync(Channel, row.Id, Cancel));
        Assert.Null(await Store.FindPostingAsync("teams", row.Id, Cancel));
    }

    [Fact]
    public async Task An_account_is_linked_once_with_what_its_entry_says_and_survives_a_restart()
    {
        await CommitAsync(Linking());
        await AssertConflictAsync(ConflictReason.AccountTaken, Linking());
        await ReopenAsync();

        var link = await Store.FindAccountAsync(s_account, Cancel);
        Assert.Equal(link!.Account, Assert.Single(await Store.FindAccountsAsync(Cancel)).Account);
        Assert.Equal("{}"u8.ToArray(), link.Payload!.Value.ToArray());
        Assert.Null(await Store.FindAccountAsync(new AccountKey(new string('b', 64)), Cancel));
    }

    [Fact]
    public async Task Only_the_link_in_force_is_ended()
    {
        await CommitAsync(Linking());
        var link = (await Store.FindAccountAsync(s_account, Cancel))!;
        await AssertConflictAsync(ConflictReason.AccountNotLinked, Unlinking(link.Entry + 1));

        await CommitAsync(Unlinking(link.Entry));

        Assert.Null(await Store.FindAccountAsync(s_account, Cancel));
        await AssertConflictAsync(ConflictReason.AccountNotLinked, Unlinking(link.Entry));
        await CommitAsync(Linking());
    }

    private static Change Linking() => new()
    {
        Account = new AccountWrite.Links(s_account),
        Entries = [new EntryDraft(EntryType.PersonChanged, Action: null, Revision: 0, "{}"u8.ToArray())],
    };

    private static Change Unlinking(long entry) => new()
    {
        Account = new AccountWrite.Unlinks(s_account, entry),
        Entries = [new EntryDraft(EntryType.PersonChanged, Action: null, Revision: 0, "{}"u8.ToArray())],
    };
}
