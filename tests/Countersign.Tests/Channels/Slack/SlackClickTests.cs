using System.Net;
using System.Text.Json.Nodes;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Reviews;
using Microsoft.AspNetCore.Http;

namespace Countersign.Tests.Channels.Slack;

/// <summary>
/// What a click leads to: the same desk as every other channel, once, and recorded before it is acknowledged.
/// </summary>
public sealed class SlackClickTests : IAsyncLifetime
{
    private SlackHost _host = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _host = await SlackHost.StartAsync();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task An_approval_is_recorded_with_the_strength_of_a_chat_when_it_is_acknowledged()
    {
        var asked = await _host.AskShownAsync();

        var reception = await _host.PressAsync("U0BOB", "approve");

        var recorded = await _host.FindAsync(asked);
        Assert.Equal((HttpStatusCode.OK, ""), (reception.Status, reception.Body));
        Assert.Equal(ActionState.Succeeded, (await _host.EndOfAsync(asked)).State);
        var vote = Assert.Single(recorded.Life.Votes);
        Assert.Equal(("bob", Decision.Approve, Assurance.Chat), (vote.Person.Value, vote.Decision, vote.Assurance));
    }

    [Fact]
    [Trait("Threat", "THR-023"), Trait("CWE", "294")]
    public async Task The_same_bytes_again_are_acknowledged_and_do_nothing()
    {
        _host.Require(need: 2, Assurance.Chat);
        var asked = await _host.AskShownAsync();
        var payload = _host.Slack.Press("U0BOB", "approve", _host.ValueOf("approve")!);
        await _host.SendAsync(payload);
        var entries = (await _host.FindAsync(asked)).Ledger;

        var again = await _host.SendAsync(payload);

        Assert.Equal((HttpStatusCode.OK, ""), (again.Status, again.Body));
        Assert.Equal(entries, (await _host.FindAsync(asked)).Ledger);
        Assert.False(_host.Slack.HasReply);
    }

    [Fact]
    public async Task What_was_not_recorded_is_not_acknowledged_and_a_redelivery_records_it()
    {
        var asked = await _host.AskShownAsync();
        var payload = _host.Slack.Press("U0BOB", "approve", _host.ValueOf("approve")!);
        _host.Console.Store.IsDown = true;
        var failed = await _host.SendAsync(payload);
        _host.Console.Store.IsDown = false;

        var again = await _host.SendAsync(payload);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, failed.Status);
        Assert.Equal(HttpStatusCode.OK, again.Status);
        Assert.Equal(ActionState.Succeeded, (await _host.EndOfAsync(asked)).State);
    }

    [Theory]
    [InlineData(-301, SlackDouble.Secret)]
    [InlineData(301, SlackDouble.Secret)]
    [InlineData(0, "another secret")]
    [Trait("Threat", "THR-023"), Trait("CWE", "294")]
    public async Task A_wrong_signature_or_time_is_401_and_records_nothing(int away, string secret)
    {
        var asked = await _host.AskShownAsync();
        var payload = _host.Slack.Press("U0BOB", "approve", _host.ValueOf("approve")!);

        var reception = await _host.SendAsync(SlackDouble.Sign(
            payload, _host.Endpoint, _host.Time.GetUtcNow().AddSeconds(away), secret));

        Assert.Equal(HttpStatusCode.Unauthorized, reception.Status);
        Assert.Empty((await _host.FindAsync(asked)).Life.Votes);
    }

    [Fact]
    public async Task A_request_without_a_signature_is_401()
    {
        using var request = SlackDouble.Sign(
            _host.Slack.Press("U0BOB", "approve", "x"), _host.Endpoint, _host.Time.GetUtcNow());
        request.Headers.Remove("X-Slack-Signature");

        Assert.Equal(HttpStatusCode.Unauthorized, (await _host.SendAsync(request)).Status);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("""{"type":"block_actions"}""")]
    [InlineData("""{"type":"block_actions","user":{"id":"U0BOB"},"actions":[]}""")]
    [InlineData("""{"type":"block_actions","user":{"id":"U0BOB"},"actions":[{"action_id":"approve","value":"x"}]}""")]
    [InlineData("""{"type":"view_submission","user":{"id":7},"view":{}}""")]
    [InlineData("""{"type":"view_closed","user":{"id":"U0BOB"}}""")]
    public async Task What_says_nothing_is_acknowledged_and_records_nothing(string payload)
    {
        var asked = await _host.AskShownAsync();
        var node = JsonNode.Parse(payload)!;

        var reception = await _host.SendAsync(node as JsonObject ?? new JsonObject { ["type"] = "unknown" });

        Assert.Equal(HttpStatusCode.OK, reception.Status);
        Assert.Empty((await _host.FindAsync(asked)).Life.Votes);
    }

    [Fact]
    public async Task A_late_click_gets_an_answer()
    {
        var asked = await _host.AskShownAsync();
        var late = _host.Slack.Press("U0CAROL", "approve", _host.ValueOf("approve")!);
        await _host.PressAsync("U0BOB", "approve");
        await _host.EndOfAsync(asked);

        var reception = await _host.SendAsync(late);

        var reply = await _host.Slack.NextReplyAsync(Cancel);
        Assert.Equal(HttpStatusCode.OK, reception.Status);
        Assert.Equal("ephemeral", reply["response_type"]!.GetValue<string>());
        Assert.False(reply["replace_original"]!.GetValue<bool>());
        Assert.Contains("succeeded already", reply["text"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Single((await _host.FindAsync(asked)).Life.Votes);
    }

    [Fact]
    public async Task The_card_is_no_authority_a_click_on_other_bytes_counts_nothing()
    {
        var asked = await _host.AskShownAsync();
        var value = _host.ValueOf("approve")!;
        var other = value[..^1] + (value[^1] == '0' ? '1' : '0');

        await _host.SendAsync(_host.Slack.Press("U0BOB", "approve", other));

        Assert.Contains("changed since you looked", await ReplyAsync(), StringComparison.Ordinal);
        Assert.Empty((await _host.FindAsync(asked)).Life.Votes);
    }

    [Fact]
    public async Task Nobody_approves_their_own_action_through_slack_but_they_may_deny_it()
    {
        var asked = await _host.AskShownAsync();

        await _host.PressAsync("U0ALICE", "approve");
        var refusal = await ReplyAsync();
        await _host.PressAsync("U0ALICE", "deny");
        var denied = await _host.SendAsync(_host.Slack.Submit("U0ALICE", "comment", "I changed my mind"));

        Assert.Contains("You stand behind this request", refusal, StringComparison.Ordinal);
        Assert.Equal((HttpStatusCode.OK, ""), (denied.Status, denied.Body));
        Assert.Equal("I changed my mind", Assert.Single((await _host.FindAsync(asked)).Life.Votes).Comment);
    }

    [Fact]
    public async Task Whoever_reviews_nothing_is_told_who_can()
    {
        await _host.AskShownAsync();

        await _host.PressAsync("U0DORA", "approve");

        Assert.Contains("You are not among its reviewers", await ReplyAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_click_is_too_weak_where_a_session_is_asked_for()
    {
        _host.Require(need: 1, Assurance.Session);
        var asked = await _host.AskShownAsync();
        Assert.Null(_host.ValueOf("approve"));
        var value = _host.ValueOf("deny")!;

        await _host.SendAsync(_host.Slack.Press("U0BOB", "approve", value));

        Assert.Contains("counts as 'chat'", await ReplyAsync(), StringComparison.Ordinal);
        Assert.Empty((await _host.FindAsync(asked)).Life.Votes);
    }

    [Fact]
    public async Task A_denial_is_a_form_with_a_comment_that_the_agent_reads()
    {
        var asked = await _host.AskShownAsync();

        await _host.PressAsync("U0BOB", "deny");
        var reception = await _host.SendAsync(_host.Slack.Submit("U0BOB", "comment", " use the archive \n"));

        var now = await _host.FindAsync(asked);
        Assert.Equal((HttpStatusCode.OK, ""), (reception.Status, reception.Body));
        Assert.Equal((ActionState.Denied, "Denied by bob: use the archive"), (now.State, now.Ending));
    }

    [Fact]
    public async Task A_denial_that_comes_too_late_is_told_in_its_form()
    {
        await _host.AskShownAsync();
        await _host.PressAsync("U0CAROL", "deny");
        var approve = _host.Slack.Press("U0BOB", "approve", _host.ValueOf("approve")!);
        await _host.SendAsync(approve);

        var reception = await _host.SendAsync(_host.Slack.Submit("U0CAROL", "comment", ""));

        var body = JsonNode.Parse(reception.Body)!;
        Assert.Equal("errors", body["response_action"]!.GetValue<string>());
        Assert.Contains("over", body["errors"]!["comment"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_trigger_that_expired_is_answered_with_what_to_do()
    {
        await _host.AskShownAsync();
        var payload = _host.Slack.Press("U0BOB", "deny", _host.ValueOf("deny")!);
        _host.Time.Advance(SlackDouble.Patience + TimeSpan.FromSeconds(1));

        await _host.SendAsync(payload);

        Assert.Contains("Press the button again", await ReplyAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("deleted", "deactivated")]
    [InlineData("is_bot", "Bots")]
    [InlineData("is_restricted", "Guests")]
    [InlineData("is_ultra_restricted", "Guests")]
    [InlineData("is_stranger", "another organisation")]
    [Trait("Threat", "THR-008"), Trait("CWE", "287")]
    public async Task Accounts_that_may_not_decide_are_refused(string member, string why)
    {
        var asked = await _host.AskShownAsync();
        _host.Slack.Users["U0BOB"] = new JsonObject { [member] = true };

        await _host.PressAsync("U0BOB", "approve");

        Assert.Contains(why, await ReplyAsync(), StringComparison.Ordinal);
        Assert.Empty((await _host.FindAsync(asked)).Life.Votes);
    }

    [Fact]
    public async Task A_guest_denies_nothing_either()
    {
        var asked = await _host.AskShownAsync();
        await _host.PressAsync("U0BOB", "deny");
        _host.Slack.Users["U0BOB"] = new JsonObject { ["is_restricted"] = true };

        var reception = await _host.SendAsync(_host.Slack.Submit("U0BOB", "comment", "no"));

        Assert.Contains("Guests decide nothing", reception.Body, StringComparison.Ordinal);
        Assert.Empty((await _host.FindAsync(asked)).Life.Votes);
    }

    [Theory]
    [InlineData("team", "T0999")]
    [InlineData("user", "T0999")]
    [Trait("Threat", "THR-008"), Trait("CWE", "287")]
    public async Task Users_of_a_foreign_team_are_refused(string where, string team)
    {
        var asked = await _host.AskShownAsync();
        var payload = _host.Slack.Press("U0BOB", "approve", _host.ValueOf("approve")!);
        payload[where]![where == "team" ? "id" : "team_id"] = team;

        await _host.SendAsync(payload);

        Assert.StartsWith("Nothing was recorded", await ReplyAsync(), StringComparison.Ordinal);
        Assert.Empty((await _host.FindAsync(asked)).Life.Votes);
    }

    [Fact]
    public async Task A_user_whom_slack_places_in_another_team_is_refused()
    {
        var asked = await _host.AskShownAsync();
        _host.Slack.Users["U0BOB"] = new JsonObject { ["team_id"] = "T0999" };

        await _host.PressAsync("U0BOB", "approve");

        Assert.Contains("another workspace", await ReplyAsync(), StringComparison.Ordinal);
        Assert.Empty((await _host.FindAsync(asked)).Life.Votes);
    }

    [Fact]
    [Trait("Threat", "THR-008"), Trait("CWE", "287")]
    public async Task A_user_whom_slack_places_nowhere_is_refused()
    {
        var asked = await _host.AskShownAsync();
        _host.Slack.Users["U0BOB"] = new JsonObject { ["team_id"] = null };

        await _host.PressAsync("U0BOB", "approve");

        Assert.Contains("another workspace", await ReplyAsync(), StringComparison.Ordinal);
        Assert.Empty((await _host.FindAsync(asked)).Life.Votes);
    }

    [Theory]
    [InlineData("is_ext_shared", "approve")]
    [InlineData("is_ext_shared", "deny")]
    [InlineData("is_pending_ext_shared", "approve")]
    [InlineData("is_shared", "approve")]
    [Trait("Threat", "THR-008"), Trait("CWE", "287")]
    public async Task A_click_in_a_channel_that_strangers_read_is_refused(string member, string verb)
    {
        var asked = await _host.AskShownAsync();
        _host.Slack.ChannelInfo = new JsonObject { [member] = true };
        _host.Time.Advance(TimeSpan.FromMinutes(2));

        await _host.PressAsync("U0BOB", verb);

        Assert.Contains("is shared with another", await ReplyAsync(), StringComparison.Ordinal);
        Assert.Empty((await _host.FindAsync(asked)).Life.Votes);
    }

    [Theory]
    [InlineData("users.info")]
    [InlineData("auth.test")]
    [InlineData("conversations.info")]
    [Trait("Threat", "THR-006"), Trait("CWE", "754")]
    public async Task When_slack_does_not_say_nobody_counts(string method)
    {
        var asked = await _host.AskShownAsync();
        _host.Time.Advance(TimeSpan.FromMinutes(2));
        _host.Slack.Fault = call => call.Method == method
            ? Results.StatusCode(500)
            : null;

        await _host.PressAsync("U0BOB", "approve");

        Assert.Contains("Slack did not say", await ReplyAsync(), StringComparison.Ordinal);
        Assert.Empty((await _host.FindAsync(asked)).Life.Votes);
    }

    [Fact]
    public async Task When_slack_stays_silent_the_click_is_answered_all_the_same_and_nobody_counts()
    {
        var asked = await _host.AskShownAsync();
        _host.Slack.Fault = call => call.Method == "users.info" ? new Silence() : null;

        var reception = await _host.PressAsync("U0BOB", "approve");

        Assert.Equal(HttpStatusCode.OK, reception.Status);
        Assert.Contains("did not say in time", await ReplyAsync(), StringComparison.Ordinal);
        Assert.Empty((await _host.FindAsync(asked)).Life.Votes);
    }

    [Fact]
    [Trait("Threat", "THR-002"), Trait("CWE", "863")]
    public async Task An_account_of_nobody_is_offered_a_link()
    {
        var asked = await _host.AskShownAsync();

        await _host.SendAsync(_host.Slack.Press("U0EVE", "approve", _host.ValueOf("approve")!));

        var reply = await _host.Slack.NextReplyAsync(Cancel);
        Assert.Equal("link", Assert.Single(SlackHost.ButtonsOf(reply))["action_id"]!.GetValue<string>());
        Assert.Empty((await _host.FindAsync(asked)).Life.Votes);
    }

    [Theory]
    [InlineData("modify")]
    [InlineData("open")]
    public async Task Buttons_that_lead_elsewhere_are_acknowledged(string verb)
    {
        // What the card can show and no form can hold.
        _host.Require(need: 1, Assurance.Session);
        await _host.AskShownAsync($$"""{"table":"{{new string('é', 700)}}x"}""");
        var button = SlackHost.ButtonsOf(_host.Slack.Message)
            .Single(each => each["action_id"]!.GetValue<string>() == verb);

        var reception = await _host.SendAsync(_host.Slack.Press("U0BOB", verb, ""));

        Assert.StartsWith("http://console.test/console/actions/act_", button["url"]!.GetValue<string>());
        Assert.Equal(HttpStatusCode.OK, reception.Status);
        Assert.False(_host.Slack.HasReply);
    }

    [Fact]
    public async Task Two_clicks_of_one_person_are_one_vote()
    {
        _host.Require(need: 2, Assurance.Chat);
        var asked = await _host.AskShownAsync();

        await Task.WhenAll(_host.PressAsync("U0BOB", "approve"), _host.PressAsync("U0BOB", "approve"));

        Assert.Single((await _host.FindAsync(asked)).Life.Votes);
        Assert.Contains("counts once", await ReplyAsync(), StringComparison.Ordinal);
    }

    private async Task<string> ReplyAsync() =>
        (await _host.Slack.NextReplyAsync(Cancel))["text"]!.GetValue<string>();

    /// <summary>No answer, until the caller has gone.</summary>
    private sealed class Silence : IResult
    {
        public async Task ExecuteAsync(HttpContext httpContext) =>
            await Task.Delay(Timeout.Infinite, httpContext.RequestAborted)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
