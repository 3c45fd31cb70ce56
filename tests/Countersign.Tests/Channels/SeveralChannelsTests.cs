using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Reviews;
using Countersign.Server.Channels.Slack;
using Countersign.Tests.Channels.Slack;
using Countersign.Tests.Channels.Teams;
using Microsoft.AspNetCore.Http;

namespace Countersign.Tests.Channels;

/// <summary>Several channels beside each other: a person is one person, and no channel waits for another.</summary>
public sealed class SeveralChannelsTests : IAsyncLifetime
{
    private SlackDouble _slack = null!;
    private TeamsHost _host = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _slack = await SlackDouble.StartAsync(TimeProvider.System, Cancel);
        _host = await TeamsHost.StartAsync(new SlackOptions(SlackDouble.BotToken, SlackDouble.Channel)
        {
            SigningSecret = SlackDouble.Secret,
            BaseUrl = _slack.BaseUrl,
        });
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        await _slack.DisposeAsync();
    }

    [Fact]
    [Trait("Threat", "THR-013"), Trait("CWE", "863")]
    public async Task One_person_in_slack_teams_and_the_console_at_once_is_one_vote()
    {
        _host.Require(need: 2, Assurance.Chat);
        var asked = await _host.AskShownAsync();
        await DeliverToSlackAsync();
        using var bob = await _host.Console.OpenForAsync("bob");
        var form = await bob.FormTokenAsync();

        await Task.WhenAll(
            PressInSlackAsync("U0BOB"),
            _host.PressAsync("bob", "approve"),
            bob.PostAsync(
                $"/console/actions/{asked.Id}/votes",
                ("form_token", form),
                ("decision", "approve"),
                ("digest", asked.Action.Digest.ToString())));

        var after = await _host.FindAsync(asked);
        Assert.Equal(ActionState.Pending, after.State);
        Assert.Equal(["bob"], after.Life.Votes.Select(vote => vote.Person.Value));
        await _host.PressAsync("carol", "approve");
        Assert.Equal(ActionState.Succeeded, (await _host.EndOfAsync(asked)).State);
    }

    [Fact]
    public async Task A_channel_that_is_down_keeps_nobody_from_deciding_in_the_other()
    {
        _host.Teams.Fault = static _ => Results.StatusCode(500);
        var asked = await _host.AskShownAsync();
        await DeliverToSlackAsync();
        Assert.Empty(_host.Teams.Messages);

        await PressInSlackAsync("U0BOB");

        Assert.Equal(ActionState.Succeeded, (await _host.EndOfAsync(asked)).State);
        Assert.NotNull(_host.Health.Complaint);
        Assert.Null(_host.Console.Service<SlackOutbox>().Health.Complaint);
    }

    [Fact]
    public async Task What_was_decided_in_one_stands_in_both()
    {
        var asked = await _host.AskShownAsync();
        await DeliverToSlackAsync();

        await _host.PressAsync("bob", "deny", ("comment", "Not today."));
        await _host.DeliverAsync();
        await DeliverToSlackAsync();

        Assert.Equal(ActionState.Denied, (await _host.FindAsync(asked)).State);
        Assert.Contains("Not today.", SlackHost.TextOf(_slack.Message), StringComparison.Ordinal);
        Assert.Contains("Not today.", TeamsHost.TextOf(_host.Card), StringComparison.Ordinal);
    }

    private Task<bool> DeliverToSlackAsync() => _host.Console.Service<SlackOutbox>().DeliverAsync(Cancel);

    private async Task PressInSlackAsync(string user)
    {
        var value = SlackHost.ButtonsOf(_slack.Message)
            .Single(button => (string)button["action_id"]! == "approve")["value"]!.GetValue<string>();
        using var http = new HttpClient();
        using var request = SlackDouble.Sign(
            _slack.Press(user, "approve", value),
            new Uri(_host.Console.Address, "/channels/slack/interactions"),
            _host.Time.GetUtcNow());
        using var answer = await http.SendAsync(request, Cancel);
        answer.EnsureSuccessStatusCode();
    }
}
