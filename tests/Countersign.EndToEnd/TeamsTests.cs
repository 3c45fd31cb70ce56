using System.Net;
using System.Text.Json.Nodes;
using Countersign.EndToEnd.Support;
using Microsoft.Playwright;

namespace Countersign.EndToEnd;

/// <summary>
/// The built product with Microsoft Teams as a channel. The cards are rendered by the package that Teams' own clients
/// are built on, people press them there, and what it fires is sent to the product as Teams sends it.
/// </summary>
public sealed class TeamsTests(Chromium chromium) : IClassFixture<Chromium>
{
    /// <summary>Largest picture that belongs into the repository.</summary>
    private const int MaxBytes = 150_000;

    private static readonly bool s_isForTheGuide = Environment.GetEnvironmentVariable("COUNTERSIGN_PICTURES") == "1";

    private static readonly string s_pictures = s_isForTheGuide
        ? Path.Combine(Repository.Root, "docs", "teams")
        : Path.Combine(Repository.Root, "artifacts", "pictures");

    private static readonly string s_golden =
        Path.Combine(Repository.Root, "tests", "Countersign.Tests", "Channels", "Teams", "Golden");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_card_is_parsed_and_rendered_without_a_warning()
    {
        var files = Directory.GetFiles(s_golden, "*.json");
        await using var watched = await OpenAsync(isDark: false);

        foreach (var file in files)
        {
            var warnings = await ShowAsync(watched, JsonNode.Parse(await File.ReadAllTextAsync(file, Cancel))!);
            Assert.True(warnings.Length == 0, $"{file}: {string.Join("; ", warnings)}");
        }

        Assert.True(files.Length > 10);
        Assert.Empty(watched.Complaints);
    }

    [Fact]
    public async Task The_package_complains_of_a_card_that_is_wrong()
    {
        await using var watched = await OpenAsync(isDark: false);
        var card = (await GoldenAsync("open")).ToJsonString();

        var warnings = await ShowAsync(
            watched, JsonNode.Parse(card.Replace("RichTextBlock", "PoorTextBlock", StringComparison.Ordinal))!);

        Assert.NotEmpty(warnings);
    }

    [Fact]
    public async Task What_is_typed_and_pressed_in_a_card_is_recorded_and_answered_with_a_card()
    {
        await using var teams = await TeamsWorld.StartAsync(Cancel);
        await using var bench = await StartAsync(teams);
        var held = await bench.Agent.AskAsync("ops", "move_money", """{"id":"pressed"}""", Cancel);
        await using var watched = await OpenAsync(isDark: false);
        Assert.Empty(await ShowAsync(watched, await teams.NextCardAsync(Cancel)));

        var (verb, data) = await PressAsync(watched, "Approve");
        var approved = await teams.PressAsync(bench.Product.Address, "ALICE", verb, data, Cancel);
        Assert.Empty(await ShowAsync(watched, approved.Body!["value"]!));
        Assert.Empty(await ShowAsync(watched, await teams.NextCardAsync(Cancel)));
        await watched.Page.Locator("textarea").FillAsync("move it on Monday");
        (verb, data) = await PressAsync(watched, "Deny");
        var denied = await teams.PressAsync(bench.Product.Address, "CAROL", verb, data, Cancel);
        var ended = await bench.Agent.WaitForEndAsync(held.Id!, Cancel);

        Assert.Equal((HttpStatusCode.OK, 200), (approved.Status, (int)approved.Body["statusCode"]!));
        Assert.Equal("application/vnd.microsoft.card.adaptive", (string)denied.Body!["type"]!);
        Assert.Empty(await ShowAsync(watched, denied.Body["value"]!));
        Assert.Equal("denied", ended.State);
        Assert.Contains("move it on Monday", ended.Text("explanation"), StringComparison.Ordinal);
        Assert.Equal(
            ["chat", "chat"],
            ended.Json.GetProperty("review").GetProperty("votes").EnumerateArray()
                .Select(vote => vote.GetProperty("assurance").GetString()));
        Assert.Empty(watched.Complaints);
        await bench.Product.VerifyLedgerAsync(Cancel);
    }

    [Fact]
    public async Task While_teams_is_away_the_node_is_degraded_and_the_review_waits_for_other_ways()
    {
        await using var teams = await TeamsWorld.StartAsync(Cancel);
        teams.IsAway = true;
        await using var bench = await StartAsync(teams);

        var held = await bench.Agent.AskAsync("ops", "move_money", """{"id":"away"}""", Cancel);
        var why = await UntilDegradedAsync(bench.Product.Address);
        var vote = await bench.Alice.VoteAsync(held.Id!, "deny", held.Digest!, Cancel);

        Assert.Contains("HTTP 500", why, StringComparison.Ordinal);
        Assert.Equal((HttpStatusCode.OK, "denied"), (vote.Status, vote.State));
    }

    [Fact]
    [Trait("Threat", "THR-023"), Trait("CWE", "294")]
    public async Task A_vote_survives_kill_9_and_the_message_follows_it()
    {
        await using var teams = await TeamsWorld.StartAsync(Cancel);
        await using var bench = await StartAsync(teams);
        var held = await bench.Agent.AskAsync("ops", "move_money", """{"id":"killed"}""", Cancel);
        var card = await teams.NextCardAsync(Cancel);
        var data = TeamsWorld.DataOf(card, "approve");
        await teams.PressAsync(bench.Product.Address, "ALICE", "approve", data, Cancel);
        await bench.Product.KillAsync();
        await bench.Product.StartAgainAsync(Cancel);

        await teams.PressAsync(bench.Product.Address, "BOB", "approve", data, Cancel);
        var ended = await bench.Agent.WaitForEndAsync(held.Id!, Cancel);
        while (!card.ToJsonString().Contains("approved by", StringComparison.Ordinal))
        {
            // Each change is an update of its own; the one that is waited for comes last.
            card = await teams.NextCardAsync(Cancel);
        }

        Assert.Equal(2, ended.Json.GetProperty("review").GetProperty("votes").GetArrayLength());
        await bench.Product.VerifyLedgerAsync(Cancel);
    }

    [Fact]
    public async Task Doctor_asks_teams()
    {
        await using var teams = await TeamsWorld.StartAsync(Cancel);
        await using var bench = await StartAsync(teams);
        var works = await bench.Product.RunAsync(
            "ALICE", Cancel, "doctor", "--config", bench.Product.Folder.Configuration);
        await teams.DisposeAsync();
        var broken = await bench.Product.RunAsync(
            "ALICE", Cancel, "doctor", "--config", bench.Product.Folder.Configuration);

        Assert.Contains("ok    teams metadata_url", works.Output, StringComparison.Ordinal);
        Assert.Contains("ok    teams app_password", works.Output, StringComparison.Ordinal);
        Assert.Contains("FAIL  teams", broken.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("light")]
    [InlineData("dark")]
    public async Task The_guide_has_a_picture_of_the_card(string scheme)
    {
        Directory.CreateDirectory(s_pictures);
        await using var watched = await OpenAsync(scheme == "dark");
        await watched.Page.SetViewportSizeAsync(760, 600);
        Assert.Empty(await ShowAsync(watched, await GoldenAsync("open")));

        var picture = PalettePng.Of(await watched.Page.ScreenshotAsync(new PageScreenshotOptions { FullPage = true }));

        Assert.InRange(picture.Length, 1, MaxBytes);
        await File.WriteAllBytesAsync(Path.Combine(s_pictures, $"card-{scheme}.png"), picture, Cancel);
    }

    private static Task<Bench> StartAsync(TeamsWorld teams) => Bench.StartAsync(
        new ProductOptions
        {
            Policy = StandardPolicy.TwoInChat,
            More = teams.Configuration,
            Environment = TeamsWorld.Variables,
            Accounts = TeamsWorld.Accounts,
        },
        Cancel);

    /// <summary>Asks until the node says so; a message that waits is tried at least once a second.</summary>
    private static async Task<string> UntilDegradedAsync(Uri server)
    {
        using var http = new HttpClient { BaseAddress = server };
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(Limits.Soon);
        while (true)
        {
            var json = JsonNode.Parse(await http.GetStringAsync("readyz", limit.Token))!;
            if ((string)json["status"]! == "degraded"
                && (string)json["channels"]!["teams"]! is var why
                && why.Contains("HTTP", StringComparison.Ordinal))
            {
                return why;
            }

            await Task.Yield();
        }
    }

    private static async Task<JsonNode> GoldenAsync(string name) =>
        JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(s_golden, $"{name}.json"), Cancel))!;

    private async Task<WatchedPage> OpenAsync(bool isDark)
    {
        var watched = await chromium.OpenAsync(new Uri("http://localhost/"));
        await watched.Page.SetContentAsync(
            "<!doctype html><html lang=\"en\"><title>Card</title><body><div id=\"card\"></div></body></html>");
        await watched.Page.AddStyleTagAsync(new PageAddStyleTagOptions
        {
            Path = Path.Combine(Repository.Node, "scripts", "card.css"),
        });
        await watched.Page.AddScriptTagAsync(new PageAddScriptTagOptions
        {
            Path = Path.Combine(Repository.Node, "node_modules", "adaptivecards", "dist", "adaptivecards.min.js"),
        });
        await watched.Page.AddScriptTagAsync(new PageAddScriptTagOptions
        {
            Path = Path.Combine(Repository.Node, "scripts", "card.js"),
        });
        await watched.Page.EvaluateAsync("isDark => window.useTheme(isDark)", isDark);
        return watched;
    }

    /// <summary>Renders a card; what the package has to complain about comes back.</summary>
    private static Task<string[]> ShowAsync(WatchedPage watched, JsonNode card) =>
        watched.Page.EvaluateAsync<string[]>("json => window.showCard(JSON.parse(json))", card.ToJsonString());

    private static async Task<(string Verb, JsonNode Data)> PressAsync(WatchedPage watched, string title)
    {
        await watched.Page.GetByRole(AriaRole.Button, new() { Name = title, Exact = true }).ClickAsync();
        var pressed = JsonNode.Parse(await watched.Page.EvaluateAsync<string>("() => JSON.stringify(window.pressed)"))!;
        return ((string)pressed["verb"]!, pressed["data"]!);
    }
}
