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
}
