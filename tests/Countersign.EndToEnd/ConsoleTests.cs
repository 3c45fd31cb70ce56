using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Countersign.EndToEnd.Support;
using Microsoft.Playwright;

namespace Countersign.EndToEnd;

/// <summary>The console in a real browser.</summary>
public sealed partial class ConsoleTests(SharedBench shared, Chromium chromium)
    : IClassFixture<SharedBench>, IClassFixture<Chromium>
{
    /// <summary>A browser waits a few seconds before it opens a stream again.</summary>
    private static readonly LocatorAssertionsToHaveTextOptions s_longer = new() { Timeout = 20_000 };

    private readonly Bench _bench = shared.Bench;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_new_review_appears_by_itself_and_goes_when_it_is_decided()
    {
        await using var watched = await OpenAsync("ALICE");

        var held = await AskAsync("restart_service", """{"id":"live"}""");
        var row = watched.Page.Locator($"[data-review='{held.Id}']");
        await Assertions.Expect(row).ToBeVisibleAsync();
        await _bench.Alice.VoteAsync(held.Id!, "deny", Cancel);

        await Assertions.Expect(row).ToHaveCountAsync(0);
        Assert.Empty(watched.Complaints);
    }

    [Fact]
    public async Task The_page_says_when_it_is_not_live_and_catches_up_when_it_is_again()
    {
        await using var watched = await OpenAsync("ALICE");
        var mark = watched.Page.Locator("[data-live]");
        await Assertions.Expect(mark).ToHaveTextAsync("Live");

        await watched.Page.RouteAsync("**/console/events*", route => route.AbortAsync());
        await watched.Page.ReloadAsync();
        await Assertions.Expect(mark).ToHaveTextAsync("Reconnecting…");
        var held = await AskAsync("restart_service", """{"id":"missed"}""");
        await watched.Page.UnrouteAllAsync();

        await Assertions.Expect(mark).ToHaveTextAsync("Live", s_longer);
        await Assertions.Expect(watched.Page.Locator($"[data-review='{held.Id}']")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_page_whose_session_is_over_says_that_it_is_signed_out()
    {
        await using var watched = await OpenAsync("ALICE");
        var mark = watched.Page.Locator("[data-live]");
        await Assertions.Expect(mark).ToHaveTextAsync("Live");

        await watched.Page.Context.ClearCookiesAsync();
        await AskAsync("restart_service", """{"id":"unseen"}""");

        await Assertions.Expect(mark).ToHaveTextAsync("Signed out: reload to sign in");
        await Assertions.Expect(watched.Page.GetByText("unseen")).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task Approving_with_a_comment_is_recorded_with_the_strength_of_the_sign_in()
    {
        var held = await AskAsync("restart_service", """{"id":"approved"}""");
        await using var watched = await OpenAsync("ALICE");

        await watched.Page.GotoAsync($"/console/actions/{held.Id}");
        await watched.Page.GetByLabel("Comment").FillAsync("It is due.");
        await ApproveOn(watched).ClickAsync();
        await Assertions.Expect(watched.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("Recorded.");
        var ended = await _bench.Agent.WaitForEndAsync(held.Id!, Cancel);

        var vote = Assert.Single(ended.Json.GetProperty("review").GetProperty("votes").EnumerateArray());
        Assert.Equal(("alice", "approve", "token", "It is due."), Describe(vote));
        Assert.Equal("succeeded", ended.State);
        Assert.Single(_bench.Upstream.Calls, call => call.Arguments == """{"id":"approved"}""");
        await Assertions.Expect(watched.Page.Locator(".state-succeeded")).ToBeVisibleAsync();
        Assert.Empty(watched.Complaints);
    }

    [Fact]
    public async Task Denying_ends_the_review()
    {
        var held = await AskAsync("restart_service", """{"id":"denied"}""");
        await using var watched = await OpenAsync("ALICE");

        await watched.Page.GotoAsync($"/console/actions/{held.Id}");
        await watched.Page.GetByRole(AriaRole.Button, new() { Name = "Deny" }).ClickAsync();
        await Assertions.Expect(watched.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("Your denial is recorded.");

        Assert.Equal("denied", (await _bench.Alice.ShowAsync(held.Id!, Cancel)).State);
        Assert.DoesNotContain(_bench.Upstream.Calls, call => call.Arguments == """{"id":"denied"}""");
    }

    [Fact]
    public async Task A_comment_that_somebody_types_stays_while_another_vote_changes_their_form()
    {
        var held = await AskAsync("rotate_key", """{"id":"typed"}""");
        await using var watched = await OpenAsync("ALICE");
        await watched.Page.GotoAsync($"/console/actions/{held.Id}");
        var comment = watched.Page.GetByLabel("Comment");
        await comment.PressSequentiallyAsync("Not be");

        await _bench.Product.As("BOB").VoteAsync(held.Id!, "approve", Cancel);
        await Assertions.Expect(watched.Page.GetByText("You cannot approve this.")).ToBeVisibleAsync();
        await watched.Page.Keyboard.TypeAsync("fore noon.");
        await watched.Page.GetByRole(AriaRole.Button, new() { Name = "Deny" }).ClickAsync();
        await Assertions.Expect(watched.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("Your denial is recorded.");

        var ended = await _bench.Alice.ShowAsync(held.Id!, Cancel);
        Assert.Contains("Not before noon.", ended.Json.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_person_stops_an_agent_and_two_let_it_go_on()
    {
        await using var alice = await OpenAsync("ALICE");
        await using var bob = await OpenAsync("BOB");
        await alice.Page.GetByRole(AriaRole.Link, new() { Name = "Agents" }).ClickAsync();
        await alice.Page.GetByText("team-bot").ClickAsync();

        await alice.Page.GetByLabel("Why").FillAsync("It runs wild.");
        await alice.Page.GetByRole(AriaRole.Button, new() { Name = "Stop team-bot now" }).ClickAsync();
        await Assertions.Expect(alice.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("The agent is stopped");
        Assert.Equal("agent-stopped", (await AskAsTeamBotAsync()).Problem);

        await GoOnOn(alice).ClickAsync();
        await Assertions.Expect(alice.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("Another person has to agree");
        Assert.Equal("agent-stopped", (await AskAsTeamBotAsync()).Problem);
        await bob.Page.GotoAsync("/console/agents/team-bot");
        await Assertions.Expect(bob.Page.GetByText("It runs wild.")).ToBeVisibleAsync();
        await GoOnOn(bob).ClickAsync();
        await Assertions.Expect(bob.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("The agent may go on.");

        Assert.Null((await AskAsTeamBotAsync()).Problem);
        Assert.Empty(alice.Complaints);
        Assert.Empty(bob.Complaints);
    }

    [Fact]
    public async Task The_owner_is_told_why_somebody_else_has_to_approve()
    {
        var held = await AskAsync("restart_service", """{"id":"owner"}""");
        await using var watched = await OpenAsync("DAVE");

        await watched.Page.GotoAsync($"/console/actions/{held.Id}");

        await Assertions.Expect(watched.Page.GetByText("You stand behind this request")).ToBeVisibleAsync();
        await Assertions.Expect(ApproveOn(watched)).ToHaveCountAsync(0);
        await Assertions.Expect(watched.Page.GetByRole(AriaRole.Button, new() { Name = "Deny" })).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_sign_in_that_is_too_weak_for_the_rule_is_told_so()
    {
        var held = await AskAsync("delete_backup", """{"id":"weak"}""");
        await using var watched = await OpenAsync("ALICE");

        await watched.Page.GotoAsync($"/console/actions/{held.Id}");
        await Assertions.Expect(watched.Page.GetByText("which counts as 'token'")).ToBeVisibleAsync();
        await Assertions.Expect(ApproveOn(watched)).ToHaveCountAsync(0);

        var shown = await _bench.Alice.ShowAsync(held.Id!, Cancel);
        Assert.Equal("pending", shown.State);
        Assert.Empty(shown.Json.GetProperty("review").GetProperty("votes").EnumerateArray());
    }

    [Fact]
    public async Task What_an_agent_writes_is_shown_and_never_executed()
    {
        const string script = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">";
        var body = JsonSerializer.Serialize(new
        {
            target = "ops",
            operation = "restart_service",
            arguments = new { name = script, script },
            reason = script,
            session = script,
        });
        var held = await _bench.Agent.PostAsync("v1/actions", body, Cancel);
        await using var watched = await OpenAsync("ALICE");

        await watched.Page.GotoAsync($"/console/actions/{held.Id}");
        await watched.Page.GetByText("The agent says").ClickAsync();

        await Assertions.Expect(watched.Page.Locator("pre.exact").First).ToContainTextAsync("<script>document.title");
        await Assertions.Expect(watched.Page.Locator("blockquote.said").First).ToContainTextAsync("<script>");
        await Assertions.Expect(watched.Page.Locator("img[src='x']")).ToHaveCountAsync(0);
        Assert.NotEqual("owned", await watched.Page.TitleAsync());
        Assert.Empty(watched.Complaints);
    }

    [Fact]
    public async Task Reading_an_address_of_a_form_decides_nothing()
    {
        var held = await AskAsync("restart_service", """{"id":"read"}""");
        await using var watched = await OpenAsync("ALICE");
        var before = await _bench.Alice.LedgerSizeAsync(Cancel);

        var response = await watched.Page.GotoAsync(
            $"/console/actions/{held.Id}/votes?decision=approve&digest={Uri.EscapeDataString(held.Digest!)}");

        Assert.Equal(404, response!.Status);
        Assert.Equal("pending", (await _bench.Alice.ShowAsync(held.Id!, Cancel)).State);
        Assert.Equal(before, await _bench.Alice.LedgerSizeAsync(Cancel));
    }

    [Fact]
    public async Task A_form_without_its_token_decides_nothing()
    {
        var held = await AskAsync("restart_service", """{"id":"forged"}""");
        await using var watched = await OpenAsync("ALICE");
        await watched.Page.GotoAsync($"/console/actions/{held.Id}");

        await watched.Page.RouteAsync("**/votes", route => route.ContinueAsync(new RouteContinueOptions
        {
            PostData = Encoding.UTF8.GetBytes(FormToken().Replace(route.Request.PostData!, "form_token=forged")),
        }));
        await ApproveOn(watched).ClickAsync();
        await Assertions.Expect(ApproveOn(watched)).ToHaveCountAsync(0);

        Assert.Equal("pending", (await _bench.Alice.ShowAsync(held.Id!, Cancel)).State);
    }

    [Fact]
    public async Task Every_page_has_a_strict_policy_and_the_browser_has_nothing_to_complain_about()
    {
        var held = await AskAsync("restart_service", """{"id":"policy"}""");
        await using var watched = await OpenAsync("ALICE");

        string[] paths = ["/console", $"/console/actions/{held.Id}", "/console/history", "/console/sign-in"];
        foreach (var path in paths)
        {
            var response = await watched.Page.GotoAsync(path);
            var policy = await response!.HeaderValueAsync("content-security-policy");
            Assert.Equal(200, response.Status);
            Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
            Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
            Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        }

        Assert.Empty(watched.Complaints);
    }

    [Fact]
    public async Task Nobody_reads_without_signing_in_and_no_agent_signs_in()
    {
        var held = await AskAsync("restart_service", """{"id":"closed"}""");
        await using var watched = await chromium.OpenAsync(_bench.Product.Address);

        await watched.Page.GotoAsync($"/console/actions/{held.Id}");
        await Assertions.Expect(watched.Page.GetByLabel("Your token")).ToBeVisibleAsync();
        await watched.Page.GetByLabel("Your token").FillAsync(ProductFolder.TokenOf("DEPLOY_BOT"));
        await watched.Page.GetByRole(AriaRole.Button, new() { Name = "Sign in", Exact = true }).ClickAsync();

        await Assertions.Expect(watched.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("only people sign in here");
        await Assertions.Expect(watched.Page.GetByText(held.Digest!)).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task The_demos_link_signs_in_once_and_lets_the_demo_go_on()
    {
        await using var demo = RunningProgram.Start(new ProgramOptions(Repository.Binary, "demo"));
        var link = new Uri((await DemoOutput.FindLineAsync(demo, "/console/sign-in/", Cancel)).Trim());
        await using var watched = await chromium.OpenAsync(new Uri(link, "/"));

        await watched.Page.GotoAsync(link.AbsolutePath);
        await watched.Page.GetByRole(AriaRole.Button, new() { Name = "Continue as" }).ClickAsync();
        await watched.Page.Locator("[data-review] a").ClickAsync();
        await ApproveOn(watched).ClickAsync();
        var ended = await demo.WaitAsync(Cancel);

        Assert.True(ended.ExitCode == 0, ended.ToString());
        Assert.Contains("2,Bill Lizard,UK", ended.Output, StringComparison.Ordinal);
        // The demo ends while its page still listens, so the page may notice that nobody answers any more.
        Assert.DoesNotContain(
            watched.Complaints, complaint => !complaint.Contains("ERR_CONNECTION_REFUSED", StringComparison.Ordinal));
        DemoOutput.RemoveFolder(ended.Output);
    }

    [GeneratedRegex("form_token=[^&]*")]
    private static partial Regex FormToken();

    private static (string?, string?, string?, string?) Describe(JsonElement vote) => (
        vote.GetProperty("person").GetString(),
        vote.GetProperty("decision").GetString(),
        vote.GetProperty("assurance").GetString(),
        vote.GetProperty("comment").GetString());

    private static ILocator ApproveOn(WatchedPage watched) =>
        watched.Page.GetByRole(AriaRole.Button, new() { Name = "Approve exactly this" });

    private Task<ApiAnswer> AskAsync(string operation, string arguments) =>
        _bench.Agent.AskAsync("ops", operation, arguments, Cancel);

    private static ILocator GoOnOn(WatchedPage watched) =>
        watched.Page.GetByRole(AriaRole.Button, new() { Name = "Agree that it goes on" });

    private Task<ApiAnswer> AskAsTeamBotAsync() =>
        _bench.Product.As("TEAM_BOT").AskAsync("ops", "restart_service", """{"id":"team"}""", Cancel);

    private async Task<WatchedPage> OpenAsync(string name)
    {
        var watched = await chromium.OpenAsync(_bench.Product.Address);
        await watched.SignInAsync(name);
        return watched;
    }
}
