using System.Text.Json.Nodes;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Reviews;
using Countersign.Server.Channels;
using Countersign.Server.Channels.Teams;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Countersign.Tests.Channels.Teams;

/// <summary>
/// One thread for each review and one message for each person who can act, true whenever Teams can be reached.
/// </summary>
public sealed class TeamsOutboxTests : IAsyncLifetime
{
    private TeamsHost _host = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _host = await TeamsHost.StartAsync();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task A_review_is_a_thread_in_the_channel_and_a_message_to_each_who_can_act()
    {
        await _host.AskShownAsync();
        await _host.DeliverAsync();

        Assert.Equal(["deny", "approve", "modify", "open", "stop"], TeamsHost.VerbsOf(_host.Card));
        Assert.Single(_host.Teams.For("bob"));
        Assert.Single(_host.Teams.For("carol"));
        Assert.Empty(_host.Teams.For("alice"));
        Assert.Empty(_host.Teams.For("dora"));
        Assert.Contains(
            "Call tool drop_table on ops", (string)_host.Teams.Thread["summary"]!, StringComparison.Ordinal);
        Assert.Equal(3, _host.Teams.Messages.Count);
    }

    [Fact]
    public async Task Every_change_of_the_review_changes_every_message()
    {
        _host.Require(need: 2, Assurance.Chat);
        var asked = await _host.AskShownAsync();
        Assert.Contains("0 of 2, still needed: 2 of group:dba", Text, StringComparison.Ordinal);

        await _host.PressAsync("bob", "approve");
        await _host.DeliverAsync();

        Assert.All(_host.Teams.Messages.Values, message => Assert.Contains(
            "1 of 2, still needed: 1 of group:dba",
            TeamsHost.TextOf(TeamsHost.CardOf(message)),
            StringComparison.Ordinal));

        await _host.PressAsync("carol", "approve");
        await _host.EndOfAsync(asked);
        await _host.DeliverAsync();

        Assert.Equal(3, _host.Teams.Messages.Count);
        Assert.All(_host.Teams.Messages.Values, message => Assert.Equal(
            ["open"], TeamsHost.VerbsOf(TeamsHost.CardOf(message))));
        Assert.Contains(
            "Succeeded · approved by Bob Sawyer (bob), Carol Danvers (carol)", Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_stands_there_already_is_not_sent_again()
    {
        var refusals = 1;
        _host.Teams.Fault = call => call.Conversation == "a:carol" && refusals-- > 0 ? TooMany(3) : null;
        await _host.AskShownAsync();
        Assert.Equal(2, _host.Teams.Messages.Count);
        _host.Time.Advance(TimeSpan.FromSeconds(3));

        await _host.DeliverAsync();

        Assert.Equal(3, _host.Teams.Messages.Count);
        Assert.DoesNotContain(_host.Teams.Calls, call => call.Method == "update");
        Assert.Empty(_host.Console.Store.Outbox);
    }

    [Theory]
    [InlineData(429)]
    [InlineData(412)]
    [InlineData(502)]
    [InlineData(504)]
    public async Task After_a_refusal_of_the_moment_nothing_is_sent_before_its_time_is_over(int status)
    {
        var refusals = 1;
        _host.Teams.Fault = call => call.Method == "create" && refusals-- > 0 ? Wait(status, 7) : null;
        await _host.AskShownAsync();
        var calls = _host.Teams.Calls.Count;

        _host.Time.Advance(TimeSpan.FromSeconds(6));
        await _host.DeliverAsync();
        Assert.Equal(calls, _host.Teams.Calls.Count);

        _host.Time.Advance(TimeSpan.FromSeconds(1));
        await _host.DeliverAsync();

        Assert.Equal(3, _host.Teams.Messages.Count);
        Assert.Null(_host.Health.Complaint);
    }

    [Theory]
    [InlineData(403)]
    [InlineData(404)]
    public async Task Somebody_who_cannot_be_written_to_holds_up_nobody_else(int status)
    {
        _host.Teams.Fault = call => call.Method == "create" && call.Body["members"]?[0]?["id"]?.GetValue<string>()
            == "29:bob" ? Results.StatusCode(status) : null;

        await _host.AskShownAsync();

        Assert.Single(_host.Teams.For("carol"));
        Assert.Single(_host.Teams.Threads);
        Assert.Empty(_host.Console.Store.Outbox);
        Assert.Null(_host.Health.Complaint);
    }

    [Fact]
    public async Task A_channel_that_is_closed_is_told_and_persons_are_reached_all_the_same()
    {
        _host.Teams.Fault = call => call.Body["channelData"]?["channel"] is null ? null : Results.StatusCode(403);

        await _host.AskShownAsync();

        Assert.Single(_host.Teams.For("bob"));
        Assert.Contains("Look at 'team_channel'", _host.Health.Complaint, StringComparison.Ordinal);
        _host.Teams.Fault = static _ => null;
        _host.Time.Advance(TimeSpan.FromMinutes(6));
        await _host.DeliverAsync();
        Assert.Single(_host.Teams.Threads);
        Assert.Single(_host.Teams.For("bob"));
        Assert.Null(_host.Health.Complaint);
    }

    [Fact]
    public async Task While_the_connector_is_away_reviews_wait_and_the_channel_is_degraded()
    {
        _host.Teams.Fault = static _ => Results.StatusCode(500);
        var asked = await _host.AskShownAsync();
        Assert.Contains("HTTP 500", _host.Health.Complaint, StringComparison.Ordinal);
        Assert.Equal(ActionState.Pending, (await _host.FindAsync(asked)).State);

        _host.Teams.Fault = static _ => null;
        _host.Time.Advance(TimeSpan.FromMinutes(1));
        await _host.DeliverAsync();

        Assert.Single(_host.Teams.Threads);
        Assert.Null(_host.Health.Complaint);
    }

    [Fact]
    public async Task A_token_that_was_taken_back_is_replaced_at_once()
    {
        await _host.AskShownAsync();
        _host.Teams.RevokeTokens();

        await _host.AskShownAsync("""{"table":"customers"}""");

        Assert.Equal(2, _host.Teams.Threads.Count());
        Assert.Equal(2, _host.Teams.TokensGiven);
    }

    [Fact]
    public async Task A_message_that_somebody_deleted_is_posted_again()
    {
        _host.Require(need: 2, Assurance.Chat);
        await _host.AskShownAsync();
        var card = _host.Card;
        _host.Teams.Messages.Clear();

        await _host.PressAsync("bob", card, "approve");
        await _host.DeliverAsync();

        Assert.Contains("1 of 2, still needed", Text, StringComparison.Ordinal);
        Assert.Single(_host.Teams.For("carol"));
    }

    [Fact]
    public async Task Who_deleted_a_message_gets_no_new_one_about_what_is_over()
    {
        var asked = await _host.AskShownAsync();
        var mine = _host.Teams.Messages.Keys.Single(key => key.Conversation == "a:bob");
        _host.Teams.Messages.TryRemove(mine, out _);

        await _host.PressAsync("carol", "approve");
        await _host.EndOfAsync(asked);
        await _host.DeliverAsync();

        Assert.Empty(_host.Teams.For("bob"));
        Assert.Equal(["open"], TeamsHost.VerbsOf(_host.Card));
        Assert.Empty(_host.Console.Store.Outbox);
    }

    [Fact]
    public async Task A_card_that_teams_finds_too_large_leaves_a_short_one_without_approve()
    {
        _host.Teams.Fault = call => call.Body.ToJsonString().Contains("\"approve\"", StringComparison.Ordinal)
            ? Results.Text("""{"error":{"code":"MessageSizeTooBig"}}""", "application/json", statusCode: 413)
            : null;

        await _host.AskShownAsync();

        Assert.Equal(["open"], TeamsHost.VerbsOf(_host.Card));
        Assert.Equal(["open"], TeamsHost.VerbsOf(TeamsHost.CardOf(_host.Teams.For("bob").Single())));
    }

    [Fact]
    public async Task Where_activities_come_from_is_where_messages_go()
    {
        await _host.SendAsync(_host.Teams.Activity("bob", "conversationUpdate", TeamsDouble.Channel));

        Assert.Equal(_host.Teams.ServiceUrl, _host.Console.Service<TeamsPoster>().Service.AbsoluteUri);
        Assert.Equal(
            "29:bob",
            await _host.Console.Service<TeamsRoster>().FindIdAsync(
                new Uri(_host.Teams.ServiceUrl), Guid.Parse(TeamsDouble.EntraOf("bob")), Cancel));
        Assert.Empty(_host.Teams.Calls);
    }

    [Fact]
    public async Task Who_writes_to_the_bot_is_told_what_it_is_for()
    {
        await _host.SendAsync(_host.Teams.Activity("bob", "message", "a:bob"));
        await _host.SendAsync(_host.Teams.Activity("eve", "message", "a:eve"));

        Assert.Contains(
            "told here of reviews",
            TeamsHost.TextOf(TeamsHost.CardOf(_host.Teams.For("bob").Single())),
            StringComparison.Ordinal);
        Assert.Contains("link", TeamsHost.VerbsOf(TeamsHost.CardOf(_host.Teams.For("eve").Single())));
    }

    [Fact]
    public async Task A_thousand_notifications_drain_below_the_limits_and_none_is_lost_across_a_restart()
    {
        const int Reviews = 1000;
        for (var i = 0; i < Reviews; i++)
        {
            await _host.AskAsync($$"""{"table":"t{{i}}"}""");
        }

        await DrainAsync(_host.Console.Service<TeamsOutbox>(), until: Reviews / 2);
        Assert.Empty(_host.Teams.Hurries);
        // A node takes messages, is killed, and another one begins without its memory.
        await _host.Console.Store.TakeOutboxAsync(TeamsOutbox.Channel, 10, Cancel);
        _host.Time.Advance(TimeSpan.FromMinutes(2));
        await DrainAsync(Restarted(), until: 0);

        Assert.Equal(Reviews, _host.Teams.Threads.Count());
        Assert.Equal(Reviews, _host.Teams.For("bob").Count());
        Assert.Equal(Reviews, _host.Teams.For("carol").Count());
        Assert.Equal(
            Reviews,
            _host.Teams.Threads.Select(message => TeamsHost.TextOf(TeamsHost.CardOf(message))).Distinct().Count());
        Assert.Empty(_host.Teams.Hurries);
    }

    private string Text => TeamsHost.TextOf(_host.Card);

    /// <summary>The outbox of a node that has just started.</summary>
    private TeamsOutbox Restarted()
    {
        var services = _host.Console.Service<IServiceProvider>();
        var poster = ActivatorUtilities.CreateInstance<TeamsPoster>(services);
        var readers = ActivatorUtilities.CreateInstance<TeamsReaders>(services, poster);
        var besides = ActivatorUtilities.CreateInstance<TeamsOutbox.Rooms>(services, readers);
        return ActivatorUtilities.CreateInstance<TeamsOutbox>(
            services, poster, besides, new ChannelHealth(TeamsOutbox.Channel, "Microsoft Teams"));
    }

    private async Task DrainAsync(TeamsOutbox outbox, int until)
    {
        const int MostSeconds = 1200;
        for (var second = 0; _host.Console.Store.Outbox.Length > until; second++)
        {
            Assert.True(second < MostSeconds, $"{_host.Console.Store.Outbox.Length} messages are left");
            await outbox.DeliverAsync(Cancel);
            _host.Time.Advance(TimeSpan.FromSeconds(1));
        }
    }

    private static Refusal TooMany(int seconds) => Wait(429, seconds);

    private static Refusal Wait(int status, int seconds) => new(status, seconds);

    private sealed class Refusal(int status, int seconds) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.StatusCode = status;
            httpContext.Response.Headers.RetryAfter = $"{seconds}";
            return Task.CompletedTask;
        }
    }
}
