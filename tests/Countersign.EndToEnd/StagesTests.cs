using System.Net;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Countersign.EndToEnd.Support;

namespace Countersign.EndToEnd;

/// <summary>
/// Tracks, stages, escalation and expiry of the built product, each step as the API, Slack and the console show it.
/// Alice is on call; deadlines of some seconds pass by themselves.
/// </summary>
public sealed class StagesTests : IAsyncLifetime
{
    private const string Policy =
        """
        version: 1
        default: deny
        rules:
          - id: rotations
            reason: First a database owner looks, then Bob.
            when: action.operation == "rotate_key"
            then:
              require:
                stages:
                  - { of: group:dba, need: 1, within: 30m }
                  - { of: bob, need: 1, within: 15s, escalate: [group:oncall] }
                assurance: token
          - id: audit
            reason: The crew wants to know.
            when: action.operation == "rotate_key"
            then:
              require:
                stages: [ { of: group:crew, need: 1, within: 30m } ]
                assurance: token
          - id: restarts
            reason: Nobody is in a hurry.
            when: action.operation == "restart_service"
            then:
              require:
                stages: [ { of: bob, need: 1, within: 4s, escalate: [group:oncall] } ]
                assurance: token

        """;

    private static readonly JsonSerializerOptions s_readable = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private SlackWorld _slack = null!;
    private Bench _bench = null!;
    private ConsoleVisitor _console = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _slack = await SlackWorld.StartAsync(Cancel);
        _bench = await Bench.StartAsync(
            new ProductOptions { Policy = Policy, More = _slack.Configuration, Environment = SlackWorld.Variables },
            Cancel);
        _console = new ConsoleVisitor(_bench.Product.Address);
        await _console.SignInAsync(ProductFolder.TokenOf("ALICE"), Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        _console.Dispose();
        await _bench.DisposeAsync();
        await _slack.DisposeAsync();
    }

    [Fact]
    public async Task Two_tracks_go_side_by_side_stages_in_order_and_on_call_is_asked_when_a_deadline_passes()
    {
        var held = await _bench.Agent.AskAsync("ops", "rotate_key", """{"id":"stages"}""", Cancel);

        // Both tracks are asked at once, and of the first only its first stage.
        var card = await UntilShownAsync("0 of 1, still needed: 1 of group:dba");
        Assert.Contains("rotations: stage 1 of 2", card, StringComparison.Ordinal);
        Assert.Contains("audit: 0 of 1, still needed: 1 of group:crew", card, StringComparison.Ordinal);
        await AssertConsoleAsync(
            held, "0 of 1 approved, 1 more from group:dba", "0 of 1 approved, 1 more from group:crew");
        Assert.Equal([("group:crew", 0), ("group:dba", 0), ("bob", 0)], await StagesOfAsync(held));
        var early = await VoteAsync("ALICE", held);
        Assert.Equal((HttpStatusCode.Forbidden, "not-eligible"), (early.Status, early.Problem));

        // Carol fits both tracks: one is met, the other goes on to its second stage.
        var carol = await VoteAsync("CAROL", held);
        Assert.Equal((HttpStatusCode.OK, "pending"), (carol.Status, carol.State));
        card = await UntilShownAsync("rotations: stage 2 of 2");
        Assert.Contains("audit: met", card, StringComparison.Ordinal);
        Assert.Contains("still needed: 1 of bob", card, StringComparison.Ordinal);
        Assert.Contains("then group:oncall are asked too", card, StringComparison.Ordinal);
        Assert.Equal([("group:crew", 1), ("group:dba", 1), ("bob", 0)], await StagesOfAsync(held));
        await AssertConsoleAsync(held, "0 of 1 approved, 1 more from bob", "then group:oncall are asked too");
        Assert.Equal("not-eligible", (await VoteAsync("ALICE", held)).Problem);

        // Bob lets his time pass.
        card = await UntilShownAsync("1 of bob, and now group:oncall");
        Assert.Contains("Can act: Alice Liddell (alice), Bob Dodgson (bob)", card, StringComparison.Ordinal);
        Assert.Equal([("group:crew", 1), ("group:dba", 1), ("bob,group:oncall", 0)], await StagesOfAsync(held));
        await AssertConsoleAsync(held, "1 more from bob, and now group:oncall");
        var alice = await VoteAsync("ALICE", held);
        var ended = await _bench.Agent.WaitForEndAsync(held.Id!, Cancel);

        Assert.Equal(HttpStatusCode.OK, alice.Status);
        Assert.Equal("succeeded", ended.State);
        Assert.Single(_bench.Upstream.Calls);
        await UntilShownAsync("Succeeded");
        await AssertConsoleAsync(held, "Succeeded", "1 of 1 approved (bob)");
        await _bench.Product.VerifyLedgerAsync(Cancel);
    }

    [Fact]
    public async Task When_nobody_answers_after_the_escalation_either_the_review_expires_closed()
    {
        var held = await _bench.Agent.AskAsync("ops", "restart_service", """{"id":"expiry"}""", Cancel);

        await UntilShownAsync("and now group:oncall");
        var ended = await _bench.Agent.WaitForEndAsync(held.Id!, Cancel);
        var late = await VoteAsync("BOB", held);

        Assert.Equal("expired", ended.State);
        Assert.Equal((HttpStatusCode.Conflict, "expired"), (late.Status, late.Problem));
        Assert.DoesNotContain("\"approve\"", await UntilShownAsync("Expired"), StringComparison.Ordinal);
        await AssertConsoleAsync(held, "Expired", "0 of 1 approved");
        Assert.Empty(_bench.Upstream.Calls);
        await _bench.Product.VerifyLedgerAsync(Cancel);
    }

    private Task<ApiAnswer> VoteAsync(string name, ApiAnswer held) =>
        _bench.Product.As(name).VoteAsync(held.Id!, "approve", held.Digest!, Cancel);

    /// <summary>The message in the channel, as soon as it says so.</summary>
    private async Task<string> UntilShownAsync(string said)
    {
        while (true)
        {
            var message = await _slack.NextMessageAsync(Cancel);
            if (TextOf(message).Contains(said, StringComparison.Ordinal))
            {
                return TextOf(message);
            }
        }
    }

    private static string TextOf(JsonObject message) => message.ToJsonString(s_readable);

    private async Task AssertConsoleAsync(ApiAnswer held, params string[] said)
    {
        var page = await _console.ReadAsync($"/console/actions/{held.Id}", Cancel);
        Assert.All(said, text => Assert.Contains(text, page, StringComparison.Ordinal));
    }

    private async Task<IEnumerable<(string?, int)>> StagesOfAsync(ApiAnswer held)
    {
        var shown = await _bench.Alice.ShowAsync(held.Id!, Cancel);
        return shown.Json.GetProperty("review").GetProperty("tracks").EnumerateArray()
            .SelectMany(track => track.GetProperty("stages").EnumerateArray())
            .Select(stage => (stage.GetProperty("of").GetString(), stage.GetProperty("have").GetInt32()));
    }
}
