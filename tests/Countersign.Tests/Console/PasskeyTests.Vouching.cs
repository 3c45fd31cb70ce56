using System.Text.RegularExpressions;
using Countersign.Tests.Identity.Passkeys;

namespace Countersign.Tests.Console;

/// <summary>A first passkey takes somebody who vouches for its person.</summary>
public sealed partial class PasskeyTests
{
    [Fact]
    public async Task A_token_alone_enrols_nothing_and_the_page_says_what_is_missing()
    {
        await using var host = await ConsoleHost.StartAsync();
        using var bob = await host.OpenForAsync("bob");
        var challenge = await ChallengeAsync(bob, "/console/passkeys/options");

        var form = await bob.ReadAsync("/console/people/bob");
        var page = await SendAsync(
            bob,
            "/console/passkeys",
            ("name", "My key"),
            ("code", ConsoleHost.CodeFor("carol")),
            ("credential", TestAuthenticator.Json(_authenticator.Register(challenge))));

        Assert.Contains("Code of somebody who vouches for you", form);
        Assert.Contains("countersign passkey code bob", form);
        Assert.Contains("The code is missing, of somebody else", page);
        Assert.Empty(host.Store.Entries);
    }

    [Fact]
    public async Task An_admin_vouches_on_the_persons_page_and_is_named_beside_the_passkey()
    {
        await using var host = await ConsoleHost.StartAsync();
        host.MakeAdmin("carol");
        using var carol = await host.OpenWithSessionAsync("carol");
        using var bob = await host.OpenForAsync("bob");

        using var answer = await carol.PostAsync(
            "/console/people/bob/code", ("form_token", await carol.FormTokenAsync()));
        var code = CodeOn(await answer.Content.ReadAsStringAsync(Cancellation));
        var page = await EnrolAsync(bob, "bob", code);

        Assert.Contains("The passkey is enrolled.", page);
        Assert.Contains("Vouched for by Carol Danvers (carol).", page);
        Assert.DoesNotContain(code, await carol.ReadAsync("/console/people/bob"));
    }

    [Fact]
    public async Task Whoever_is_no_admin_is_offered_no_code_and_gets_none()
    {
        await using var host = await ConsoleHost.StartAsync();
        using var carol = await host.OpenWithSessionAsync("carol");

        using var answer = await carol.PostAsync(
            "/console/people/bob/code", ("form_token", await carol.FormTokenAsync()));

        Assert.DoesNotContain("Vouch for", await carol.ReadAsync("/console/people/bob"));
        Assert.Contains(
            "Only admins vouch", await answer.Content.ReadAsStringAsync(Cancellation));
    }

    private static string CodeOn(string page) => CodeShown().Match(page).Groups[1].Value;

    [GeneratedRegex("aria-label=\"Enrolment code\"><code>([^<]+)<")]
    private static partial Regex CodeShown();
}
