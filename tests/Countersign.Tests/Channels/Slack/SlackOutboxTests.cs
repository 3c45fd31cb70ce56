using System.Text.Json.Nodes;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;
using Microsoft.AspNetCore.Http;

namespace Countersign.Tests.Channels.Slack;

/// <summary>One message for each review, true at every moment at which Slack can be reached.</summary>
public sealed class SlackOutboxTests : IAsyncLifetime
{
    private SlackHost _host = null!;

    public async ValueTask InitializeAsync() => _host = await SlackHost.StartAsync();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task A_review_is_posted_once_with_its_buttons_and_without_unfurling()
    {
        await _host.AskShownAsync();
        await _host.DeliverAsync();

        Assert.Equal(["deny", "approve", "modify", "open", "stop"], VerbsOf(_host.Slack.Message));
        Assert.Single(_host.Slack.Calls, call => call.Method == "chat.postMessage");
        Assert.False(_host.Slack.Message["unfurl_links"]!.GetValue<bool>());
    }

    [Fact]
    public async Task Every_change_of_the_review_changes_the_one_message()
    {
        _host.Require(need: 2, Assurance.Chat);
        var asked = await _host.AskShownAsync();
        Assert.Contains("0 of 2, still needed: 2 of group:dba", Text, StringComparison.Ordinal);
        Assert.Contains("Can act: Bob Sawyer (bob), Carol Danvers (carol)", Text, StringComparison.Ordinal);

        await _host.PressAsync("U0BOB", "approve");
        await _host.DeliverAsync();

        Assert.Contains("1 of 2, still needed: 1 of group:dba", Text, StringComparison.Ordinal);
        Assert.Contains("Can act: Carol Danvers (carol)\n", Text, StringComparison.Ordinal);
        Assert.Contains("Approved by Bob Sawyer (bob) (chat)", Text, StringComparison.Ordinal);

        await _host.PressAsync("U0CAROL", "approve");
        var ended = await _host.EndOfAsync(asked);
        await _host.DeliverAsync();

        Assert.Equal(ActionState.Succeeded, ended.State);
        Assert.Contains(
            "Succeeded · approved by Bob Sawyer (bob), Carol Danvers (carol)", Text, StringComparison.Ordinal);
        Assert.Equal(["open"], VerbsOf(_host.Slack.Message));
        Assert.Single(_host.Slack.Messages);
    }

    [Fact]
    public async Task A_stage_that_escalates_says_whom_it_asks_from_then_on()
    {
        _host.Console.Require(Console.ConsoleHost.Need(
            "writes",
            "why",
            new Stage(
                [Party.Parse("carol")], Need: 1, TimeSpan.FromMinutes(15), [Party.Parse("group:oncall")])));
        await _host.AskShownAsync();
        Assert.Contains("then group:oncall are asked too", Text, StringComparison.Ordinal);

        _host.Time.Advance(TimeSpan.FromMinutes(16));
        _host.Console.Store.Due = async () =>
            [(await _host.Console.Store.ListAsync(new ActionFilter(), default)).Single().Row.Id];
        await _host.Console.Office.Reaper.SweepAsync(TestContext.Current.CancellationToken);
        await _host.DeliverAsync();

        Assert.Contains("1 of carol, and now group:oncall", Text, StringComparison.Ordinal);
        Assert.Contains("Can act: Bob Sawyer (bob), Carol Danvers (carol)", Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_over_before_anybody_here_was_asked_is_not_posted()
    {
        var asked = await _host.AskAsync();
        await _host.Console.Office.ReviewDesk.WithdrawAsync(
            asked.Id, "bob", comment: null, TestContext.Current.CancellationToken);

        await _host.DeliverAsync();

        Assert.Empty(_host.Slack.Messages);
        Assert.Empty(_host.Console.Store.Outbox);
    }

    [Fact]
    public async Task After_a_429_nothing_is_sent_before_slacks_time_is_over()
    {
        var refusals = 1;
        _host.Slack.Fault = call => call.Method == "chat.postMessage" && refusals-- > 0 ? TooMany(7) : null;
        await _host.AskShownAsync();
        Assert.Empty(_host.Slack.Messages);

        _host.Time.Advance(TimeSpan.FromSeconds(6));
        await _host.DeliverAsync();
        Assert.Empty(_host.Slack.Messages);

        _host.Time.Advance(TimeSpan.FromSeconds(1));
        await _host.DeliverAsync();

        Assert.Single(_host.Slack.Messages);
        Assert.Null(_host.Health.Complaint);
    }

    [Theory]
    [InlineData(500, null, "HTTP 500")]
    [InlineData(200, """{"ok":false,"error":"invalid_auth"}""", "invalid_auth")]
    [InlineData(200, "<html>", "not JSON")]
    public async Task While_slack_is_away_reviews_wait_the_channel_is_degraded_and_tries_grow_rarer(
        int status, string? body, string why)
    {
        _host.Slack.Fault = call => call.Method == "chat.postMessage"
            ? body is null ? Results.StatusCode(status) : Results.Text(body, "application/json")
            : null;
        var asked = await _host.AskShownAsync();
        Assert.Contains(why, _host.Health.Complaint, StringComparison.Ordinal);
        Assert.Equal(ActionState.Pending, (await _host.FindAsync(asked)).State);

        _host.Time.Advance(TimeSpan.FromSeconds(1));
        await _host.DeliverAsync();
        _host.Time.Advance(TimeSpan.FromSeconds(1));
        await _host.DeliverAsync();
        Assert.Equal(2, _host.Slack.Calls.Count(call => call.Method == "chat.postMessage"));

        _host.Slack.Fault = static _ => null;
        _host.Time.Advance(TimeSpan.FromSeconds(1));
        await _host.DeliverAsync();

        Assert.Single(_host.Slack.Messages);
        Assert.Null(_host.Health.Complaint);
    }

    [Fact]
    public async Task One_failure_is_enough_for_all_that_wait()
    {
        _host.Slack.Fault = call => call.Method == "chat.postMessage" ? Results.StatusCode(500) : null;
        await _host.AskAsync("""{"table":"one"}""");
        await _host.AskAsync("""{"table":"two"}""");

        await _host.DeliverAsync();

        Assert.Single(_host.Slack.Calls, call => call.Method == "chat.postMessage");
        Assert.Equal(2, _host.Console.Store.Outbox.Length);
    }

    [Fact]
    public async Task The_console_says_that_the_channel_is_degraded_and_why()
    {
        using var bob = await _host.Console.OpenForAsync("bob");
        Assert.DoesNotContain("is degraded", await bob.ReadAsync("/console"), StringComparison.Ordinal);
        _host.Slack.Fault = call => call.Method == "chat.postMessage" ? Results.StatusCode(500) : null;
        await _host.AskShownAsync();

        var page = await bob.ReadAsync("/console");

        Assert.Contains("Channel slack is degraded.", page, StringComparison.Ordinal);
        Assert.Contains("HTTP 500", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_burst_is_spread_over_time()
    {
        for (var i = 0; i < 8; i++)
        {
            await _host.AskAsync($$"""{"table":"t{{i}}"}""");
        }

        await _host.DeliverAsync();
        Assert.Equal(5, _host.Slack.Messages.Count);

        _host.Time.Advance(TimeSpan.FromSeconds(1));
        await _host.DeliverAsync();
        Assert.Equal(6, _host.Slack.Messages.Count);
    }

    [Fact]
    public async Task Several_changes_of_one_review_are_one_call()
    {
        _host.Require(need: 2, Assurance.Chat);
        var asked = await _host.AskShownAsync();
        await _host.PressAsync("U0BOB", "approve");
        await _host.PressAsync("U0CAROL", "approve");
        await _host.EndOfAsync(asked);

        await _host.DeliverAsync();

        Assert.Single(_host.Slack.Calls, call => call.Method == "chat.update");
        Assert.Empty(_host.Console.Store.Outbox);
    }

    [Fact]
    public async Task A_message_that_somebody_deleted_is_posted_again()
    {
        _host.Require(need: 2, Assurance.Chat);
        await _host.AskShownAsync();
        var payload = _host.Slack.Press("U0BOB", "approve", _host.ValueOf("approve")!);
        _host.Slack.Messages.Clear();

        await _host.SendAsync(payload);
        await _host.DeliverAsync();

        Assert.Contains("1 of 2, still needed", Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_card_that_slack_refuses_leaves_a_short_one_without_approve()
    {
        _host.Slack.Fault = call => call.Method == "chat.postMessage" && VerbsOf(call.Arguments).Contains("approve")
            ? Results.Text("""{"ok":false,"error":"invalid_blocks"}""", "application/json")
            : null;

        await _host.AskShownAsync();

        Assert.Equal(["open"], VerbsOf(_host.Slack.Message));
    }

    [Theory]
    [InlineData("is_ext_shared")]
    [InlineData("is_archived")]
    public async Task No_card_goes_where_strangers_would_read_it(string member)
    {
        _host.Slack.ChannelInfo = new JsonObject { [member] = true };

        await _host.AskShownAsync();

        Assert.Empty(_host.Slack.Messages);
        Assert.Contains("The channel is", _host.Health.Complaint, StringComparison.Ordinal);
    }

    /// <summary>Somebody shares the channel while the review is open.</summary>
    [Theory]
    [InlineData("is_ext_shared")]
    [InlineData("is_pending_ext_shared")]
    public async Task A_card_leaves_a_channel_that_strangers_read_by_now(string member)
    {
        _host.Require(need: 2, Assurance.Chat);
        await _host.AskShownAsync();
        Assert.Contains("orders", Text, StringComparison.Ordinal);
        await _host.PressAsync("U0BOB", "approve");
        _host.Slack.ChannelInfo = new JsonObject { [member] = true };
        _host.Time.Advance(TimeSpan.FromMinutes(2));

        await _host.DeliverAsync();

        Assert.Single(_host.Slack.Messages);
        Assert.Equal(["open"], VerbsOf(_host.Slack.Message));
        Assert.Contains("in the console only", Text, StringComparison.Ordinal);
        var whole = _host.Slack.Message.ToJsonString();
        Assert.All(
            new[] { "orders", "drop_table", "deploy-bot", "Bob", "production" },
            word => Assert.DoesNotContain(word, whole, StringComparison.Ordinal));
    }

    private static AnsweredTooMany TooMany(int seconds) => new(seconds);

    private string Text => SlackHost.TextOf(_host.Slack.Message);

    private static IEnumerable<string> VerbsOf(JsonObject message) =>
        SlackHost.ButtonsOf(message).Select(button => button["action_id"]!.GetValue<string>());

    private sealed class AnsweredTooMany(int seconds) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.StatusCode = StatusCodes.Status429TooManyRequests;
            httpContext.Response.Headers.RetryAfter = $"{seconds}";
            return Task.CompletedTask;
        }
    }
}
