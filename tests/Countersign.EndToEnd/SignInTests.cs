using System.Text.Json;
using Countersign.EndToEnd.Support;
using Countersign.Tests.SignIn;
using Microsoft.Playwright;

namespace Countersign.EndToEnd;

/// <summary>
/// The built product, a real browser and an identity provider on a socket of its own: signing in, and breaking the
/// glass.
/// </summary>
public sealed class SignInTests(Chromium chromium) : IClassFixture<Chromium>, IAsyncLifetime
{
    private const string Policy = """
        version: 1
        default: { require: { stages: [ { of: [ group:release, carol ], need: 1, within: 30m } ] } }
        rules:
          - id: disks
            reason: Two have to agree.
            when: action.arguments.service == "disk"
            then: { require: { stages: [ { of: [ bob, carol ], need: 2, within: 30m } ], assurance: token } }
        """;

    private ProviderDouble _provider = null!;
    private Product _product = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private Uri Home => new UriBuilder(_product.Address) { Host = "localhost" }.Uri;

    public async ValueTask InitializeAsync()
    {
        _provider = await ProviderDouble.StartAsync();
        _product = await Product.StartAsync(
            new ProductOptions
            {
                Policy = Policy,
                Accounts = new Dictionary<string, string> { ["ALICE"] = "oidc: sub-alice" },
                Roles = new Dictionary<string, string> { ["ALICE"] = "break-glass" },
                More = $$"""
                    sign_in:
                      provider:
                        issuer: {{_provider.Issuer}}
                        client_id: {{ProviderDouble.ClientId}}
                        client_secret: {{ProviderDouble.ClientSecret}}
                        name: Acme
                        groups: { releasers: release }
                    break_glass: { time_box: 10m }
                    """,
            },
            Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        await _product.DisposeAsync();
        await _provider.DisposeAsync();
    }

    [Fact]
    public async Task A_person_comes_by_a_link_signs_in_with_the_provider_and_approves()
    {
        _provider.Groups.Add("releasers");
        var id = await AskAsync();
        await using var watched = await chromium.OpenAsync(_product.Address);

        await watched.Page.GotoAsync($"/console/actions/{id}");
        await watched.Page.GetByRole(AriaRole.Link, new() { Name = "Sign in with Acme" }).ClickAsync();
        await watched.Page.GetByRole(AriaRole.Button, new() { Name = "Approve exactly this" }).ClickAsync();

        await Assertions.Expect(Alert(watched)).ToContainTextAsync("the review is approved");
        Assert.Equal("approved", await StateOfAsync(id));
        Assert.Empty(watched.Complaints);
    }

    [Fact]
    public async Task Signing_out_everywhere_signs_out_the_other_window_too()
    {
        await using var desk = await SignInAsync();
        await using var phone = await SignInAsync();

        await desk.Page.GotoAsync("/console/people/alice");
        await desk.Page.GetByRole(AriaRole.Button, new() { Name = "Sign out everywhere" }).ClickAsync();
        await phone.Page.GotoAsync("/console");

        await Assertions.Expect(phone.Page.GetByRole(AriaRole.Heading, new() { Name = "Sign in", Exact = true }))
            .ToBeVisibleAsync();
    }

    [Fact]
    public async Task Somebody_on_call_breaks_the_glass_and_everybody_sees_it()
    {
        var id = await AskAsync("disk");
        var (carols, bobs) = (await SealAsync("carol"), await SealAsync("bob"));
        await using var alice = await chromium.OpenAsync(Home);
        await Authenticator.AddToAsync(alice.Page);
        await alice.SignInAsync("ALICE");
        await Authenticator.EnrolAsync(alice.Page, _product, "alice", Cancel);

        await alice.Page.GotoAsync($"/console/actions/{id}");
        await alice.Page.GetByText("break the glass…").ClickAsync();
        await alice.Page.GetByLabel("Why it cannot wait").FillAsync("The disk is full and nobody answers.");
        await alice.Page.GetByLabel("Code of the first envelope").FillAsync(carols);
        await alice.Page.GetByLabel("Code of the second envelope").FillAsync(bobs);
        await _product.As("CAROL").VoteAsync(id, "approve", Cancel);
        await Assertions.Expect(alice.Page.GetByText("1 of 2 approved")).ToBeVisibleAsync();
        await alice.Page.GetByRole(AriaRole.Button, new() { Name = "Break the glass with my passkey" }).ClickAsync();

        await Assertions.Expect(Alert(alice)).ToContainTextAsync("The glass is broken");
        Assert.Equal("approved", await StateOfAsync(id));
        await using var bob = await chromium.OpenAsync(_product.Address);
        await bob.SignInAsync("BOB");
        await bob.Page.GotoAsync("/console");
        await Assertions.Expect(bob.Page.GetByText("The glass was broken once in the last 30 days"))
            .ToBeVisibleAsync();
        Assert.Empty(alice.Complaints);
    }

    private static ILocator Alert(WatchedPage watched) =>
        watched.Page.GetByRole(AriaRole.Alert).Filter(new() { Visible = true }).First;

    private async Task<WatchedPage> SignInAsync()
    {
        var watched = await chromium.OpenAsync(_product.Address);
        await watched.Page.GotoAsync("/console/sign-in");
        await watched.Page.GetByRole(AriaRole.Link, new() { Name = "Sign in with Acme" }).ClickAsync();
        await Assertions.Expect(watched.Page.GetByRole(AriaRole.Button, new() { Name = "Sign out", Exact = true }))
            .ToBeVisibleAsync();
        return watched;
    }

    private async Task<string> SealAsync(string custodian) => CodeIn(
        (await _product.RunAsync("ALICE", Cancel, "break-glass", "seal", custodian, "--json")).Output);

    private static string CodeIn(string json) =>
        JsonDocument.Parse(json).RootElement.GetProperty("code").GetString()!;

    private async Task<string> AskAsync(string service = "mail")
    {
        var asked = await _product.As("DEPLOY_BOT").AskAsync(
            "sdk", "restart", $$"""{"service":"{{service}}"}""", Cancel);
        Assert.Equal("pending", asked.State);
        return asked.Id!;
    }

    private async Task<string?> StateOfAsync(string id) =>
        (await _product.As("DEPLOY_BOT").ShowAsync(id, Cancel)).State;
}
