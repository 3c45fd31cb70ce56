using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Countersign.EndToEnd.Support;

namespace Countersign.EndToEnd;

/// <summary>The built product with Slack as a channel: a card appears, people click, the message follows.</summary>
public sealed class SlackTests : IAsyncLifetime
{
    private SlackWorld _slack = null!;
    private Bench _bench = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _slack = await SlackWorld.StartAsync(Cancel);
        _bench = await SlackWorld.OpenAsync(_slack.Configuration, Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        await _bench.DisposeAsync();
        await _slack.DisposeAsync();
    }

    [Fact]
    public async Task Two_clicks_of_two_persons_execute_the_action_and_the_message_follows()
    {
        var held = await AskAsync("two clicks");
        var card = await _slack.NextMessageAsync(Cancel);
        var approve = SlackWorld.ValueOf(card, "approve")!;

        var first = await SendAsync(_slack.Press("U0ALICE", "approve", approve));
        var second = await _slack.NextMessageAsync(Cancel);
        await SendAsync(_slack.Press("U0BOB", "approve", approve));
        var ended = await _bench.Agent.WaitForEndAsync(held.Id!, Cancel);

        Assert.Equal(HttpStatusCode.OK, first);
        Assert.Contains("1 of 2, still needed: 1 of group:platform", second.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal("succeeded", ended.State);
        Assert.Single(_bench.Upstream.Calls);
        Assert.All(
            ended.Json.GetProperty("review").GetProperty("votes").EnumerateArray(),
            vote => Assert.Equal("chat", vote.GetProperty("assurance").GetString()));
        await UntilAsync(message => message.ToJsonString().Contains("Succeeded", StringComparison.Ordinal));
        await _bench.Product.VerifyLedgerAsync(Cancel);
    }

    [Fact]
    public async Task A_denial_with_its_comment_reaches_the_agent()
    {
        var held = await AskAsync("denied");
        var card = await _slack.NextMessageAsync(Cancel);

        await SendAsync(_slack.Press("U0CAROL", "deny", SlackWorld.ValueOf(card, "deny")!));
        var sent = await SendAsync(_slack.Submit("U0CAROL", "move it on Monday"));
        var ended = await _bench.Agent.WaitForEndAsync(held.Id!, Cancel);

        Assert.Equal(HttpStatusCode.OK, sent);
        Assert.Equal("denied", ended.State);
        Assert.Contains("move it on Monday", ended.Text("explanation"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_agent_is_stopped_from_its_card_and_the_card_says_so()
    {
        var held = await AskAsync("stopped");
        var card = await _slack.NextMessageAsync(Cancel);

        await SendAsync(_slack.Press("U0BOB", "stop", SlackWorld.ValueOf(card, "stop")!));
        var sent = await SendAsync(_slack.Submit("U0BOB", "It runs wild."));
        var refused = await AskAsync("again");
        var ended = await _bench.Alice.WaitForEndAsync(held.Id!, Cancel);

        Assert.Equal(HttpStatusCode.OK, sent);
        Assert.Equal((HttpStatusCode.Forbidden, "agent-stopped"), (refused.Status, refused.Problem));
        Assert.Equal("withdrawn", ended.State);
        Assert.Contains("stopped by bob: It runs wild.", ended.Text("explanation"), StringComparison.Ordinal);
        await UntilAsync(message => message.ToJsonString().Contains("Withdrawn", StringComparison.Ordinal));
        await _bench.Product.VerifyLedgerAsync(Cancel);
    }

    [Fact]
    public async Task The_owner_is_told_why_they_may_not_approve()
    {
        await AskAsync("own");
        var card = await _slack.NextMessageAsync(Cancel);

        await SendAsync(_slack.Press("U0DAVE", "approve", SlackWorld.ValueOf(card, "approve")!));

        Assert.Contains("You stand behind this request", await _slack.NextReplyAsync(Cancel), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Threat", "THR-023"), Trait("CWE", "294")]
    public async Task A_vote_and_the_message_it_belongs_to_survive_kill_9()
    {
        var held = await AskAsync("killed");
        var card = await _slack.NextMessageAsync(Cancel);
        var click = _slack.Press("U0ALICE", "approve", SlackWorld.ValueOf(card, "approve")!);
        await SendAsync(click);
        await _bench.Product.KillAsync();
        await _bench.Product.StartAgainAsync(Cancel);

        var again = await SendAsync(click);
        await SendAsync(_slack.Press("U0BOB", "approve", SlackWorld.ValueOf(card, "approve")!));
        var ended = await _bench.Agent.WaitForEndAsync(held.Id!, Cancel);

        Assert.Equal(HttpStatusCode.OK, again);
        Assert.Equal(2, ended.Json.GetProperty("review").GetProperty("votes").GetArrayLength());
        await UntilAsync(message => message["ts"] is not null
            && message.ToJsonString().Contains("approved by", StringComparison.Ordinal));
    }

    [Fact]
    public async Task While_slack_is_away_the_node_is_degraded_and_the_review_waits_in_the_console()
    {
        await UntilReadyAsync("ready");
        _slack.IsAway = true;

        var held = await AskAsync("away");
        var degraded = await UntilReadyAsync("degraded");
        var vote = await _bench.Alice.VoteAsync(held.Id!, "deny", held.Digest!, Cancel);

        Assert.Contains("503", degraded.GetProperty("channels").GetProperty("slack").GetString());
        Assert.Equal((HttpStatusCode.OK, "denied"), (vote.Status, vote.State));
    }

    [Fact]
    public async Task Doctor_asks_slack()
    {
        var works = await _bench.Product.RunAsync(
            "ALICE", Cancel, "doctor", "--config", _bench.Product.Folder.Configuration);
        _slack.IsAway = true;
        var broken = await _bench.Product.RunAsync(
            "ALICE", Cancel, "doctor", "--config", _bench.Product.Folder.Configuration);

        Assert.Contains("ok    slack", works.Output, StringComparison.Ordinal);
        Assert.Contains("FAIL  slack", broken.Output, StringComparison.Ordinal);
        Assert.Equal(1, broken.ExitCode);
    }

    private Task<ApiAnswer> AskAsync(string id) =>
        _bench.Agent.AskAsync("ops", "move_money", $$"""{"id":"{{id}}"}""", Cancel);

    private Task<HttpStatusCode> SendAsync(JsonObject payload) =>
        _slack.SendAsync(_bench.Product.Address, payload, Cancel);

    private async Task UntilAsync(Predicate<JsonObject> condition)
    {
        while (!condition(await _slack.NextMessageAsync(Cancel)))
        {
            // Each change is a message of its own; the one that is waited for comes last.
        }
    }

    /// <summary>Asks until the node says so; a message that waits is tried at least once a second.</summary>
    private async Task<JsonElement> UntilReadyAsync(string status)
    {
        using var http = new HttpClient { BaseAddress = _bench.Product.Address };
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(Limits.Soon);
        while (true)
        {
            var json = JsonElement.Parse(await http.GetStringAsync("readyz", limit.Token));
            if (json.GetProperty("status").GetString() == status)
            {
                return json;
            }

            await Task.Yield();
        }
    }
}
