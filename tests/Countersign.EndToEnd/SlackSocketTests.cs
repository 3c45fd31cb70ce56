using System.Net;
using System.Text.Json.Nodes;
using Countersign.EndToEnd.Support;
using Countersign.Tests.Channels.Slack;

namespace Countersign.EndToEnd;

/// <summary>The built product behind a firewall: clicks come over a connection that the product opens.</summary>
public sealed class SlackSocketTests : IAsyncLifetime
{
    private SlackWorld _slack = null!;
    private Bench _bench = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _slack = await SlackWorld.StartAsync(Cancel);
        _bench = await SlackWorld.OpenAsync(_slack.SocketConfiguration, Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        await _bench.DisposeAsync();
        await _slack.DisposeAsync();
    }

    [Fact]
    [Trait("Threat", "THR-023"), Trait("CWE", "294")]
    public async Task Clicks_over_the_socket_decide_a_review_though_the_socket_drops_between_them()
    {
        var first = await _slack.NextConnectionAsync(Cancel);
        var held = await AskAsync("dropped");
        var approve = SlackWorld.ValueOf(await _slack.NextMessageAsync(Cancel), "approve")!;
        var click = _slack.Press("U0ALICE", "approve", approve);
        await PressAsync(first, "e1", click);
        first.Drop();

        var second = await _slack.NextConnectionAsync(Cancel);
        await PressAsync(second, "e2", click);
        var between = await _bench.Alice.ShowAsync(held.Id!, Cancel);
        await PressAsync(second, "e3", _slack.Press("U0BOB", "approve", approve));
        var ended = await _bench.Agent.WaitForEndAsync(held.Id!, Cancel);

        Assert.Equal(("pending", 1), (between.State, VotesOf(between)));
        Assert.Equal(("succeeded", 2), (ended.State, VotesOf(ended)));
        Assert.Single(_bench.Upstream.Calls);
        await _bench.Product.VerifyLedgerAsync(Cancel);
    }

    [Fact]
    public async Task A_denial_goes_through_its_form_and_a_wrong_one_is_told_with_its_acknowledgement()
    {
        var connection = await _slack.NextConnectionAsync(Cancel);
        var held = await AskAsync("denied");
        var deny = SlackWorld.ValueOf(await _slack.NextMessageAsync(Cancel), "deny")!;
        await PressAsync(connection, "e1", _slack.Press("U0CAROL", "deny", deny));

        await PressAsync(connection, "e2", _slack.Submit("U0CAROL", "move it on Monday"));
        var ended = await _bench.Agent.WaitForEndAsync(held.Id!, Cancel);
        await connection.SendAsync("e3", _slack.Submit("U0BOB", "no"), Cancel);
        var late = await connection.NextAcknowledgementAsync(Cancel);

        Assert.Equal("denied", ended.State);
        Assert.Contains("move it on Monday", ended.Text("explanation"), StringComparison.Ordinal);
        Assert.Equal("errors", (string?)late["payload"]!["response_action"]);
    }

    [Fact]
    public async Task Without_a_signing_secret_nothing_is_taken_over_http()
    {
        var connection = await _slack.NextConnectionAsync(Cancel);
        var held = await AskAsync("forged");
        var approve = SlackWorld.ValueOf(await _slack.NextMessageAsync(Cancel), "approve")!;

        var sent = await _slack.SendAsync(
            _bench.Product.Address, _slack.Press("U0ALICE", "approve", approve), secondsAway: 0, secret: "", Cancel);

        Assert.Contains(sent, (HttpStatusCode[])[HttpStatusCode.Unauthorized, HttpStatusCode.NotFound]);
        Assert.Equal(0, VotesOf(await _bench.Alice.ShowAsync(held.Id!, Cancel)));
        connection.Close();
    }

    private static int VotesOf(ApiAnswer action) =>
        action.Json.GetProperty("review").GetProperty("votes").GetArrayLength();

    private Task<ApiAnswer> AskAsync(string id) =>
        _bench.Agent.AskAsync("ops", "move_money", $$"""{"id":"{{id}}"}""", Cancel);

    /// <summary>Sends an interaction, which is acknowledged when it is recorded.</summary>
    private static async Task PressAsync(SlackConnection connection, string envelope, JsonObject payload)
    {
        await connection.SendAsync(envelope, payload, Cancel);
        var acknowledged = await connection.NextAcknowledgementAsync(Cancel);
        Assert.Equal($$"""{"envelope_id":"{{envelope}}"}""", acknowledged.ToJsonString());
    }
}
