using Microsoft.Playwright;

namespace Countersign.EndToEnd.Support;

/// <summary>The Chromium of the operating system; tests that need it are skipped without it, except on CI.</summary>
public sealed class Chromium : IAsyncLifetime
{
    private const string Path = "/usr/bin/chromium";

    private static readonly string[] s_arguments =
    [
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
        "--disable-component-update", "--disable-sync",
    ];

    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public async ValueTask InitializeAsync()
    {
        if (!File.Exists(Path))
        {
            return;
        }

        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = Path,
            Args = s_arguments,
        });
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
    }

    /// <summary>A page of a browser without history; whatever the browser complains about is kept.</summary>
    internal async Task<WatchedPage> OpenAsync(Uri address)
    {
        if (_browser is null)
        {
            var mustRun = Environment.GetEnvironmentVariable("CI") == "true";
            Assert.SkipUnless(mustRun, $"There is no {Path}; install chromium.");
            throw new InvalidOperationException($"There is no {Path}, and on CI the console has to be tested with it.");
        }

        var context = await _browser.NewContextAsync(new BrowserNewContextOptions { BaseURL = address.ToString() });
        return new WatchedPage(context, await context.NewPageAsync());
    }
}

/// <summary>A page, and all the browser had to complain about on it: script errors, breaches of its policies.</summary>
internal sealed class WatchedPage : IAsyncDisposable
{
    private readonly IBrowserContext _context;
    private readonly List<string> _complaints = [];

    public WatchedPage(IBrowserContext context, IPage page)
    {
        _context = context;
        Page = page;
        page.Console += (_, message) => Keep(message.Type is "error" or "warning" ? message.Text : null);
        page.PageError += (_, error) => Keep(error);
        page.Dialog += async (_, dialog) =>
        {
            Keep("A script opened a dialog: " + dialog.Message);
            await dialog.DismissAsync();
        };
    }

    public IPage Page { get; }

    public IReadOnlyList<string> Complaints
    {
        get
        {
            lock (_complaints)
            {
                return [.. _complaints];
            }
        }
    }

    /// <summary>Signs in with the token of <c>ALICE</c> and so on.</summary>
    public async Task SignInAsync(string name)
    {
        await Page.GotoAsync("/console/sign-in");
        await Page.GetByLabel("Your token").FillAsync(ProductFolder.TokenOf(name));
        await Page.GetByRole(AriaRole.Button, new() { Name = "Sign in", Exact = true }).ClickAsync();
        // Only a signed-in page has this button; a wait for the load event could miss one that has passed already.
        await Assertions.Expect(Page.GetByRole(AriaRole.Button, new() { Name = "Sign out", Exact = true }))
            .ToBeVisibleAsync();
    }

    public ValueTask DisposeAsync() => _context.DisposeAsync();

    private void Keep(string? complaint)
    {
        if (complaint is null)
        {
            return;
        }

        lock (_complaints)
        {
            _complaints.Add(complaint);
        }
    }
}
