using Countersign.Core.Identity;
using Countersign.Core.Ledger;
using Countersign.Core.Storage;

namespace Countersign.Tests.Conformance;

public abstract partial class StoreTests
{
    private static readonly PersonId s_ann = new("ann");
    private static readonly PersonId s_ben = new("ben");

    [Fact]
    public async Task A_passkey_is_found_by_its_person_and_by_its_locator_also_after_a_restart()
    {
        var first = await CommitAsync(Enrol("one", s_ann, count: 3));
        await CommitAsync(Enrol("two", s_ben));

        await ReopenAsync();

        var row = Assert.Single(await FindPasskeysAsync(person: s_ann));
        Assert.Equal((s_ann, first.Indexes[0], first.At, 3L), (row.Person, row.Entry, row.At, row.SignCount));
        Assert.Equal("one", Sample.Text(row.Payload));
        Assert.Equal(row.Entry, Assert.Single(await FindPasskeysAsync(locator: "one")).Entry);
        Assert.Equal(2, (await FindPasskeysAsync()).Length);
        Assert.Empty(await FindPasskeysAsync(person: new PersonId("nobody")));
        Assert.Empty(await FindPasskeysAsync(person: s_ben, locator: "one"));
    }

    [Fact]
    public async Task A_passkey_is_enrolled_once_and_by_nobody_else()
    {
        await CommitAsync(Enrol("one", s_ann));

        await AssertConflictAsync(ConflictReason.PasskeyKnown, Enrol("one", s_ann));
        await AssertConflictAsync(ConflictReason.PasskeyKnown, Enrol("one", s_ben));
    }

    [Fact]
    public async Task A_use_counts_only_from_the_count_that_was_read()
    {
        await CommitAsync(Enrol("one", s_ann, count: 3));

        await CommitAsync(new Change { Passkey = new PasskeyWrite.Uses("one", Before: 3, SignCount: 4) });
        await AssertConflictAsync(
            ConflictReason.PasskeyMoved,
            new Change { Passkey = new PasskeyWrite.Uses("one", Before: 3, SignCount: 5) });

        Assert.Equal(4, Assert.Single(await FindPasskeysAsync()).SignCount);
    }

    [Fact]
    public async Task Nothing_that_rests_on_a_revoked_passkey_is_committed()
    {
        await CommitAsync(Enrol("one", s_ann));
        var revoke = new Change
        {
            Passkey = new PasskeyWrite.Revokes("one"),
            Entries = [Sample.Entry(EntryType.CredentialRevoked, row: null, "gone")],
        };
        await CommitAsync(revoke);

        await AssertConflictAsync(
            ConflictReason.PasskeyMoved,
            Sample.Insert(Sample.Pending()) with { Passkey = new PasskeyWrite.Uses("one", Before: 0, SignCount: 0) });
        await AssertConflictAsync(ConflictReason.PasskeyMoved, revoke);

        Assert.Empty(await FindPasskeysAsync());
        await CommitAsync(Enrol("one", s_ann));
    }

    private static Change Enrol(string locator, PersonId person, long count = 0) => new()
    {
        Passkey = new PasskeyWrite.Enrols(locator, person, count),
        Entries = [Sample.Entry(EntryType.CredentialEnrolled, row: null, locator)],
    };

    private async Task<System.Collections.Immutable.ImmutableArray<PasskeyRow>> FindPasskeysAsync(
        PersonId? person = null, string? locator = null) =>
        await Store.FindPasskeysAsync(new PasskeyFilter { Person = person, Locator = locator }, Cancel);
}
