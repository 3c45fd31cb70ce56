using System.Collections.Immutable;
using Countersign.Core.Identity;

namespace Countersign.Tests.Conformance;

public abstract partial class StoreTests
{
    private static readonly GroupName s_team = new("team");

    [Fact]
    public async Task A_membership_is_as_old_as_the_store_has_seen_it_without_a_break()
    {
        Assert.Equal(DateTimeOffset.MinValue, Assert.Single(await SettleAsync(s_ann)).Since);
        Time.Advance(TimeSpan.FromHours(1));
        var joined = Time.GetUtcNow();
        Assert.Equal([DateTimeOffset.MinValue, joined], (await SettleAsync(s_ann, s_ben)).Select(each => each.Since));

        await ReopenAsync();
        Time.Advance(TimeSpan.FromHours(1));

        Assert.Equal(joined, Assert.Single(await SettleAsync(s_ben)).Since);
        await SettleAsync();
        Assert.Equal(Time.GetUtcNow(), Assert.Single(await SettleAsync(s_ben)).Since);
        await SettleAsync(s_ben);
        joined = Time.GetUtcNow();
        Time.Advance(TimeSpan.FromHours(1));
        Assert.Equal([Time.GetUtcNow(), joined], (await SettleAsync(s_ann, s_ben)).Select(each => each.Since));
    }

    private Task<ImmutableArray<Membership>> SettleAsync(params PersonId[] members) =>
        Store.SettleMembershipsAsync([.. members.Select(person => (person, s_team))], Cancel);
}
