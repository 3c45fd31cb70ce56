using System.Text.Json;
using System.Text.RegularExpressions;
using Countersign.EndToEnd.Accessibility;
using Countersign.EndToEnd.Support;
using Countersign.Tests.Support;
using Microsoft.Playwright;

namespace Countersign.EndToEnd;

/// <summary>
/// Every page and state of the console before axe (WCAG 2.2 A and AA), light and dark, on a desk and on a phone. What
/// it saw is kept as pictures under <c>artifacts/screens</c>.
/// </summary>
public sealed partial class AccessibilityTests(Chromium chromium) : IClassFixture<Chromium>
{
    private const string Axe = """
        axe.run(document, {
          runOnly: { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] },
        }).then((result) => JSON.stringify(result.violations.map((violation) =>
          `${violation.id}: ${violation.help}: ${violation.nodes.map((node) => node.html).join(' | ')}`)))
        """;

    private static readonly Appearance[] s_all =
    [
        new("desk-light", ColorScheme.Light, 1280, 900), new("phone-dark", ColorScheme.Dark, 320, 640),
        new("desk-dark", ColorScheme.Dark, 1280, 900), new("phone-light", ColorScheme.Light, 320, 640),
    ];

    private static readonly string s_screens = Path.Combine(Repository.Root, "artifacts", "screens");

    private readonly List<string> _findings = [];
    private readonly Dictionary<IPage, ICDPSession> _devTools = [];

    private readonly string _axe =
        File.ReadAllText(Path.Combine(Repository.Node, "node_modules", "axe-core", "axe.min.js"));

    [Fact]
    public async Task Axe_finds_nothing_on_any_page_in_any_state()
    {
        await using var scene = await ConsoleScene.StartAsync(chromium);
        foreach (var state in ConsoleStates.All)
        {
            await state.ReachAsync(scene);
            await Assertions.Expect(scene.Page.Locator(state.Sign).Filter(new() { Visible = true }).First)
                .ToBeVisibleAsync();
            Assert.True(
                ConsoleScene.Fits(scene.Asked, state.Route), $"'{state.Name}' is {state.Route}, not {scene.Asked}.");
            await LookAsync(scene.Page, state);
        }

        Assert.True(_findings.Count == 0, string.Join('\n', _findings));
    }

    [Fact]
    public async Task The_reference_lists_every_state_that_is_looked_at()
    {
        var page = Path.Combine(Repository.Root, "docs", "reference", "accessibility.md");
        var text = await File.ReadAllTextAsync(page, TestContext.Current.CancellationToken);

        Assert.Equal(
            ConsoleStates.All.Select(state => (state.Name, state.Route)),
            Row().Matches(text).Select(row => (row.Groups[1].Value, row.Groups[2].Value)));
        Assert.Equal(ConsoleStates.All.Count, ConsoleStates.All.DistinctBy(state => state.Slug).Count());
    }

    /// <summary>axe's findings, whether the page scrolls sideways, and a picture, in each appearance.</summary>
    private async Task LookAsync(IPage page, ConsoleState state)
    {
        // The page's own policy refuses scripts of others; the browser's tools may run one all the same.
        // One session for a page: detaching one takes the page's authenticator along.
        var devTools = _devTools.TryGetValue(page, out var known) ? known : await page.Context.NewCDPSessionAsync(page);
        _devTools[page] = devTools;
        await EvaluateAsync(devTools, _axe + ";0");
        foreach (var look in FullRun.IsOn ? s_all : s_all[..2])
        {
            await page.SetViewportSizeAsync(look.Width, look.Height);
            await page.EmulateMediaAsync(new PageEmulateMediaOptions
            {
                ColorScheme = look.Scheme,
                // A colour on its way to another one is of neither scheme.
                ReducedMotion = ReducedMotion.Reduce,
            });
            var found = JsonSerializer.Deserialize<string[]>(await EvaluateAsync(devTools, Axe))!;
            _findings.AddRange(found.Select(finding => $"{state.Name} ({look.Name}): {finding}"));
            if (await page.EvaluateAsync<bool>("document.documentElement.scrollWidth > innerWidth"))
            {
                _findings.Add($"{state.Name} ({look.Name}): the page scrolls sideways");
            }

            await page.ScreenshotAsync(new PageScreenshotOptions
            {
                Path = Path.Combine(s_screens, $"{state.Slug}-{look.Name}.png"),
                FullPage = true,
            });
        }
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

    [GeneratedRegex(@"^\| ([^|]+) \| `((?:GET|POST) [^`]+)` \|$", RegexOptions.Multiline)]
    private static partial Regex Row();

    private sealed record Appearance(string Name, ColorScheme Scheme, int Width, int Height);
}
