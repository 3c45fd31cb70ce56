using System.Collections.Immutable;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Policies;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;
using Countersign.Server.Configuration;
using Countersign.Server.Hosting;
using Countersign.Tests.Rosters;
using Countersign.Tests.Storage.Sqlite;
using Countersign.Tests.Support;

namespace Countersign.Tests.Hosting;

/// <summary>Who joins a group of reviewers does not count there at once, when the operator says so.</summary>
public sealed class MembershipAgeTests : IDisposable
{
    private static readonly Party s_dba = Party.Parse("group:dba");
    private static readonly PersonId s_bob = new("bob");
    private static readonly PersonId s_eve = new("eve");

    private readonly SqliteFolder _folder = new();
    private readonly ManualTime _time = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    [Trait("Threat", "THR-010"), Trait("CWE", "269")]
    public async Task A_new_member_reviews_nothing_before_the_membership_is_old_enough()
    {
        await StartAsync(eve: "");
        var charter = await StartAsync(eve: "groups: [ dba ], ");

        Assert.Equal([s_bob], charter.Current.People.MembersOf(s_dba));
        _time.Advance(TimeSpan.FromHours(24) - TimeSpan.FromSeconds(1));
        Assert.Equal([s_bob], charter.Current.People.MembersOf(s_dba));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal([s_bob, s_eve], charter.Current.People.MembersOf(s_dba).OrderBy(person => person.Value));
    }

    [Fact]
    [Trait("Threat", "THR-010"), Trait("CWE", "269")]
    public async Task A_new_member_of_an_owning_group_approves_nothing_of_it_all_the_same()
    {
        await StartAsync(eve: "");
        var charter = await StartAsync(eve: "groups: [ dba ], ");

        Assert.Contains(s_eve, charter.Current.People.ActorChain(new Asker(new AgentId("bot"), OnBehalfOf: null)));
    }

    [Fact]
    public async Task Who_is_too_young_a_member_is_told_since_when_and_from_when_on_they_count()
    {
        await using var store = await _folder.OpenAsync(_time);
        await RosterHost.StartAsync(store, await SettingsAsync(eve: ""), _time);
        var host = await RosterHost.StartAsync(store, await SettingsAsync("groups: [ dba ], "), _time);
        var people = host.Charter.Current.People;
        var verdict = new Requirement(
            new RuleId("writes"), "r", [new Stage([s_dba], 1, TimeSpan.FromHours(48), [])], Assurance.Token, [],
            Bounds.None, GrantTerms.Default);
        var life = new Life
        {
            State = ActionState.Pending,
            Revision = 1,
            Digest = default,
            Tracks = [Track.Begin(verdict, _time.GetUtcNow())],
        };
        var asker = new Asker(new AgentId("other"), OnBehalfOf: null);

        Assert.Equal(
            new YoungMembership(
                new Membership(s_eve, new GroupName("dba"), store.Now), store.Now + TimeSpan.FromHours(24)),
            Electorate.Of(life, asker, people, []).Waiting[s_eve]);
        Assert.DoesNotContain(s_bob, Electorate.Of(life, asker, people, []).Waiting.Keys);
    }

    [Fact]
    public async Task Who_was_there_at_the_first_start_counts_at_once()
    {
        var charter = await StartAsync(eve: "groups: [ dba ], ");

        Assert.Equal(2, charter.Current.People.MembersOf(s_dba).Count);
    }

    [Fact]
    public async Task A_store_that_takes_nothing_at_the_start_is_asked_again_and_nobody_counts_meanwhile()
    {
        var charter = new CharterSource(await SettingsAsync(eve: ""), _time);
        await using var store = await _folder.OpenAsync(_time);
        await charter.SettleAsync(new RefusingStore(store), Cancel);
        Assert.Empty(charter.Current.People.MembersOf(s_dba));

        await charter.SettleAsync(store, Cancel);

        Assert.Equal([s_bob], charter.Current.People.MembersOf(s_dba));
    }

    /// <summary>A start of the server, with what its file says of eve.</summary>
    private async Task<CharterSource> StartAsync(string eve)
    {
        var charter = new CharterSource(await SettingsAsync(eve), _time);
        await using var store = await _folder.OpenAsync(_time);
        await charter.SettleAsync(store, Cancel);
        return charter;
    }

    private async Task<Settings> SettingsAsync(string eve)
    {
        var file = _folder.PathOf("countersign.yaml");
        await File.WriteAllTextAsync(_folder.PathOf("policy.yaml"), "version: 1\ndefault: deny\n", Cancel);
        await File.WriteAllTextAsync(
            file,
            $$"""
            people:
              - { id: bob, groups: [ dba ], tokens: [ of-bob ] }
              - { id: eve, {{eve}}tokens: [ of-eve ] }
            agents: [ { id: bot, owner: group:dba, tokens: [ of-bot ] } ]
            policies: policy.yaml
            membership_age: 24h
            changes: immediate
            """,
            Cancel);
        return SettingsFile.Load(file, _ => null);
    }

    private sealed class RefusingStore(IStore inner) : DelegatingStore(inner)
    {
        public override Task<ImmutableArray<Membership>> SettleMembershipsAsync(
            ImmutableArray<(PersonId Person, GroupName Group)> present, CancellationToken cancellationToken) =>
            throw new StoreUnavailableException("The test's clock is wrong.");
    }
}
