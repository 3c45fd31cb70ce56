using System.Text.Json.Nodes;
using Countersign.Core.Actions;

namespace Countersign.Tests.Channels.Slack;

/// <summary>The same clicks over a connection that we open.</summary>
public sealed class SlackSocketTests : IAsyncLifetime
{
    private SlackHost _host = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _host = await SlackHost.StartAsync(usesSocket: true);

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task An_envelope_is_acknowledged_when_its_click_is_recorded()
    {
        var asked = await _host.AskShownAsync();
        var connection = await _host.Slack.NextConnectionAsync(Cancel);

        await connection.SendAsync("e1", Press(), Cancel);
        var acknowledgement = await connection.NextAcknowledgementAsync(Cancel);

        Assert.Equal("""{"envelope_id":"e1"}""", acknowledgement.ToJsonString());
        Assert.Equal(ActionState.Succeeded, (await _host.EndOfAsync(asked)).State);
    }

    [Fact]
    public async Task The_same_click_in_another_envelope_is_acknowledged_and_does_nothing()
    {
        var asked = await _host.AskShownAsync();
        var connection = await _host.Slack.NextConnectionAsync(Cancel);
        var payload = Press();
        await connection.SendAsync("e1", payload, Cancel);
        await connection.NextAcknowledgementAsync(Cancel);
        var ledger = (await _host.FindAsync(asked)).Ledger;

        await connection.SendAsync("e2", payload, Cancel);
        var acknowledgement = await connection.NextAcknowledgementAsync(Cancel);

        Assert.Equal("e2", acknowledgement["envelope_id"]!.GetValue<string>());
        Assert.Equal(ledger, (await _host.FindAsync(asked)).Ledger);
        Assert.False(_host.Slack.HasReply);
    }

    [Fact]
    public async Task What_is_wrong_with_a_form_comes_with_its_acknowledgement()
    {
        await _host.AskShownAsync();
        var connection = await _host.Slack.NextConnectionAsync(Cancel);
        await connection.SendAsync("e1", _host.Slack.Press("U0BOB", "deny", _host.ValueOf("deny")!), Cancel);
        await connection.NextAcknowledgementAsync(Cancel);
        await connection.SendAsync("e2", Press(), Cancel);
        await connection.NextAcknowledgementAsync(Cancel);

        await connection.SendAsync("e3", _host.Slack.Submit("U0BOB", "comment", ""), Cancel);
        var acknowledgement = await connection.NextAcknowledgementAsync(Cancel);

        Assert.Equal("errors", acknowledgement["payload"]!["response_action"]!.GetValue<string>());
    }

    [Fact]
    public async Task What_became_of_a_stop_comes_with_its_acknowledgement()
    {
        await _host.AskShownAsync();
        var connection = await _host.Slack.NextConnectionAsync(Cancel);
        await connection.SendAsync("e1", _host.Slack.Press("U0BOB", "stop", _host.ValueOf("stop")!), Cancel);
        await connection.NextAcknowledgementAsync(Cancel);

        await connection.SendAsync("e2", _host.Slack.Submit("U0BOB", "comment", ""), Cancel);
        var acknowledgement = await connection.NextAcknowledgementAsync(Cancel);

        Assert.Equal("update", acknowledgement["payload"]!["response_action"]!.GetValue<string>());
        Assert.Equal("modal", acknowledgement["payload"]!["view"]!["type"]!.GetValue<string>());
    }

    [Fact]
    public async Task What_cannot_be_recorded_is_not_acknowledged_and_comes_again()
    {
        var asked = await _host.AskShownAsync();
        var connection = await _host.Slack.NextConnectionAsync(Cancel);
        var payload = Press();
        _host.Console.Store.IsDown = true;
        await connection.SendAsync("e1", payload, Cancel);
        await connection.SendAsync(Needless("e2"), Cancel);
        var other = await connection.NextAcknowledgementAsync(Cancel);
        _host.Console.Store.IsDown = false;

        await connection.SendAsync("e1", payload, Cancel);
        var acknowledgement = await connection.NextAcknowledgementAsync(Cancel);

        Assert.Equal("e2", other["envelope_id"]!.GetValue<string>());
        Assert.Equal("e1", acknowledgement["envelope_id"]!.GetValue<string>());
        Assert.Equal(ActionState.Succeeded, (await _host.EndOfAsync(asked)).State);
    }

    [Fact]
    public async Task After_a_warning_the_next_connection_is_open_before_the_old_one_ends()
    {
        var asked = await _host.AskShownAsync();
        var old = await _host.Slack.NextConnectionAsync(Cancel);
        await old.SendAsync(new JsonObject { ["type"] = "disconnect", ["reason"] = "warning" }, Cancel);
        var next = await _host.Slack.NextConnectionAsync(Cancel);

        await old.SendAsync("e1", Press(), Cancel);
        await old.NextAcknowledgementAsync(Cancel);
        old.Close();
        await next.SendAsync("e2", Press(), Cancel);
        await next.NextAcknowledgementAsync(Cancel);

        Assert.Single((await _host.FindAsync(asked)).Life.Votes);
    }

    [Fact]
    public async Task A_connection_that_ended_is_opened_again()
    {
        var first = await _host.Slack.NextConnectionAsync(Cancel);
        first.Close();

        var second = await _host.Slack.NextConnectionAsync(Cancel);
        await second.SendAsync("e1", new JsonObject { ["type"] = "view_closed" }, Cancel);

        Assert.Equal("e1", (await second.NextAcknowledgementAsync(Cancel))["envelope_id"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_connection_that_ends_after_a_click_that_the_store_could_not_take_is_opened_again()
    {
        await _host.AskShownAsync();
        var first = await _host.Slack.NextConnectionAsync(Cancel);
        _host.Console.Store.IsDown = true;
        await first.SendAsync("e1", Press(), Cancel);
        first.Close();

        var second = await _host.Slack.NextConnectionAsync(Cancel);
        await second.SendAsync(Needless("e2"), Cancel);

        Assert.Equal("e2", (await second.NextAcknowledgementAsync(Cancel))["envelope_id"]!.GetValue<string>());
    }

    /// <summary>Envelopes are taken in their order: what needs no store is answered after the others.</summary>
    private static JsonObject Needless(string envelope) =>
        new() { ["type"] = "slash_commands", ["envelope_id"] = envelope };

    private JsonObject Press() => _host.Slack.Press("U0BOB", "approve", _host.ValueOf("approve")!);
}
