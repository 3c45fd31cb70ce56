using System.Text.Json;
using Countersign.EndToEnd.Support;
using Microsoft.Playwright;

namespace Countersign.EndToEnd;

/// <summary>
/// Every page and state of the console before axe (WCAG 2.2 A and AA), light and dark, on a desk and on a phone. What
/// it saw is kept as pictures under <c>artifacts/screens</c>.
/// </summary>
public sealed class AccessibilityTests(Chromium chromium) : IClassFixture<Chromium>, IAsyncLifetime
{
    private const string Axe = """
        axe.run(document, {
          runOnly: { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] },
        }).then((result) => JSON.stringify(result.violations.map((violation) =>
          `${violation.id}: ${violation.help}: ${violation.nodes.map((node) => node.html).join(' | ')}`)))
        """;

    private static readonly string s_screens = Path.Combine(Repository.Root, "artifacts", "screens");

    private Bench _bench = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var options = new ProductOptions { Ops = "preview: { restart_service: read_report }" };
        _bench = await Bench.StartAsync(options, Cancel);
        _bench.Upstream.Reply = (_, _) => Task.FromResult<UpstreamReply>(new UpstreamReply.Structure(
            """{"summary":"Cuts off everybody who is connected.","rows":48112,"exact":true,"reversible":false}"""));
    }

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [Theory]
    [InlineData("light", 1280, 900)]
    [InlineData("dark", 1280, 900)]
    [InlineData("light", 320, 640)]
    public async Task Axe_finds_nothing_on_any_page(string scheme, int width, int height)
    {
        await using var watched = await OpenAsync(scheme, width, height);
        var look = new Look(watched.Page, $"{scheme}-{width}");
        var asked = await AskAsync("restart_service", $$"""{"id":"{{scheme}} {{width}}","force":true}""");
        var weak = await AskAsync("delete_backup", $$"""{"id":"{{scheme}} {{width}}"}""");
        var denied = await AskAsync("rotate_key", $$"""{"id":"{{scheme}} {{width}}"}""");
        await _bench.Alice.VoteAsync(denied.Id!, "deny", Cancel);

        await look.AtAsync("/console/sign-in", "sign-in");
        await watched.Page.GetByLabel("Your token").FillAsync("nobody's");
        await watched.Page.GetByLabel("Your token").PressAsync("Enter");
        await look.AtAsync(null, "sign-in-refused");
        await watched.SignInAsync("ALICE");
        await look.AtAsync("/console", "queue");
        await look.AtAsync($"/console/actions/{asked.Id}", "action");
        await look.AtAsync($"/console/actions/{weak.Id}", "action-too-weak");
        await look.AtAsync($"/console/actions/{denied.Id}", "action-denied");
        await look.AtAsync("/console/history", "history");
        await look.AtAsync("/console/agents", "agents");
        await look.AtAsync("/console/agents/deploy-bot", "agent");
        await look.AtAsync("/console/people", "people");
        await look.AtAsync("/console/people/bob", "person");
        await look.AtAsync("/console/ledger", "ledger");
        await look.AtAsync("/console/verify", "verify");
        await look.AtAsync("/console/nowhere", "missing");
        await look.AtAsync("/console/people/alice", "enrol");
        await Authenticator.EnrolAsync(watched.Page, _bench.Product, "alice", Cancel);
        await look.AtAsync(null, "enrolled");
        await look.AtAsync($"/console/actions/{weak.Id}", "action-signing");
        await watched.Page.GetByRole(AriaRole.Button, new() { Name = "Approve and sign" }).ClickAsync();
        await Assertions.Expect(watched.Page.Locator(".notice-recorded")).ToBeVisibleAsync();
        await look.AtAsync(null, "action-signed");
        await watched.Page.GetByRole(AriaRole.Button, new() { Name = "Sign out", Exact = true }).ClickAsync();
        await watched.Page.GetByRole(AriaRole.Button, new() { Name = "Sign in with a passkey" }).ClickAsync();
        await Assertions.Expect(watched.Page.GetByText("signed in with a session")).ToBeVisibleAsync();
        await look.AtAsync("/console/people/bob", "vouching");
        await watched.Page.GetByRole(AriaRole.Button, new() { Name = "Vouch for Bob" }).ClickAsync();
        await Assertions.Expect(watched.Page.GetByLabel("Enrolment code")).ToBeVisibleAsync();
        await look.AtAsync(null, "vouched");
        await watched.Page.GotoAsync("/console");
        await watched.Page.GetByRole(AriaRole.Button, new() { Name = "Keys" }).ClickAsync();
        await look.AtAsync(null, "keys");

        Assert.True(look.Findings.Count == 0, string.Join('\n', look.Findings));
    }

    private Task<ApiAnswer> AskAsync(string operation, string arguments) =>
        _bench.Agent.AskAsync("ops", operation, arguments, Cancel);

    private async Task<WatchedPage> OpenAsync(string scheme, int width, int height)
    {
        var home = new UriBuilder(_bench.Product.Address) { Host = "localhost" }.Uri;
        var watched = await chromium.OpenAsync(home);
        await watched.Page.SetViewportSizeAsync(width, height);
        await watched.Page.EmulateMediaAsync(new PageEmulateMediaOptions
        {
            ColorScheme = scheme == "dark" ? ColorScheme.Dark : ColorScheme.Light,
        });
        await Authenticator.AddToAsync(watched.Page);
        return watched;
    }

    /// <summary>Looks at pages: axe's findings, whether they scroll sideways, and a picture of each.</summary>
    private sealed class Look(IPage page, string name)
    {
        private readonly string _axe = File.ReadAllText(
            Path.Combine(Repository.Node, "node_modules", "axe-core", "axe.min.js"));

        public List<string> Findings { get; } = [];

        public async Task AtAsync(string? address, string state)
        {
            if (address is not null)
            {
                await page.GotoAsync(address);
            }

            // The page's own policy refuses scripts of others; the browser's tools may run one all the same.
            var devTools = await page.Context.NewCDPSessionAsync(page);
            await EvaluateAsync(devTools, _axe + ";0");
            var found = await EvaluateAsync(devTools, Axe);
            Findings.AddRange(JsonSerializer.Deserialize<string[]>(found)!.Select(finding => $"{state}: {finding}"));
            if (await page.EvaluateAsync<bool>("document.documentElement.scrollWidth > innerWidth"))
            {
                Findings.Add($"{state}: the page scrolls sideways");
            }

            await page.ScreenshotAsync(new PageScreenshotOptions
            {
                Path = Path.Combine(s_screens, $"{state}-{name}.png"),
                FullPage = true,
            });
        }

        private static async Task<string> EvaluateAsync(ICDPSession devTools, string expression)
        {
            var answer = await devTools.SendAsync("Runtime.evaluate", new Dictionary<string, object>
            {
                ["expression"] = expression,
                ["awaitPromise"] = true,
                ["returnByValue"] = true,
            });
            return answer!.Value.GetProperty("result").GetProperty("value").ToString();
        }
    }
}
