using System.Net;
using System.Text.Json.Nodes;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Ledger;

namespace Countersign.Tests.Channels.Slack;

/// <summary>The stop button on a card: the same persons as everywhere, and said where it was pressed.</summary>
public sealed class SlackStopTests : IAsyncLifetime
{
    private const string Digest = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

    private static readonly AgentId s_agent = new("deploy-bot");

    private SlackHost _host = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _host = await SlackHost.StartAsync();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Theory]
    [InlineData("U0BOB", "bob")]
    [InlineData("U0ALICE", "alice")]
    public async Task Who_reviews_or_stands_behind_it_stops_the_agent_with_a_reason(string user, string person)
    {
        var asked = await _host.AskShownAsync();

        await _host.PressAsync(user, "stop");
        Assert.Equal("stop_v1", (string?)_host.Slack.View!["callback_id"]);
        var reception = await _host.SendAsync(_host.Slack.Submit(user, "comment", " It runs wild. \n"));

        Assert.Equal(HttpStatusCode.OK, reception.Status);
        var answer = JsonNode.Parse(reception.Body)!;
        Assert.Equal("update", (string?)answer["response_action"]);
        Assert.Empty(SlackLengths.Find(answer["view"]!.AsObject()));
        Assert.Contains("The agent is stopped, and what it had open is withdrawn (1).", reception.Body);
        Assert.Equal(ActionState.Withdrawn, (await _host.FindAsync(asked)).State);
        var stop = await _host.Console.Office.Agents.FindStopAsync(s_agent, Cancel);
        Assert.Equal((person, "It runs wild."), (stop!.By, stop.Comment));
        Assert.Single(_host.Console.Store.Entries, entry => entry.Type == EntryType.AgentStopped);
    }

    [Fact]
    public async Task The_button_asks_back_and_an_ended_card_has_none()
    {
        await _host.AskShownAsync();
        var button = SlackHost.ButtonsOf(_host.Slack.Message)
            .Single(each => (string?)each["action_id"] == "stop");
        Assert.Contains("deploy-bot", (string?)button["confirm"]!["text"]!["text"], StringComparison.Ordinal);

        await _host.PressAsync("U0BOB", "stop");
        await _host.SendAsync(_host.Slack.Submit("U0BOB", "comment", ""));
        await _host.DeliverAsync();

        Assert.Contains("Withdrawn", SlackHost.TextOf(_host.Slack.Message), StringComparison.Ordinal);
        Assert.Null(_host.ValueOf("stop"));
    }

    [Fact]
    public async Task Who_may_not_stop_it_gets_no_form()
    {
        await _host.AskShownAsync();

        await _host.PressAsync("U0DORA", "stop");

        Assert.Contains("may stop it, and you do not", await ReplyAsync(), StringComparison.Ordinal);
        Assert.Null(_host.Slack.View);
    }

    [Fact]
    public async Task Whoever_lost_the_right_meanwhile_stops_nothing_with_a_form_that_is_open()
    {
        await _host.AskShownAsync();
        await _host.PressAsync("U0BOB", "stop");

        var dora = await _host.SendAsync(_host.Slack.Submit("U0DORA", "comment", ""));
        _host.Slack.Users["U0BOB"] = new JsonObject { ["deleted"] = true };
        var gone = await _host.SendAsync(_host.Slack.Submit("U0BOB", "comment", ""));

        Assert.Contains("you do not", dora.Body, StringComparison.Ordinal);
        Assert.Contains("deactivated", gone.Body, StringComparison.Ordinal);
        Assert.Null(await _host.Console.Office.Agents.FindStopAsync(s_agent, Cancel));
    }

    [Fact]
    public async Task An_account_of_nobody_is_offered_a_link()
    {
        await _host.AskShownAsync();

        await _host.SendAsync(_host.Slack.Press("U0EVE", "stop", _host.ValueOf("stop")!));

        Assert.Contains("not linked to a person", await ReplyAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("act_00000000000000000000000000.1." + Digest)]
    public async Task A_button_that_names_no_action_stops_nobody(string value)
    {
        await _host.AskShownAsync();

        await _host.SendAsync(_host.Slack.Press("U0BOB", "stop", value));

        Assert.Contains("names no agent", await ReplyAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_card_of_an_earlier_revision_stops_the_agent_all_the_same()
    {
        await _host.AskShownAsync();
        var old = _host.ValueOf("stop")!;
        await _host.PressAsync("U0BOB", "modify");
        await _host.SendAsync(_host.Slack.Submit("U0BOB", ("json", """{"table":"test"}""")));

        await _host.SendAsync(_host.Slack.Press("U0CAROL", "stop", old));
        await _host.SendAsync(_host.Slack.Submit("U0CAROL", "comment", ""));

        Assert.NotNull(await _host.Console.Office.Agents.FindStopAsync(s_agent, Cancel));
    }

    [Fact]
    public async Task While_the_store_is_away_the_form_is_not_acknowledged_and_sent_again_it_stops()
    {
        await _host.AskShownAsync();
        await _host.PressAsync("U0BOB", "stop");
        var form = _host.Slack.Submit("U0BOB", "comment", "");
        _host.Console.Store.IsDown = true;
        var failed = await _host.SendAsync(form);
        _host.Console.Store.IsDown = false;

        var again = await _host.SendAsync(form);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, failed.Status);
        Assert.Equal(HttpStatusCode.OK, again.Status);
        Assert.NotNull(await _host.Console.Office.Agents.FindStopAsync(s_agent, Cancel));
    }

    private async Task<string> ReplyAsync() =>
        (await _host.Slack.NextReplyAsync(Cancel))["text"]!.GetValue<string>();
}
