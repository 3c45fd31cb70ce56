using System.Net;
using System.Text.Json.Nodes;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Ledger;

namespace Countersign.Tests.Channels.Slack;

/// <summary>
/// What Slack sends again because its acknowledgement came late or never: it counts once, and says nothing twice.
/// </summary>
public sealed class SlackRedeliveryTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("Threat", "THR-023"), Trait("CWE", "294")]
    public async Task A_click_that_is_acknowledged_in_time_is_sent_once()
    {
        await using var host = await StartAsync();
        var asked = await host.AskShownAsync();

        var attempts = await host.DeliverAsync(host.Slack.Press("U0BOB", "approve", host.ValueOf("approve")!));

        Assert.Equal((HttpStatusCode.OK, true), (Assert.Single(attempts).Status, attempts[0].IsAcknowledged));
        Assert.Single((await host.FindAsync(asked)).Life.Votes);
    }

    [Fact]
    [Trait("Threat", "THR-023"), Trait("CWE", "294")]
    public async Task A_click_that_is_acknowledged_too_late_comes_again_and_counts_once()
    {
        await using var host = await StartAsync();
        var asked = await host.AskShownAsync();
        BeSlowOnce(host);

        var attempts = await host.DeliverAsync(host.Slack.Press("U0BOB", "approve", host.ValueOf("approve")!));

        Assert.Equal([false, true], attempts.Select(attempt => attempt.IsInTime));
        Assert.All(attempts, attempt => Assert.Equal((HttpStatusCode.OK, ""), (attempt.Status, attempt.Body)));
        Assert.Single((await host.FindAsync(asked)).Life.Votes);
        Assert.Single(host.Console.Store.Entries, entry => entry.Type == EntryType.ReviewVote);
        await AssertNothingWasSaidAsync(host);
    }

    [Fact]
    [Trait("Threat", "THR-025"), Trait("CWE", "362")]
    public async Task A_deciding_click_that_comes_again_executes_once()
    {
        await using var host = await StartAsync(need: 1);
        var asked = await host.AskShownAsync();
        BeSlowOnce(host);

        var attempts = await host.DeliverAsync(host.Slack.Press("U0BOB", "approve", host.ValueOf("approve")!));

        Assert.Equal(2, attempts.Count);
        Assert.Equal(ActionState.Succeeded, (await host.EndOfAsync(asked)).State);
        Assert.Single(host.Console.Store.Entries, entry => entry.Type == EntryType.ExecutionIntent);
        await AssertNothingWasSaidAsync(host);
    }

    [Fact]
    [Trait("Threat", "THR-023"), Trait("CWE", "294")]
    public async Task A_form_that_stops_an_agent_and_comes_again_stops_it_once()
    {
        await using var host = await StartAsync();
        await host.AskShownAsync();
        await host.PressAsync("U0BOB", "stop");
        BeSlowOnce(host);

        var attempts = await host.DeliverAsync(host.Slack.Submit("U0BOB", "comment", "It runs wild."));

        Assert.Equal([false, true], attempts.Select(attempt => attempt.IsInTime));
        Assert.Single(host.Console.Store.Entries, entry => entry.Type == EntryType.AgentStopped);
    }

    [Fact]
    [Trait("Threat", "THR-023"), Trait("CWE", "294")]
    public async Task A_form_that_denies_and_comes_again_after_a_minute_denies_once()
    {
        await using var host = await StartAsync();
        var asked = await host.AskShownAsync();
        await host.PressAsync("U0BOB", "deny");
        BeSlowOnce(host);

        var form = host.Slack.Submit("U0BOB", "comment", "no");
        var attempts = await host.DeliverAsync(form);
        host.Time.Advance(TimeSpan.FromMinutes(1));
        attempts = [.. attempts, .. await host.DeliverAsync(form)];

        Assert.All(attempts, attempt => Assert.Equal((HttpStatusCode.OK, ""), (attempt.Status, attempt.Body)));
        Assert.Equal("Denied by bob: no", (await host.FindAsync(asked)).Ending);
        Assert.Single((await host.FindAsync(asked)).Life.Votes);
    }

    [Fact]
    public async Task A_form_that_is_told_too_late_what_is_wrong_is_told_so_again()
    {
        await using var host = await StartAsync();
        var asked = await host.AskShownAsync();
        await host.PressAsync("U0BOB", "deny");
        host.Slack.Users["U0BOB"] = new JsonObject { ["is_restricted"] = true };
        BeSlowOnce(host);

        var attempts = await host.DeliverAsync(host.Slack.Submit("U0BOB", "comment", "no"));

        Assert.Equal([false, true], attempts.Select(attempt => attempt.IsInTime));
        Assert.Contains("\"response_action\":\"errors\"", attempts[0].Body, StringComparison.Ordinal);
        Assert.Equal(attempts[0].Body, attempts[1].Body);
        Assert.Empty((await host.FindAsync(asked)).Life.Votes);
    }

    [Fact]
    public async Task What_could_not_be_recorded_is_recorded_by_a_retry()
    {
        await using var host = await StartAsync();
        var asked = await host.AskShownAsync();
        host.Console.Store.IsDown = true;
        var payload = host.Slack.Press("U0BOB", "approve", host.ValueOf("approve")!);
        host.Delivery.Missed = _ => host.Console.Store.IsDown = false;

        var attempts = await host.DeliverAsync(payload);

        Assert.Equal(
            [HttpStatusCode.ServiceUnavailable, HttpStatusCode.OK], attempts.Select(attempt => attempt.Status));
        Assert.Single((await host.FindAsync(asked)).Life.Votes);
    }

    [Fact]
    public async Task Slack_gives_up_after_three_retries_and_nothing_was_recorded()
    {
        await using var host = await StartAsync();
        var asked = await host.AskShownAsync();
        host.Console.Store.IsDown = true;

        var attempts = await host.DeliverAsync(host.Slack.Press("U0BOB", "approve", host.ValueOf("approve")!));
        host.Console.Store.IsDown = false;

        Assert.Equal([0, 1, 2, 3], attempts.Select(attempt => attempt.Retry));
        Assert.All(attempts, attempt => Assert.Equal(HttpStatusCode.ServiceUnavailable, attempt.Status));
        Assert.Empty((await host.FindAsync(asked)).Life.Votes);
    }

    [Fact]
    [Trait("Threat", "THR-023"), Trait("CWE", "294")]
    public async Task An_envelope_that_is_acknowledged_too_late_comes_again_and_counts_once()
    {
        await using var host = await StartAsync(usesSocket: true);
        var asked = await host.AskShownAsync();
        var connection = await host.Slack.NextConnectionAsync(Cancel);
        BeSlowOnce(host);

        var sent = await host.DeliverAsync(
            host.Slack.Press("U0BOB", "approve", host.ValueOf("approve")!), connection);

        Assert.Equal(2, sent);
        Assert.Single((await host.FindAsync(asked)).Life.Votes);
        await AssertNothingWasSaidAsync(host);
    }

    private static TimeSpan Late => SlackDouble.Patience + TimeSpan.FromSeconds(1);

    private static async Task<SlackHost> StartAsync(int need = 2, bool usesSocket = false)
    {
        var host = await SlackHost.StartAsync(usesSocket);
        host.Require(need, Assurance.Chat);
        return host;
    }

    /// <summary>Slack takes its time to say who somebody is, once.</summary>
    private static void BeSlowOnce(SlackHost host)
    {
        var isSlow = true;
        host.Slack.Fault = call =>
        {
            host.Time.Advance(isSlow && call.Method == "users.info" ? Late : TimeSpan.Zero);
            isSlow &= call.Method != "users.info";
            return null;
        };
    }

    /// <summary>Answers go out in their order: the first one is that of a click which comes after all others.</summary>
    private static async Task AssertNothingWasSaidAsync(SlackHost host)
    {
        await host.SendAsync(host.Slack.Press("U0BOB", "approve", "no card"));

        var reply = await host.Slack.NextReplyAsync(Cancel);
        Assert.Contains("nothing that could be approved", (string)reply["text"]!, StringComparison.Ordinal);
    }
}
