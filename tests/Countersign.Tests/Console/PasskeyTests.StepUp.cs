using System.Net;
using Countersign.Tests.Identity.Passkeys;

namespace Countersign.Tests.Console;

/// <summary>A session by token that becomes as strong as one by passkey.</summary>
public sealed partial class PasskeyTests
{
    [Fact]
    [Trait("Threat", "THR-092"), Trait("CWE", "384")]
    public async Task A_step_up_makes_the_session_stronger_under_another_cookie()
    {
        await using var host = await ConsoleHost.StartAsync();
        using var bob = await host.OpenForAsync("bob");
        await EnrolAsync(bob);
        var before = Assert.Single(bob.Cookies.GetAllCookies()).Value;

        var page = await StepUpAsync(bob, _authenticator);

        Assert.Contains("signed in with a session", page);
        using var old = host.Open();
        old.Cookies.Add(host.Address, new Cookie("countersign_session", before, "/console"));
        using var answer = await old.GetAsync("/console");
        Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode);
    }

    [Fact]
    public async Task A_passkey_of_somebody_else_makes_no_session_stronger_and_changes_no_person()
    {
        await using var host = await ConsoleHost.StartAsync();
        using var bob = await host.OpenForAsync("bob");
        await EnrolAsync(bob);
        using var carol = await host.OpenForAsync("carol");

        var page = await StepUpAsync(carol, _authenticator);

        Assert.Contains("That passkey is somebody else&#x27;s.", page);
        Assert.Contains("Carol Danvers (carol)</a>, <span class=\"quiet\">signed in by token", page);
    }

    private static async Task<string> StepUpAsync(Browser browser, TestAuthenticator authenticator)
    {
        var challenge = await ChallengeAsync(browser, "/console/sign-in/options");
        return await SendAsync(
            browser,
            "/console/passkeys/step-up",
            ("credential", TestAuthenticator.Json(authenticator.Assert(challenge))));
    }
}
