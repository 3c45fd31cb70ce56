using Microsoft.Playwright;

namespace Countersign.EndToEnd.Support;

/// <summary>An authenticator that Chromium plays (DevTools, WebAuthn): it verifies its user and is touched.</summary>
internal static class Authenticator
{
    private static readonly Dictionary<string, object> s_options = new()
    {
        ["options"] = new
        {
            protocol = "ctap2",
            transport = "internal",
            hasResidentKey = true,
            hasUserVerification = true,
            isUserVerified = true,
            automaticPresenceSimulation = true,
        },
    };

    public static async Task AddToAsync(IPage page)
    {
        var devTools = await page.Context.NewCDPSessionAsync(page);
        await devTools.SendAsync("WebAuthn.enable");
        await devTools.SendAsync("WebAuthn.addVirtualAuthenticator", s_options);
    }

    /// <summary>Enrols a passkey named Laptop; whoever runs the server vouches for its person.</summary>
    public static async Task EnrolAsync(
        IPage page, Product product, string person, CancellationToken cancellationToken)
    {
        var made = await product.RunAsync("NOBODY", cancellationToken, "passkey", "code", person);
        Assert.True(made.ExitCode == 0, made.ToString());
        await page.GotoAsync($"/console/people/{person}");
        await page.GetByLabel("Code of somebody").FillAsync(made.Output.Trim());
        await page.GetByLabel("Its name").FillAsync("Laptop");
        await page.GetByRole(AriaRole.Button, new() { Name = "Enrol a passkey" }).ClickAsync();
        await Assertions.Expect(page.Locator(".notice-recorded")).ToContainTextAsync("The passkey is enrolled.");
    }
}
