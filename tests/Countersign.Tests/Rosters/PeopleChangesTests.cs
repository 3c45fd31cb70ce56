using System.Text.Json;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Actions.Json;
using Countersign.Core.Identity;
using Countersign.Core.Ledger;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;
using Countersign.Gates.Access;
using Countersign.Server.Configuration;
using Countersign.Server.Storage.Sqlite;
using Countersign.Tests.Storage.Sqlite;
using Countersign.Tests.Support;

namespace Countersign.Tests.Rosters;

/// <summary>
/// What a changed configuration does to people and agents: nothing is theirs before somebody else accepted it, and what
/// is taken away is gone at once.
/// </summary>
public sealed class PeopleChangesTests : IAsyncLifetime
{
    private const StringComparison Ordinal = StringComparison.Ordinal;

    private const string Deny = "version: 1\ndefault: deny\n";
    private const string AskTwo =
        "version: 1\ndefault: { require: { stages: [ { of: [ alice, carol, group:dba ], need: 2 } ] } }\n";

    private const string Alice = "{ id: alice, name: Alice Liddell, roles: [ admin ], tokens: [ of-alice ] }";
    private const string Bob = "{ id: bob, groups: [ dba, ops ], tokens: [ of-bob ] }";
    private const string Carol = "{ id: carol, groups: [ ops ], tokens: [ of-carol ] }";
    private const string Bot = "{ id: bot, owner: group:ops, tokens: [ of-bot ] }";

    private readonly SqliteFolder _folder = new();
    private readonly ManualTime _time = new();
    private SqliteStore _store = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _store = await _folder.OpenAsync(_time);
        await StartAsync([Alice, Bob, Carol], [Bot]);
    }

    public async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task The_first_people_are_taken_as_they_are_and_recorded_without_their_tokens()
    {
        var host = await StartAsync([Alice, Bob, Carol], [Bot]);

        Assert.Null(host.Proposal);
        Assert.Equal(["bob"], host.MembersOf("group:dba"));
        var (type, payload) = Assert.Single(await host.EntriesAsync());
        Assert.Equal((EntryType.PersonChanged, "first"), (type, payload.GetProperty("how").GetString()));
        var roster = payload.GetProperty("roster").EnumerateArray().Select(line => line.GetString()!).ToList();
        Assert.Contains("person alice is called Alice Liddell", roster);
        Assert.Contains("agent bot belongs to group:ops", roster);
        Assert.DoesNotContain(roster, line => line.Contains("of-", StringComparison.Ordinal));
        Assert.Equal(4, roster.Count(line => line.Contains("has the token", StringComparison.Ordinal)));
    }

    [Fact]
    [Trait("Threat", "THR-010"), Trait("CWE", "269")]
    public async Task Who_writes_themselves_into_a_group_reviews_nothing_before_an_admin_approves()
    {
        var host = await StartAsync([Alice, Bob, Carol.Replace("[ ops ]", "[ ops, dba ]", Ordinal)], [Bot]);

        Assert.Equal(["bob"], host.MembersOf("group:dba"));
        var asked = (await host.FindProposalAsync())!;
        Assert.Equal("people.change", asked.Action.Operation);
        Assert.Equal(["person carol is in group:dba"], TextsOf(asked.Action, "added"));
        Assert.Equal("These gain by it: carol.", asked.Preview?.Summary);

        Assert.IsType<DeskAnswer.Refused>(await host.VoteAsync("carol", Decision.Approve));
        await host.VoteAsync("alice", Decision.Approve);
        await host.EndOfProposalAsync();

        Assert.Equal(["bob", "carol"], host.MembersOf("group:dba"));
        var (_, payload) = (await host.EntriesAsync())[^1];
        Assert.Equal("approved", payload.GetProperty("how").GetString());
        Assert.Equal("alice", payload.GetProperty("by")[0].GetString());
    }

    [Fact]
    [Trait("Threat", "THR-010"), Trait("CWE", "269")]
    public async Task A_forged_person_token_account_and_agent_count_for_nothing()
    {
        var host = await StartAsync(
            [
                Alice,
                Bob.Replace("[ of-bob ]", "[ of-bob, of-mallory ], accounts: { slack: T1/U1 }", Ordinal),
                Carol.Replace("tokens:", "roles: [ admin ], tokens:", Ordinal),
                "{ id: eve, groups: [ dba ], tokens: [ of-eve ] }",
            ],
            [Bot, "{ id: spy, owner: bob, tokens: [ of-spy ] }"]);

        Assert.All(["of-mallory", "of-eve", "of-spy"], token => Assert.Null(host.Find(token)));
        Assert.NotNull(host.Find("of-bob"));
        Assert.False(host.Has("bob", "T1/U1"));
        Assert.Null(host.Charter.Current.People.Find(new PersonId("eve")));
        Assert.Null(host.Charter.Current.People.Find(new AgentId("spy")));
        Assert.False(host.Charter.Current.People.Find(new PersonId("carol"))!.IsAdmin);
        Assert.IsType<DeskAnswer.Refused>(await host.VoteAsync("carol", Decision.Approve));
    }

    [Fact]
    public async Task What_was_approved_counts_after_the_next_start_and_is_asked_no_more()
    {
        var changed = Carol.Replace("[ ops ]", "[ ops, dba ]", Ordinal);
        var host = await StartAsync([Alice, Bob, changed], [Bot, "{ id: spy, owner: bob, tokens: [ of-spy ] }"]);
        await host.VoteAsync("alice", Decision.Approve);
        await host.EndOfProposalAsync();
        Assert.NotNull(host.Find("of-spy"));

        var next = await StartAsync([Alice, Bob, changed], [Bot, "{ id: spy, owner: bob, tokens: [ of-spy ] }"]);

        Assert.Null(next.Proposal);
        Assert.NotNull(next.Find("of-spy"));
        Assert.Equal(["bob", "carol"], next.MembersOf("group:dba"));
        Assert.Equal(
            [EntryType.PersonChanged, EntryType.PersonChanged, EntryType.AgentChanged],
            (await next.EntriesAsync()).Select(entry => entry.Type));
    }

    [Fact]
    public async Task What_was_denied_counts_for_nothing_and_the_same_restart_asks_nobody_again()
    {
        string[] people = [Alice, Bob, Carol.Replace("[ ops ]", "[ ops, dba ]", Ordinal)];
        var host = await StartAsync(people, [Bot]);
        await host.VoteAsync("alice", Decision.Deny);

        var next = await StartAsync(people, [Bot]);

        Assert.Null(next.Proposal);
        Assert.Equal(["bob"], next.MembersOf("group:dba"));
    }

    [Fact]
    public async Task With_changes_immediate_it_counts_at_once_and_the_entry_says_so()
    {
        var host = await StartAsync(
            [Alice, Bob, Carol.Replace("[ ops ]", "[ ops, dba ]", Ordinal)], [Bot], "changes: immediate");

        Assert.Null(host.Proposal);
        Assert.Equal(["bob", "carol"], host.MembersOf("group:dba"));
        var (_, payload) = (await host.EntriesAsync())[^1];
        Assert.Equal("immediate", payload.GetProperty("how").GetString());
        Assert.Equal("person carol is in group:dba", payload.GetProperty("added")[0].GetString());
    }

    [Fact]
    public async Task Who_leaves_is_gone_at_once_and_comes_back_only_by_approval()
    {
        var host = await StartAsync([Alice, Carol], [Bot]);

        Assert.Null(host.Proposal);
        Assert.Null(host.Find("of-bob"));
        Assert.Empty(host.MembersOf("group:dba"));
        Assert.Equal("taken-away", (await host.EntriesAsync())[^1].Payload.GetProperty("how").GetString());

        var back = await StartAsync([Alice, Bob, Carol], [Bot]);
        Assert.NotNull(back.Proposal);
        Assert.Null(back.Find("of-bob"));
    }

    [Fact]
    public async Task A_token_that_is_taken_out_is_worth_nothing_at_once()
    {
        var host = await StartAsync(
            [Alice, Bob, Carol], [Bot.Replace("of-bot", "of-bot-rotated", Ordinal)]);

        Assert.Null(host.Find("of-bot"));
        Assert.Null(host.Find("of-bot-rotated"));
        await host.VoteAsync("alice", Decision.Approve);
        await host.EndOfProposalAsync();
        Assert.NotNull(host.Find("of-bot-rotated"));
    }

    [Fact]
    public async Task A_token_that_is_written_as_its_hash_is_the_same_token()
    {
        var hash = TokenSecret.HashPrefix + TokenSecret.HashOf("of-bot");
        var host = await StartAsync([Alice, Bob, Carol], [Bot.Replace("of-bot", $"\"{hash}\"", Ordinal)]);

        Assert.Null(host.Proposal);
        Assert.NotNull(host.Find("of-bot"));
    }

    [Fact]
    [Trait("Threat", "THR-010"), Trait("CWE", "269")]
    public async Task Who_leaves_an_owning_group_approves_what_its_agents_ask_only_after_a_review()
    {
        var host = await StartAsync([Alice, Bob.Replace("[ dba, ops ]", "[ dba ]", Ordinal), Carol], [Bot]);

        var people = host.Charter.Current.People;
        Assert.Contains(new PersonId("bob"), people.ActorChain(new Asker(new AgentId("bot"), OnBehalfOf: null)));
        Assert.Equal(["carol"], host.MembersOf("group:ops"));
        Assert.Equal(["person bob is in group:ops"], TextsOf((await host.FindProposalAsync())!.Action, "removed"));
    }

    [Fact]
    public async Task Another_owner_is_one_only_after_a_review()
    {
        var host = await StartAsync([Alice, Bob, Carol], [Bot.Replace("group:ops", "alice", Ordinal)]);

        Assert.Equal("group:ops", host.Charter.Current.People.Find(new AgentId("bot"))!.Owner.ToString());
        Assert.NotNull(host.Proposal);
    }

    [Fact]
    public async Task An_agent_whose_owner_left_is_shut_out_until_the_next_owner_is_accepted()
    {
        var lone = "{ id: lone, owner: carol, tokens: [ of-lone ] }";
        await StartAsync([Alice, Bob, Carol], [Bot, lone], "changes: immediate");

        var host = await StartAsync([Alice, Bob], [Bot, lone.Replace("carol", "bob", Ordinal)]);

        Assert.Null(host.Find("of-lone"));
        await host.VoteAsync("alice", Decision.Approve);
        await host.EndOfProposalAsync();
        Assert.NotNull(host.Find("of-lone"));
    }

    [Fact]
    [Trait("Threat", "THR-010"), Trait("CWE", "269")]
    public async Task An_admin_who_gains_needs_somebody_who_does_not()
    {
        await StartAsync([Alice, Bob, Carol], [Bot], "changes: immediate", AskTwo);
        var host = await StartAsync(
            [Alice.Replace("roles:", "groups: [ dba ], roles:", Ordinal), Bob, Carol], [Bot], policy: AskTwo);

        await host.VoteAsync("alice", Decision.Approve);
        Assert.Equal(ActionState.Pending, (await host.FindProposalAsync())!.State);
        Assert.Equal(["bob"], host.MembersOf("group:dba"));

        await host.VoteAsync("bob", Decision.Approve);
        await host.EndOfProposalAsync();
        Assert.Equal(["alice", "bob"], host.MembersOf("group:dba"));
    }

    [Fact]
    public async Task Where_only_who_gains_could_approve_nobody_is_asked()
    {
        var alone = await StartAsync([Alice], [], "changes: immediate");
        Assert.Null(alone.Proposal);

        var host = await StartAsync([Alice.Replace("[ of-alice ]", "[ of-alice, second ]", Ordinal)], []);

        Assert.True(host.People.IsProposed);
        Assert.Null(host.Proposal);
        Assert.Null(host.Find("second"));
    }

    [Fact]
    public async Task A_file_that_changes_again_withdraws_what_it_asked_before()
    {
        var first = await StartAsync([Alice, Bob, Carol.Replace("[ ops ]", "[ ops, dba ]", Ordinal)], [Bot]);

        var back = await StartAsync([Alice, Bob, Carol], [Bot]);

        Assert.Null(back.Proposal);
        var earlier = await back.Office.Gatekeeper.FindAsync(first.Proposal!.Value, Cancel);
        Assert.Equal(ActionState.Withdrawn, earlier!.State);
    }

    [Fact]
    [Trait("Threat", "THR-019"), Trait("CWE", "778")]
    public async Task A_policy_that_nobody_has_written_down_any_more_cannot_be_approved()
    {
        var first = await StartAsync([Alice, Bob, Carol], [Bot], policy: AskTwo);
        Assert.NotNull(first.PolicyProposal);

        var back = await StartAsync([Alice, Bob, Carol], [Bot]);

        Assert.Null(back.PolicyProposal);
        var earlier = await back.Office.Gatekeeper.FindAsync(first.PolicyProposal.Value, Cancel);
        Assert.Equal(ActionState.Withdrawn, earlier!.State);
    }

    [Fact]
    [Trait("Threat", "THR-028"), Trait("CWE", "863")]
    public async Task What_changes_people_is_approved_as_it_was_written_and_changed_by_nobody()
    {
        var host = await StartAsync([Alice, Bob, Carol.Replace("[ ops ]", "[ ops, dba ]", Ordinal)], [Bot]);
        var asked = (await host.FindProposalAsync())!;

        var answer = await host.Office.Revisions.WhyNotAsync(
            asked.Id, new Voter(new PersonId("alice"), Assurance.Session), asked.Action.Digest, Cancel);

        Assert.IsType<RevisionAnswer.Fixed>(answer);
    }

    [Fact]
    [Trait("Threat", "THR-006"), Trait("CWE", "754")]
    public async Task Of_two_first_starts_at_once_the_slower_one_counts_nobody_before_it_knows()
    {
        using var other = new SqliteFolder();
        await using var store = await other.OpenAsync(_time);
        var host = await StartAsync([Alice], [], through: new RefusingRosters(store), archive: store);

        Assert.Null(host.Find("of-alice"));
        Assert.Empty(host.Charter.Current.People.Persons);
    }

    [Fact]
    public async Task An_approval_that_was_made_for_other_people_changes_nothing()
    {
        string[] people = [Alice, Bob, Carol.Replace("[ ops ]", "[ ops, dba ]", Ordinal)];
        var host = await StartAsync(people, [Bot]);
        // Another node takes something away meanwhile.
        var without = Bob.Replace("[ of-bob ]", "[]", Ordinal);
        await StartAsync([Alice, without, people[2]], [Bot], through: new PassingStore(_store));

        await host.VoteAsync("alice", Decision.Approve);
        var ended = await host.EndOfProposalAsync();

        Assert.NotEqual(ActionState.Succeeded, ended.State);
        Assert.Equal(["bob"], host.MembersOf("group:dba"));
    }

    [Fact]
    [Trait("Threat", "THR-011"), Trait("CWE", "367")]
    public async Task A_vote_that_was_given_before_its_voter_left_does_not_count_any_more()
    {
        var lone = "{ id: lone, owner: carol, tokens: [ of-lone ] }";
        var before = await StartAsync([Alice, Bob, Carol], [Bot, lone], "changes: immediate", AskTwo);
        var target = before.Charter.Current.Targets[new TargetName("sdk")];
        var action = CanonicalAction.Of(target.Name, "deploy", new CanonicalObject().ToCanonicalJson());
        var asking = new Asking(new Asker(new AgentId("lone"), OnBehalfOf: null), target, GateKind.Api, action);
        var held = Assert.IsType<Admission.Held>(await before.Office.Gatekeeper.AdmitAsync(asking, Cancel));
        await before.Office.ReviewDesk.VoteAsync(
            held.Record.Id,
            new Voter(new PersonId("bob"), Assurance.Session),
            new Ballot(Decision.Approve, action.Digest, Comment: null),
            Cancel);
        var voted = (await before.Office.Gatekeeper.FindAsync(held.Record.Id, Cancel))!;
        Assert.Equal(1, Assert.Single(before.Office.ReviewDesk.TalliesOf(voted)).Have.Sum());

        var after = await StartAsync([Alice, Carol], [Bot, lone]);

        Assert.Equal(0, Assert.Single(after.Office.ReviewDesk.TalliesOf(voted)).Have.Sum());
    }

    [Fact]
    public async Task A_store_that_takes_nothing_keeps_nobody_who_left()
    {
        var host = await StartAsync([Alice, Carol], [Bot], through: new RefusingStore(_store));

        Assert.Null(host.Find("of-bob"));
        Assert.Empty(host.MembersOf("group:dba"));
    }

    private async Task<RosterHost> StartAsync(
        string[] people, string[] agents, string more = "", string policy = Deny,
        IStore? through = null, SqliteStore? archive = null)
    {
        var file = _folder.PathOf("countersign.yaml");
        await File.WriteAllTextAsync(_folder.PathOf("policy.yaml"), policy, Cancel);
        await File.WriteAllTextAsync(
            file,
            $$"""
            people: [ {{string.Join(", ", people)}} ]
            agents: [ {{string.Join(", ", agents)}} ]
            targets: { sdk: { gate: api, environment: production } }
            policies: policy.yaml
            channels: { slack: { bot_token: xoxb-1, signing_secret: secret, channel: C0123 } }
            {{more}}
            """,
            Cancel);
        return await RosterHost.StartAsync(
            archive ?? _store, SettingsFile.Load(file, _ => null), _time, through);
    }

    private static IEnumerable<string?> TextsOf(CanonicalAction action, string name)
    {
        using var document = JsonDocument.Parse(action.Arguments.Bytes);
        return [.. document.RootElement.GetProperty(name).EnumerateArray().Select(text => text.GetString())];
    }
}
