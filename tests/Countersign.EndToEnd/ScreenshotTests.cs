using System.Text.Json;
using Countersign.EndToEnd.Support;
using Countersign.Tests.Support;
using Microsoft.Playwright;

namespace Countersign.EndToEnd;

/// <summary>
/// The pictures of the console under <c>docs/console</c>, taken from the running product. Each run takes them; only
/// <c>COUNTERSIGN_PICTURES=1</c> puts them into the documents, because two runs differ in times and ids.
/// </summary>
public sealed class ScreenshotTests(Chromium chromium) : IClassFixture<Chromium>, IAsyncLifetime
{
    /// <summary>Largest picture that belongs into the repository.</summary>
    private const int MaxBytes = 150_000;

    private static readonly bool s_isForTheGuide = Environment.GetEnvironmentVariable("COUNTERSIGN_PICTURES") == "1";

    private static readonly string s_folder = s_isForTheGuide
        ? Path.Combine(Repository.Root, "docs", "console")
        : Path.Combine(Repository.Root, "artifacts", "pictures");

    private Bench _bench = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        Directory.CreateDirectory(s_folder);
        var options = new ProductOptions { Ops = "preview: { restart_service: read_report }" };
        _bench = await Bench.StartAsync(options, Cancel);
        _bench.Upstream.Reply = (_, _) => Task.FromResult<UpstreamReply>(new UpstreamReply.Structure(
            """{"summary":"Cuts off 212 customers who are connected.","rows":212,"exact":true,"reversible":false}"""));
    }

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [Theory]
    [InlineData("desk-light", ColorScheme.Light, 1280, 860)]
    [InlineData("desk-dark", ColorScheme.Dark, 1280, 860)]
    [InlineData("phone-light", ColorScheme.Light, 390, 844)]
    [InlineData("phone-dark", ColorScheme.Dark, 390, 844)]
    public async Task Every_page_of_the_guide_has_its_picture(string look, ColorScheme scheme, int width, int height)
    {
        var isSample = look is "desk-light" or "phone-dark";
        Assert.SkipUnless(isSample || FullRun.IsOn || s_isForTheGuide, "./test full takes every picture");
        await using var watched = await chromium.OpenAsync(new UriBuilder(_bench.Product.Address)
        {
            Host = "localhost",
        }.Uri);
        var page = watched.Page;
        await page.SetViewportSizeAsync(width, height);
        await page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = scheme });
        await Authenticator.AddToAsync(page);
        var changed = await PrepareAsync(look);
        await watched.SignInAsync("ALICE");

        await page.GotoAsync("/console/people/alice");
        await TakeAsync(page, $"passkey-{look}");
        await Authenticator.EnrolAsync(page, _bench.Product, "alice", Cancel);
        await page.GotoAsync("/console");
        await Assertions.Expect(page.Locator("[data-live=on]")).ToBeVisibleAsync();
        await TakeAsync(page, $"queue-{look}");
        await page.GotoAsync($"/console/actions/{changed}");
        await TakeAsync(page, $"action-{look}");
        await page.Locator("#revise summary").ClickAsync();
        await page.GetByLabel("Arguments (JSON)").FillAsync(
            $$"""{"service":"checkout","wait":true,"drain_seconds":60,"look":"{{look}}"}""");
        await page.GetByLabel("Why (the agent and the ledger get it)").FillAsync("A minute is enough for every cart.");
        await page.GetByRole(AriaRole.Button, new() { Name = "Compare with what was asked" }).ClickAsync();
        await Assertions.Expect(
            page.GetByRole(AriaRole.Button, new() { Name = "Save this change" })).ToBeVisibleAsync();
        await TakeAsync(page, $"compare-{look}");
        foreach (var name in (string[])["history", "agents", "people", "ledger"])
        {
            await page.GotoAsync($"/console/{name}");
            await TakeAsync(page, $"{name}-{look}");
        }

        Assert.Empty(watched.Complaints);
    }

    /// <summary>Things as they look on a day of work; what is named is the action that Bob has changed.</summary>
    private async Task<string> PrepareAsync(string look)
    {
        var denied = await AskAsync("rotate_key", $$"""{"key":"billing","look":"{{look}}"}""");
        await _bench.Alice.VoteAsync(denied.Id!, "deny", Cancel);
        await AskAsync("drop_table", $$"""{"table":"orders","look":"{{look}}"}""");
        await AskAsync("delete_backup", $$"""{"backup":"2026-11-21T02:00:00Z","look":"{{look}}"}""");
        await AskAsync("move_money", $$"""{"to":"DE02 1203 0000 0000 2020 51","cents":125000,"look":"{{look}}"}""");
        var asked = await AskAsync("restart_service", $$"""{"service":"checkout","wait":false,"look":"{{look}}"}""");
        var revised = await _bench.Product.As("BOB").PostAsync(
            $"v1/actions/{asked.Id}/revisions",
            JsonSerializer.Serialize(new
            {
                digest = asked.Digest,
                arguments = new { service = "checkout", wait = true, look },
                comment = "Let the open carts finish first.",
            }),
            Cancel);
        Assert.True(revised.Json.GetProperty("revision").GetInt32() == 2, revised.ToString());
        return asked.Id!;
    }

    private Task<ApiAnswer> AskAsync(string operation, string arguments) =>
        _bench.Agent.AskAsync("ops", operation, arguments, Cancel);

    private static async Task TakeAsync(IPage page, string name)
    {
        var picture = PalettePng.Of(await page.ScreenshotAsync(new PageScreenshotOptions { FullPage = true }));
        Assert.InRange(picture.Length, 1, MaxBytes);
        await File.WriteAllBytesAsync(Path.Combine(s_folder, $"{name}.png"), picture, Cancel);
    }
}
