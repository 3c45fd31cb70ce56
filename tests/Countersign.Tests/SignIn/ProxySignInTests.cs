using System.Net;
using Countersign.Tests.Console;

namespace Countersign.Tests.SignIn;

/// <summary>People whom a proxy in front has signed in already.</summary>
public sealed class ProxySignInTests
{
    [Fact]
    public async Task Whom_the_proxy_names_beside_its_secret_is_signed_in()
    {
        await using var host = await StartAsync();
        using var carol = Through(host, "carol@corp");

        using var arrived = await carol.GetAsync("/console/sign-in");

        Assert.Equal(HttpStatusCode.OK, arrived.StatusCode);
        Assert.Contains("signed in with a session", await carol.ReadAsync("/console"));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("a guess of the secret")]
    public async Task Without_its_secret_the_name_says_nothing(string? secret)
    {
        await using var host = await StartAsync();
        using var browser = Through(host, "carol@corp", secret);

        using var form = await browser.GetAsync("/console/sign-in");
        using var page = await browser.GetAsync("/console");

        Assert.Empty(browser.Cookies.GetAllCookies());
        Assert.Equal(HttpStatusCode.SeeOther, page.StatusCode);
    }

    [Fact]
    public async Task A_name_that_is_there_twice_is_none()
    {
        await using var host = await StartAsync();
        using var browser = Through(host, "carol@corp");
        browser.Client.DefaultRequestHeaders.Add("X-User", "alice@corp");

        using var form = await browser.GetAsync("/console/sign-in");

        Assert.Empty(browser.Cookies.GetAllCookies());
    }

    [Fact]
    public async Task Somebody_whom_nobody_linked_gets_no_session()
    {
        await using var host = await StartAsync();
        using var browser = Through(host, "carol");

        using var form = await browser.GetAsync("/console/sign-in");

        Assert.Equal(HttpStatusCode.Forbidden, form.StatusCode);
        Assert.Empty(browser.Cookies.GetAllCookies());
    }

    [Fact]
    [Trait("Threat", "THR-092"), Trait("CWE", "384")]
    public async Task A_cookie_that_comes_by_itself_or_under_another_name_is_worth_nothing()
    {
        await using var host = await StartAsync();
        (string, string?)[] thieves = [("alice@corp", SignInHost.ProxySecret), ("carol@corp", null)];
        foreach (var (user, secret) in thieves)
        {
            using var carol = Through(host, "carol@corp");
            using var arrived = await carol.GetAsync("/console/sign-in");
            using var thief = Through(host, user, secret);
            thief.Cookies.Add(carol.Cookies.GetAllCookies());

            using var page = await thief.GetAsync("/console");
            using var after = await carol.GetAsync("/console");

            Assert.Equal(HttpStatusCode.SeeOther, page.StatusCode);

            // Whoever tried it ended the session too.
            Assert.Equal(HttpStatusCode.SeeOther, after.StatusCode);
        }
    }

    [Fact]
    public async Task Whoever_signs_out_is_not_signed_in_again_at_once()
    {
        await using var host = await StartAsync();
        using var carol = Through(host, "carol@corp");
        using var arrived = await carol.GetAsync("/console/sign-in");

        using var left = await carol.PostAsync("/console/sign-out", ("form_token", await carol.FormTokenAsync()));

        Assert.Contains("<h1>Sign in</h1>", await carol.ReadAsync(left.Headers.Location!.ToString()));
        Assert.Empty(carol.Cookies.GetAllCookies());
    }

    private static Task<SignInHost> StartAsync() => SignInHost.StartAsync(text => text
        .Replace("tokens: [ " + SignInHost.CarolToken + " ] }",
            "tokens: [ " + SignInHost.CarolToken + " ], accounts: { proxy: carol@corp } }", StringComparison.Ordinal)
        + $"\n  proxy: {{ user_header: X-User, secret_header: X-Secret, secret: {SignInHost.ProxySecret} }}\n");

    private static Browser Through(SignInHost host, string user, string? secret = SignInHost.ProxySecret)
    {
        var browser = host.Open();
        browser.Client.DefaultRequestHeaders.Add("X-User", user);
        if (secret is not null)
        {
            browser.Client.DefaultRequestHeaders.Add("X-Secret", secret);
        }

        return browser;
    }
}
