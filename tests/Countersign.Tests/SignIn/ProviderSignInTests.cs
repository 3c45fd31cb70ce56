using System.Net;
using System.Text.Json.Nodes;
using Countersign.Server.Console.Sessions;
using Countersign.Tests.Console;
using Countersign.Tests.Identity.Tokens;

namespace Countersign.Tests.SignIn;

/// <summary>Signing in with OpenID Connect, and the table of answers that sign nobody in.</summary>
public sealed class ProviderSignInTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_person_signs_in_with_the_provider_and_has_a_session()
    {
        await using var host = await SignInHost.StartAsync();
        using var alice = await host.OpenForAsync("sub-alice");

        Assert.Contains("signed in with a session", await alice.ReadAsync("/console"));
    }

    [Fact]
    public async Task The_form_offers_the_provider_and_sends_the_browser_there_with_all_that_ties_it_to_this_sign_in()
    {
        await using var host = await SignInHost.StartAsync();
        using var browser = host.Open();

        Assert.Contains("Sign in with Acme", await browser.ReadAsync("/console/sign-in"));
        using var first = await browser.GetAsync("/console/sign-in/provider");
        using var second = await browser.GetAsync("/console/sign-in/provider");

        var asked = first.Headers.Location!;
        Assert.StartsWith($"{host.Provider.Issuer}/authorize?", asked.AbsoluteUri, StringComparison.Ordinal);
        Assert.Contains(
            $"redirect_uri={WebUtility.UrlEncode(new Uri(host.Address, "/console/sign-in/callback").AbsoluteUri)}",
            asked.Query,
            StringComparison.OrdinalIgnoreCase);
        Assert.NotEqual(asked.Query, second.Headers.Location!.Query);
        var cookie = Assert.Single(first.Headers.GetValues("Set-Cookie"));
        Assert.Contains("samesite=lax", cookie);
        Assert.Contains("httponly", cookie);
        Assert.Contains("path=/console/sign-in", cookie);
    }

    [Fact]
    public async Task Leaving_for_the_provider_costs_no_attempt()
    {
        await using var host = await SignInHost.StartAsync();
        using var browser = host.Open();
        for (var time = 0; time <= SignInThrottle.AttemptsPerMinute; time++)
        {
            using var answer = await browser.GetAsync("/console/sign-in/provider");
            Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode);
        }

        using var alice = await host.OpenForAsync("sub-alice");

        Assert.Contains("signed in with a session", await alice.ReadAsync("/console"));
    }

    [Fact]
    [Trait("Threat", "THR-007"), Trait("CWE", "178")]
    public async Task Somebody_whom_nobody_linked_is_told_their_name_at_the_provider_and_gets_no_session()
    {
        await using var host = await SignInHost.StartAsync();
        host.Provider.AlterClaims = claims =>
        {
            // Whatever else the provider says of them: an e-mail address links nobody.
            claims["email"] = "alice@example.com";
            claims["preferred_username"] = "alice";
        };
        var (browser, answer) = await host.SignInAsync("sub-mallory");
        using var both = browser;

        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        Assert.Contains("&#x27;sub-mallory&#x27;", await answer.Content.ReadAsStringAsync(Cancel));
        await AssertSignedOutAsync(browser);
    }

    [Theory]
    [InlineData("none")]
    [InlineData("HS256")]
    [InlineData("RS512")]
    public Task An_id_token_signed_in_another_way_signs_nobody_in(string algorithm) =>
        AssertRefusedAsync(provider => provider.Sign = claims => provider.Signer.Sign(claims, algorithm));

    [Theory]
    [InlineData("k1", "signature")]
    [InlineData("k9", "no key of its issuer")]
    public async Task An_id_token_of_another_key_signs_nobody_in(string keyId, string why)
    {
        using var thief = new TestSigner(keyId);
        await AssertRefusedAsync(provider => provider.Sign = claims => thief.Sign(claims), why);
    }

    [Theory]
    [InlineData("aud", "wiki", "&#x27;aud&#x27;")]
    [InlineData("iss", "https://id.example.com", "&#x27;iss&#x27;")]
    [InlineData("nonce", "another", "&#x27;nonce&#x27;")]
    [InlineData("azp", "wiki", "&#x27;azp&#x27;")]
    [InlineData("sub", "", "&#x27;sub&#x27;")]
    public Task An_id_token_that_says_something_else_signs_nobody_in(string claim, string value, string why) =>
        AssertRefusedAsync(provider => provider.AlterClaims = claims => claims[claim] = value, why);

    [Fact]
    public Task An_id_token_that_is_over_signs_nobody_in() => AssertRefusedAsync(
        provider => provider.AlterClaims = claims => claims["exp"] = 1_700_000_000, "over");

    [Theory]
    [InlineData("iss", "https://id.example.com", "another provider")]
    [InlineData("iss", "", "another provider")]
    [InlineData("code", "code-of-somebody", "invalid_grant")]
    [InlineData("code", "", "no code")]
    [InlineData("error", "access_denied", "access_denied")]
    public Task An_answer_that_is_not_of_this_provider_or_has_no_code_signs_nobody_in(
        string name, string value, string why) =>
        AssertRefusedAsync(provider => provider.AlterAnswer = answer => answer[name] = value, why);

    [Fact]
    public Task A_page_about_somebody_else_signs_nobody_in() => AssertRefusedAsync(
        provider =>
        {
            provider.PutsGroupsIntoToken = false;
            provider.AlterClaims = claims => claims["sub"] = "sub-bob";
        },
        "about somebody else");

    [Fact]
    public async Task A_way_back_works_once()
    {
        await using var host = await SignInHost.StartAsync();
        using var browser = host.Open();
        var back = await SignInHost.GoToProviderAsync(browser);

        using var first = await browser.GetAsync(back.PathAndQuery);
        using var again = await browser.GetAsync(back.PathAndQuery);

        Assert.Equal(HttpStatusCode.OK, first.StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, again.StatusCode);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Trait("Threat", "THR-095"), Trait("CWE", "347")]
    public async Task A_way_back_in_another_browser_signs_nobody_in_and_is_used_up(bool beganItself)
    {
        await using var host = await SignInHost.StartAsync();
        using var attacker = host.Open();
        using var victim = host.Open();
        if (beganItself)
        {
            await SignInHost.GoToProviderAsync(victim);
        }

        var back = await SignInHost.GoToProviderAsync(attacker);

        using var lured = await victim.GetAsync(back.PathAndQuery);
        using var late = await attacker.GetAsync(back.PathAndQuery);

        Assert.Equal(HttpStatusCode.BadRequest, lured.StatusCode);
        await AssertSignedOutAsync(victim);
        Assert.Equal(HttpStatusCode.BadRequest, late.StatusCode);
    }

    [Fact]
    public async Task A_code_under_the_state_of_another_sign_in_signs_nobody_in()
    {
        await using var host = await SignInHost.StartAsync();
        using var browser = host.Open();
        var first = await SignInHost.GoToProviderAsync(browser);
        var second = await SignInHost.GoToProviderAsync(browser);

        using var mixed = await browser.GetAsync(
            second.PathAndQuery.Replace("code=code-2", "code=code-1", StringComparison.Ordinal));

        Assert.Contains("code=code-1", first.Query, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Unauthorized, mixed.StatusCode);
        await AssertSignedOutAsync(browser);
    }

    [Fact]
    public async Task A_provider_that_is_away_is_said_to_be()
    {
        await using var host = await SignInHost.StartAsync();
        using var browser = host.Open();
        var back = await SignInHost.GoToProviderAsync(browser);
        host.Provider.IsDown = true;

        using var answer = await browser.GetAsync(back.PathAndQuery);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        await AssertSignedOutAsync(browser);
    }

    [Fact]
    [Trait("Threat", "THR-092"), Trait("CWE", "384")]
    public async Task Signing_in_ends_the_session_that_the_browser_came_with()
    {
        await using var host = await SignInHost.StartAsync();
        using var alice = await host.OpenForAsync("sub-alice");
        var before = alice.Cookies.GetAllCookies().First(cookie => cookie.Name == "countersign_session").Value;

        var back = await SignInHost.GoToProviderAsync(alice);
        using var answer = await alice.GetAsync(back.PathAndQuery);

        using var old = host.Open();
        old.Cookies.Add(host.Address, new Cookie("countersign_session", before, "/console"));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        await AssertSignedOutAsync(old);
    }

    [Fact]
    public async Task Signing_out_everywhere_ends_every_browser_of_the_person_and_nobody_elses()
    {
        await using var host = await SignInHost.StartAsync();
        using var desk = await host.OpenForAsync("sub-alice");
        using var phone = await host.OpenForAsync("sub-alice");
        using var bob = await host.OpenForAsync("sub-bob");

        using var left = await desk.PostAsync(
            "/console/sign-out/everywhere", ("form_token", await desk.FormTokenAsync()));

        Assert.Equal(HttpStatusCode.SeeOther, left.StatusCode);
        await AssertSignedOutAsync(desk);
        await AssertSignedOutAsync(phone);
        Assert.Contains("Sign out everywhere", await bob.ReadAsync("/console/people/bob"));
    }

    [Fact]
    public async Task Tokens_sign_nobody_in_where_the_configuration_says_so()
    {
        await using var host = await SignInHost.StartAsync(text => $"{text}\n  tokens: false\n");
        using var browser = host.Open();

        using var answer = await browser.PostAsync("/console/sign-in", ("token", SignInHost.AliceToken));

        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        Assert.DoesNotContain("Your token", await browser.ReadAsync("/console/sign-in"));
    }

    private static async Task AssertRefusedAsync(Action<ProviderDouble> change, string? why = null)
    {
        await using var host = await SignInHost.StartAsync();
        change(host.Provider);
        var (browser, answer) = await host.SignInAsync("sub-alice");
        using var both = browser;

        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Contains(why ?? "algorithm", await answer.Content.ReadAsStringAsync(Cancel));
        await AssertSignedOutAsync(browser);
    }

    private static async Task AssertSignedOutAsync(Browser browser)
    {
        using var page = await browser.GetAsync("/console");
        Assert.Equal(HttpStatusCode.SeeOther, page.StatusCode);
        Assert.StartsWith("/console/sign-in", page.Headers.Location!.ToString(), StringComparison.Ordinal);
    }
}
