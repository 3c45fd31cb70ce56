using System.Net;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Reviews;

namespace Countersign.Tests.Console;

public sealed class AgentTests
{
    private const string Page = "/console/agents/deploy-bot";

    private static readonly AgentId Bot = new("deploy-bot");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_button_stops_the_agent_and_withdraws_what_it_has_open()
    {
        await using var host = await ConsoleHost.StartAsync();
        var record = await host.AskAsync(new Ask());
        using var bob = await host.OpenForAsync("bob");
        var card = await bob.ReadAsync($"/console/actions/{record.Id}");

        var page = await SendAsync(bob, "stop", "it drops tables");

        Assert.Contains($"<a href=\"{Page}\">Stop this agent…</a>", card);
        Assert.Contains("The agent is stopped, and what it had open is withdrawn (1).", page);
        Assert.Contains("Stopped by Bob Sawyer (bob)", page);
        Assert.Contains("it drops tables", page);
        var after = await host.Office.Gatekeeper.FindAsync(record.Id, Cancellation);
        Assert.Equal(ActionState.Withdrawn, after!.State);
        Assert.Contains("Stopped", await bob.ReadAsync("/console/agents"));
    }

    [Fact]
    public async Task Two_persons_let_it_go_on_and_one_alone_does_not()
    {
        await using var host = await ConsoleHost.StartAsync();
        using var bob = await host.OpenForAsync("bob");
        using var carol = await host.OpenForAsync("carol");
        await SendAsync(bob, "stop");

        var first = await SendAsync(bob, "resume");
        var again = await SendAsync(bob, "resume");
        Assert.NotNull(await host.Office.Agents.FindStopAsync(Bot, Cancellation));
        var second = await SendAsync(carol, "resume");

        Assert.Contains("Another person has to agree", first);
        Assert.Contains("You have agreed already", again);
        Assert.Contains("The agent may go on.", second);
        Assert.Null(await host.Office.Agents.FindStopAsync(Bot, Cancellation));
    }

    [Fact]
    public async Task Agreement_to_an_earlier_stop_does_not_count_for_a_later_one()
    {
        await using var host = await ConsoleHost.StartAsync();
        using var bob = await host.OpenForAsync("bob");
        using var carol = await host.OpenForAsync("carol");
        await SendAsync(bob, "stop");
        var seen = Browser.FieldOf(await carol.ReadAsync(Page), "stop");
        await SendAsync(bob, "resume");
        await SendAsync(carol, "resume");
        await SendAsync(bob, "stop", "and again");

        var page = await SendAsync(carol, "resume", stop: seen);

        Assert.Contains("It was stopped again since you looked.", page);
        Assert.NotNull(await host.Office.Agents.FindStopAsync(Bot, Cancellation));
    }

    [Fact]
    public async Task A_stop_that_is_renewed_while_somebody_agrees_to_its_end_gets_no_agreement()
    {
        await using var host = await ConsoleHost.StartAsync();
        using var bob = await host.OpenForAsync("bob");
        using var carol = await host.OpenForAsync("carol");
        await SendAsync(bob, "stop");
        var seen = Browser.FieldOf(await carol.ReadAsync(Page), "stop");
        var token = Browser.FieldOf(await carol.ReadAsync(Page), "form_token");
        host.Store.AfterStopWasRead = async () =>
        {
            await host.Office.Agents.ResumeAsync(Bot, VoterOf("alice"), comment: null, shown: null, Cancellation);
            await host.Office.Agents.ResumeAsync(Bot, VoterOf("bob"), comment: null, shown: null, Cancellation);
            await host.Office.Agents.StopAsync(Bot, new PersonId("bob"), "and again", Cancellation);
        };

        using var agreed = await carol.PostAsync(
            $"{Page}/resume", ("form_token", token), ("stop", seen), ("comment", ""));
        var next = await SendAsync(bob, "resume");

        Assert.Null(host.Store.AfterStopWasRead);
        Assert.Contains("Another person has to agree", next);
        Assert.Equal("and again", (await host.Office.Agents.FindStopAsync(Bot, Cancellation))?.Comment);
    }

    [Fact]
    public async Task Whoever_reviews_nothing_sees_no_agent_and_stops_none()
    {
        await using var host = await ConsoleHost.StartAsync();
        await host.AskAsync(new Ask());
        using var dora = await host.OpenForAsync("dora");
        var token = await dora.FormTokenAsync();

        using var shown = await dora.GetAsync(Page);
        using var stopped = await dora.PostAsync($"{Page}/stop", ("form_token", token), ("comment", ""));

        Assert.Equal((HttpStatusCode.NotFound, HttpStatusCode.NotFound), (shown.StatusCode, stopped.StatusCode));
        Assert.Contains("There is no agent that you may stop", await dora.ReadAsync("/console/agents"));
        Assert.Null(await host.Office.Agents.FindStopAsync(Bot, Cancellation));
    }

    [Fact]
    public async Task A_form_that_comes_from_no_page_of_the_session_stops_nobody()
    {
        await using var host = await ConsoleHost.StartAsync();
        using var bob = await host.OpenForAsync("bob");

        using var forged = await bob.PostAsync($"{Page}/stop", ("form_token", "guess"), ("comment", ""));
        using var fetched = await bob.GetAsync($"{Page}/stop");

        Assert.Equal((HttpStatusCode.Forbidden, HttpStatusCode.NotFound), (forged.StatusCode, fetched.StatusCode));
        Assert.Null(await host.Office.Agents.FindStopAsync(Bot, Cancellation));
    }

    private static Voter VoterOf(string person) => new(new PersonId(person), Assurance.Token);

    // Opens the agent's page and presses its button, as a person does.
    private static async Task<string> SendAsync(Browser browser, string what, string comment = "", string? stop = null)
    {
        var page = await browser.ReadAsync(Page);
        using var answer = await browser.PostAsync(
            $"{Page}/{what}",
            ("form_token", Browser.FieldOf(page, "form_token")),
            ("stop", what == "stop" ? "" : stop ?? Browser.FieldOf(page, "stop")),
            ("comment", comment));
        Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode);
        return await browser.ReadAsync(answer.Headers.Location!.ToString());
    }
}
