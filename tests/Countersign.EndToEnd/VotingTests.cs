using System.Net;
using System.Text.Json;
using Countersign.EndToEnd.Support;

namespace Countersign.EndToEnd;

/// <summary>Who may answer what, in the order in which the API refuses.</summary>
public sealed class VotingTests(SharedBench shared) : IClassFixture<SharedBench>
{
    private const string OtherDigest = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

    private readonly Bench _bench = shared.Bench;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nobody_votes_without_a_token()
    {
        var held = await AskAsync("restart_service", "unauthenticated");

        var none = await _bench.Product.WithToken(null).VoteAsync(held.Id!, "approve", held.Digest!, Cancel);
        var wrong = await _bench.Product.WithToken("guessed").VoteAsync(held.Id!, "approve", held.Digest!, Cancel);

        Assert.Equal((HttpStatusCode.Unauthorized, "unauthorized"), (none.Status, none.Problem));
        Assert.Equal((HttpStatusCode.Unauthorized, "unauthorized"), (wrong.Status, wrong.Problem));
    }

    [Fact]
    public async Task A_vote_on_nothing_is_not_found()
    {
        var answer = await _bench.Alice.VoteAsync("act_00000000000000000000000000", "approve", OtherDigest, Cancel);

        Assert.Equal((HttpStatusCode.NotFound, "unknown-action"), (answer.Status, answer.Problem));
    }

    [Fact]
    public async Task The_owner_cannot_approve_even_with_a_stale_digest_but_may_deny()
    {
        var held = await AskAsync("restart_service", "owner");
        var dave = _bench.Product.As("DAVE");

        var approved = await dave.VoteAsync(held.Id!, "approve", OtherDigest, Cancel);
        var denied = await dave.VoteAsync(held.Id!, "deny", held.Digest!, Cancel);

        Assert.Equal((HttpStatusCode.Forbidden, "self-approval"), (approved.Status, approved.Problem));
        Assert.Equal((HttpStatusCode.OK, "denied"), (denied.Status, denied.State));
    }

    [Fact]
    public async Task Whoever_the_agent_acts_for_cannot_approve()
    {
        var bot = _bench.Product.As("BOT_FOR_BOB");
        var held = await bot.AskAsync("ops", "restart_service", """{"id":"on behalf"}""", Cancel);

        var bob = await _bench.Product.As("BOB").VoteAsync(held.Id!, "approve", held.Digest!, Cancel);
        var alice = await _bench.Alice.VoteAsync(held.Id!, "approve", held.Digest!, Cancel);

        Assert.Equal("bob", held.Json.GetProperty("agent").GetProperty("on_behalf_of").GetString());
        Assert.Equal((HttpStatusCode.Forbidden, "self-approval"), (bob.Status, bob.Problem));
        Assert.Equal(HttpStatusCode.OK, alice.Status);
    }

    [Fact]
    public async Task Members_of_an_owning_group_cannot_approve()
    {
        var bot = _bench.Product.As("TEAM_BOT");
        var held = await bot.AskAsync("ops", "restart_service", """{"id":"team"}""", Cancel);

        var carol = await _bench.Product.As("CAROL").VoteAsync(held.Id!, "approve", held.Digest!, Cancel);

        Assert.Equal((HttpStatusCode.Forbidden, "self-approval"), (carol.Status, carol.Problem));
    }

    [Fact]
    public async Task The_agent_cannot_vote()
    {
        var held = await AskAsync("restart_service", "agent");

        var approved = await _bench.Agent.VoteAsync(held.Id!, "approve", held.Digest!, Cancel);

        Assert.Equal((HttpStatusCode.Forbidden, "self-approval"), (approved.Status, approved.Problem));
    }

    [Fact]
    public async Task Whoever_is_no_reviewer_is_not_eligible()
    {
        var bot = _bench.Product.As("BOT_FOR_BOB");
        var held = await bot.AskAsync("ops", "rotate_key", """{"id":"stranger"}""", Cancel);
        var other = await _bench.Product.As("OTHER_BOT").AskAsync("ops", "rotate_key", """{"id":"later"}""", Cancel);

        var agent = await bot.VoteAsync(held.Id!, "deny", held.Digest!, Cancel);
        var alice = await _bench.Alice.VoteAsync(other.Id!, "approve", other.Digest!, Cancel);
        var again = await _bench.Alice.ShowAsync(other.Id!, Cancel);

        Assert.Equal((HttpStatusCode.Forbidden, "not-eligible"), (agent.Status, agent.Problem));
        Assert.Equal(HttpStatusCode.OK, alice.Status);
        Assert.False(again.Json.GetProperty("review").GetProperty("you_may_vote").ValueKind == JsonValueKind.Null);
    }

    [Fact]
    [Trait("Threat", "THR-004"), Trait("CWE", "441")]
    public async Task A_token_is_too_weak_where_a_session_is_asked_for()
    {
        var held = await AskAsync("delete_backup", "weak");

        var stale = await _bench.Alice.VoteAsync(held.Id!, "approve", OtherDigest, Cancel);
        var denied = await _bench.Alice.VoteAsync(held.Id!, "deny", held.Digest!, Cancel);

        Assert.Equal((HttpStatusCode.Forbidden, "assurance-too-low"), (stale.Status, stale.Problem));
        Assert.Equal((HttpStatusCode.OK, "denied"), (denied.Status, denied.State));
    }

    [Fact]
    public async Task A_vote_on_other_bytes_than_the_present_ones_does_not_count()
    {
        var held = await AskAsync("restart_service", "stale");

        var answer = await _bench.Alice.VoteAsync(held.Id!, "approve", OtherDigest, Cancel);

        Assert.Equal((HttpStatusCode.Conflict, "stale-digest"), (answer.Status, answer.Problem));
        Assert.Equal(held.Digest, answer.Text("digest"));
        Assert.Equal("pending", (await _bench.Alice.ShowAsync(held.Id!, Cancel)).State);
    }

    [Fact]
    public async Task A_decided_review_takes_no_more_votes()
    {
        var held = await AskAsync("restart_service", "decided");
        await _bench.Alice.VoteAsync(held.Id!, "deny", held.Digest!, Cancel);

        var answer = await _bench.Product.As("BOB").VoteAsync(held.Id!, "approve", held.Digest!, Cancel);

        Assert.Equal((HttpStatusCode.Conflict, "already-decided"), (answer.Status, answer.Problem));
        Assert.Equal("denied", answer.Text("state"));
    }

    [Fact]
    public async Task One_person_counts_once()
    {
        var held = await AskAsync("move_money", "twice");

        var first = await _bench.Alice.VoteAsync(held.Id!, "approve", held.Digest!, Cancel);
        var second = await _bench.Alice.VoteAsync(held.Id!, "approve", held.Digest!, Cancel);

        Assert.Equal((HttpStatusCode.OK, "pending"), (first.Status, first.State));
        Assert.Equal((HttpStatusCode.Conflict, "already-voted"), (second.Status, second.Problem));
    }

    [Fact]
    public async Task Stages_run_in_order()
    {
        var held = await AskAsync("rotate_key", "stages");

        var alice = await _bench.Alice.VoteAsync(held.Id!, "approve", held.Digest!, Cancel);
        var carol = await _bench.Product.As("CAROL").VoteAsync(held.Id!, "approve", held.Digest!, Cancel);
        var ended = await _bench.Agent.WaitForEndAsync(held.Id!, Cancel);

        Assert.Equal((HttpStatusCode.OK, "pending"), (alice.Status, alice.State));
        Assert.Equal([1, 0], StagesOf(alice).Select(stage => stage.GetProperty("have").GetInt32()));
        Assert.Equal(HttpStatusCode.OK, carol.Status);
        Assert.Equal("succeeded", ended.State);
        Assert.Single(_bench.Upstream.Calls, call => call.Arguments == """{"id":"stages"}""");
    }

    [Fact]
    public async Task A_vote_counts_in_every_track_it_fits_and_all_tracks_are_needed()
    {
        var held = await AskAsync("move_money", "tracks");

        var bob = await _bench.Product.As("BOB").VoteAsync(held.Id!, "approve", held.Digest!, Cancel);
        var alice = await _bench.Alice.VoteAsync(held.Id!, "approve", held.Digest!, Cancel);
        var ended = await _bench.Agent.WaitForEndAsync(held.Id!, Cancel);

        Assert.Equal(2, bob.Json.GetProperty("review").GetProperty("tracks").GetArrayLength());
        Assert.Equal([1, 1], StagesOf(bob).Select(stage => stage.GetProperty("have").GetInt32()));
        Assert.Equal("pending", bob.State);
        Assert.Equal(HttpStatusCode.OK, alice.Status);
        Assert.Equal("succeeded", ended.State);
    }

    [Fact]
    [Trait("Threat", "THR-025"), Trait("CWE", "362")]
    public async Task Two_people_who_approve_at_once_make_one_decision()
    {
        var held = await AskAsync("restart_service", "at once");

        var votes = await Task.WhenAll(
            _bench.Alice.VoteAsync(held.Id!, "approve", held.Digest!, Cancel),
            _bench.Product.As("BOB").VoteAsync(held.Id!, "approve", held.Digest!, Cancel));
        var ended = await _bench.Agent.WaitForEndAsync(held.Id!, Cancel);

        Assert.Single(votes, vote => vote.Status == HttpStatusCode.OK);
        Assert.Single(votes, vote => vote.Problem == "already-decided");
        Assert.Equal("succeeded", ended.State);
        Assert.Single(_bench.Upstream.Calls, call => call.Arguments == """{"id":"at once"}""");
    }

    [Fact]
    public async Task What_the_agent_withdraws_cannot_be_approved()
    {
        var held = await AskAsync("restart_service", "withdrawn");

        var withdrawn = await _bench.Agent.WithdrawAsync(held.Id!, Cancel);
        var approved = await _bench.Alice.VoteAsync(held.Id!, "approve", held.Digest!, Cancel);

        Assert.Equal((HttpStatusCode.OK, "withdrawn"), (withdrawn.Status, withdrawn.State));
        Assert.Equal((HttpStatusCode.Conflict, "already-decided"), (approved.Status, approved.Problem));
    }

    private Task<ApiAnswer> AskAsync(string operation, string id) =>
        _bench.Agent.AskAsync("ops", operation, $$"""{"id":"{{id}}"}""", Cancel);

    private static List<JsonElement> StagesOf(ApiAnswer action) =>
    [
        .. action.Json.GetProperty("review").GetProperty("tracks").EnumerateArray()
            .SelectMany(track => track.GetProperty("stages").EnumerateArray()),
    ];
}
