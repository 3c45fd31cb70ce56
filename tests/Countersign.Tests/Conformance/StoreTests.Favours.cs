using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Ledger;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;

namespace Countersign.Tests.Conformance;

public abstract partial class StoreTests
{
    [Fact]
    public async Task Of_each_two_persons_the_latest_approval_is_remembered_over_a_restart()
    {
        await CommitAsync(ApprovalOf(Sample.Pending(), by: "ann", behind: s_ben));
        Time.Advance(TimeSpan.FromHours(1));
        var later = Sample.Pending();
        await CommitAsync(ApprovalOf(later, by: "ann", behind: s_ben));
        var since = Time.GetUtcNow();
        var other = Sample.Pending();
        await CommitAsync(ApprovalOf(other, by: "ben", behind: s_ann));

        await ReopenAsync();

        Assert.Equal(
            [new Favour(s_ann, s_ben, later.Id, since), new Favour(s_ben, s_ann, other.Id, since)],
            (await Store.FindFavoursAsync(since, Cancel)).OrderBy(favour => favour.By.Value));
        Assert.Empty(await Store.FindFavoursAsync(since + TimeSpan.FromTicks(1), Cancel));
    }

    [Fact]
    public async Task A_vote_that_missed_an_approval_is_not_committed()
    {
        var (first, second) = (Sample.Pending(), Sample.Pending());
        await CommitAsync(Sample.Insert(second));
        await CommitAsync(ApprovalOf(first, by: "ann", behind: s_ben));
        var vote = ApprovalOf(second, by: "ben", behind: s_ann) with
        {
            Action = new ActionWrite(Sample.Approved(second), ExpectedVersion: 1),
        };

        await AssertConflictAsync(
            ConflictReason.FavourDone, vote with { OnlyWithoutFavour = Guard(s_ann, first.CreatedAt.AddTicks(-1)) });

        Assert.Equal(ActionState.Pending, (await FindAsync(second)).Row.State);
        await CommitAsync(vote with { OnlyWithoutFavour = Guard(s_ann, first.CreatedAt) });

        static FavourGuard Guard(PersonId by, DateTimeOffset after) => new([by, new PersonId("nobody")], s_ben, after);
    }

    [Fact]
    public async Task When_a_policy_was_replaced_last_is_known()
    {
        await CommitAsync(Sample.Note() with { NewPolicy = Sample.Policy });
        Assert.Null(await Store.FindReplacedAsync(Sample.Policy, default, Cancel));
        Time.Advance(TimeSpan.FromHours(1));
        var replaced = await CommitAsync(Sample.Note() with { NewPolicy = Sample.OtherPolicy });
        Time.Advance(TimeSpan.FromHours(1));
        await CommitAsync(Sample.Note() with { NewPolicy = Sample.Policy });

        var found = await Store.FindReplacedAsync(Sample.Policy, replaced.At, Cancel);

        Assert.Equal(replaced.At, found!.At);
        Assert.Null(await Store.FindReplacedAsync(Sample.Policy, replaced.At.AddTicks(1), Cancel));
    }

    private static Change ApprovalOf(ActionRow row, string by, PersonId behind) =>
        Sample.Insert(row) with
        {
            Entries = [Sample.Entry(EntryType.ReviewVote, row, "{}")],
            Votes = [Sample.Vote(row, by) with { Behind = [behind] }],
        };
}
