using System.Net;
using Countersign.Core.Identity;
using Countersign.Server.Console;
using Countersign.Server.Console.Sessions;
using Countersign.Tests.Support;

namespace Countersign.Tests.Console;

public sealed class SignInTests
{
    [Fact]
    public async Task A_token_signs_its_person_in_and_every_page_says_so()
    {
        await using var host = await ConsoleHost.StartAsync();
        using var bob = await host.OpenForAsync("bob");

        var cookie = Assert.Single(bob.Cookies.GetAllCookies());
        Assert.Equal(("countersign_session", true, "/console"), (cookie.Name, cookie.HttpOnly, cookie.Path));
        foreach (var page in (string[])["/console", "/console/history"])
        {
            var html = await bob.ReadAsync(page);
            Assert.Contains("Bob Sawyer (bob)</a>, <span class=\"quiet\">signed in by token</span>", html);
        }
    }

    [Fact]
    public async Task The_cookie_is_kept_from_scripts_and_from_other_sites()
    {
        await using var host = await ConsoleHost.StartAsync();
        using var browser = host.Open();

        using var answer = await browser.PostAsync("/console/sign-in", ("token", "bob-token"));

        var cookie = Assert.Single(answer.Headers.GetValues("Set-Cookie"));
        Assert.Contains("httponly", cookie);
        Assert.Contains("samesite=strict", cookie);
    }

    [Theory]
    [InlineData("", HttpStatusCode.Unauthorized)]
    [InlineData("wrong", HttpStatusCode.Unauthorized)]
    [InlineData("deploy-bot-token", HttpStatusCode.Forbidden)]
    public async Task What_is_no_persons_token_signs_nobody_in(string token, HttpStatusCode status)
    {
        await using var host = await ConsoleHost.StartAsync();
        using var browser = host.Open();

        using var answer = await browser.PostAsync("/console/sign-in", ("token", token));

        Assert.Equal(status, answer.StatusCode);
        Assert.Empty(browser.Cookies.GetAllCookies());
    }

    [Fact]
    public async Task After_sign_in_the_action_that_was_asked_for_is_shown()
    {
        await using var host = await ConsoleHost.StartAsync();
        var record = await host.AskAsync(new Ask());
        using var browser = host.Open();

        using var asked = await browser.GetAsync($"/console/actions/{record.Id}");
        Assert.Equal($"/console/sign-in?action={record.Id}", asked.Headers.Location!.ToString());
        var form = await browser.ReadAsync(asked.Headers.Location.ToString());
        using var answer = await browser.PostAsync(
            "/console/sign-in", ("token", "bob-token"), ("action", Browser.FieldOf(form, "action")));

        Assert.Equal($"/console/actions/{record.Id}", answer.Headers.Location!.ToString());
    }

    [Theory]
    [InlineData("https://evil.example/")]
    [InlineData("//evil.example")]
    [InlineData("/console/history")]
    [Trait("Threat", "THR-095"), Trait("CWE", "601")]
    public async Task Sign_in_leads_nowhere_but_to_an_action(string after)
    {
        await using var host = await ConsoleHost.StartAsync();
        using var browser = host.Open();

        using var answer = await browser.PostAsync("/console/sign-in", ("token", "bob-token"), ("action", after));

        Assert.Equal("/console", answer.Headers.Location!.ToString());
    }

    [Fact]
    public async Task Looking_at_a_one_time_link_uses_nothing_up_and_its_button_works_once()
    {
        await using var host = await ConsoleHost.StartAsync();
        var path = $"/console/sign-in/{host.Links.Create(new PersonId("bob"), TimeSpan.FromMinutes(5))}";
        using var scanner = host.Open();
        using var first = host.Open();
        using var second = host.Open();

        Assert.Contains("Continue as Bob Sawyer (bob)", await scanner.ReadAsync(path));
        Assert.Empty(scanner.Cookies.GetAllCookies());
        using var used = await first.PostAsync(path);
        using var again = await second.PostAsync(path);

        Assert.Equal(HttpStatusCode.SeeOther, used.StatusCode);
        Assert.Contains("signed in with a session", await first.ReadAsync("/console"));
        Assert.Equal(HttpStatusCode.NotFound, again.StatusCode);
        Assert.Empty(second.Cookies.GetAllCookies());
    }

    [Fact]
    public async Task Outside_the_demo_no_link_signs_anybody_in()
    {
        await using var host = await ConsoleHost.StartAsync(options: new ConsoleOptions());
        var path = $"/console/sign-in/{host.Links.Create(new PersonId("bob"), TimeSpan.FromMinutes(5))}";
        using var browser = host.Open();

        using var looked = await browser.GetAsync(path);
        using var used = await browser.PostAsync(path);

        Assert.Equal(HttpStatusCode.NotFound, looked.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, used.StatusCode);
    }

    [Theory]
    [InlineData(1, 60, 1)]
    [InlineData(60, 1, 1)]
    [Trait("Threat", "THR-092"), Trait("CWE", "384")]
    public async Task A_session_lasts_as_long_as_the_configuration_says(int idle, int lifetime, int over)
    {
        var time = new ManualTime();
        await using var host = await ConsoleHost.StartAsync(time, new ConsoleOptions
        {
            Limits = new SessionLimits
            {
                Idle = TimeSpan.FromMinutes(idle),
                Absolute = TimeSpan.FromMinutes(lifetime),
            },
        });
        using var bob = await host.OpenForAsync("bob");

        time.Advance(TimeSpan.FromMinutes(over) - TimeSpan.FromSeconds(1));
        using var before = await bob.GetAsync("/console/people");
        time.Advance(TimeSpan.FromMinutes(over));
        using var after = await bob.GetAsync("/console/people");

        Assert.Equal(HttpStatusCode.OK, before.StatusCode);
        Assert.Equal(HttpStatusCode.SeeOther, after.StatusCode);
    }

    [Fact]
    public async Task A_one_time_link_expires()
    {
        var time = new ManualTime();
        await using var host = await ConsoleHost.StartAsync(time);
        var path = $"/console/sign-in/{host.Links.Create(new PersonId("bob"), TimeSpan.FromMinutes(5))}";
        using var browser = host.Open();
        time.Advance(TimeSpan.FromMinutes(5));

        using var answer = await browser.PostAsync(path);

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Fact]
    public async Task Sign_in_gives_a_new_cookie_and_ends_the_old_one()
    {
        await using var host = await ConsoleHost.StartAsync();
        using var browser = await host.OpenForAsync("bob");
        var old = Assert.Single(browser.Cookies.GetAllCookies()).Value;
        using var again = await browser.PostAsync("/console/sign-in", ("token", "bob-token"));
        using var thief = host.Open();
        thief.Cookies.Add(new Cookie("countersign_session", old, "/console", host.Address.Host));

        using var answer = await thief.GetAsync("/console");

        Assert.NotEqual(old, Assert.Single(browser.Cookies.GetAllCookies()).Value);
        Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode);
    }

    [Fact]
    public async Task Signing_out_ends_the_session()
    {
        await using var host = await ConsoleHost.StartAsync();
        using var bob = await host.OpenForAsync("bob");
        var cookie = Assert.Single(bob.Cookies.GetAllCookies()).Value;

        using var answer = await bob.PostAsync("/console/sign-out", ("form_token", await bob.FormTokenAsync()));
        bob.Cookies.Add(new Cookie("countersign_session", cookie, "/console", host.Address.Host));
        using var after = await bob.GetAsync("/console");

        Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode);
        Assert.Equal("/console/sign-in", after.Headers.Location!.ToString());
    }

    [Fact]
    public async Task Whoever_leaves_the_configuration_is_out_at_once()
    {
        await using var host = await ConsoleHost.StartAsync();
        using var bob = await host.OpenForAsync("bob");
        var people = host.Charter.People;
        host.Charter = host.Charter with
        {
            People = new People(people.Persons.Where(person => person.Id.Value != "bob"), people.Agents),
        };

        using var answer = await bob.GetAsync("/console");

        Assert.Equal("/console/sign-in", answer.Headers.Location!.ToString());
    }

    [Fact]
    public async Task An_idle_session_is_over_and_live_updates_do_not_keep_it()
    {
        var time = new ManualTime();
        await using var host = await ConsoleHost.StartAsync(time);
        using var bob = await host.OpenForAsync("bob");
        time.Advance(SessionStore.IdleLifetime / 2);
        await bob.ReadAsync("/console/fragments/queue");
        time.Advance(SessionStore.IdleLifetime / 2);

        using var fragment = await bob.GetAsync("/console/fragments/queue");
        using var page = await bob.GetAsync("/console");

        Assert.Equal(HttpStatusCode.Unauthorized, fragment.StatusCode);
        Assert.Equal(HttpStatusCode.SeeOther, page.StatusCode);
    }

    [Fact]
    public async Task A_session_in_use_is_over_after_its_absolute_lifetime()
    {
        var time = new ManualTime();
        await using var host = await ConsoleHost.StartAsync(time);
        using var bob = await host.OpenForAsync("bob");
        var step = SessionStore.IdleLifetime - TimeSpan.FromMinutes(1);
        for (var age = step; age < SessionStore.AbsoluteLifetime; age += step)
        {
            time.Advance(step);
            await bob.ReadAsync("/console");
        }

        time.Advance(step);
        using var answer = await bob.GetAsync("/console");

        Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode);
    }

    [Fact]
    public async Task Asking_for_what_an_authenticator_is_to_sign_costs_no_attempt()
    {
        await using var host = await ConsoleHost.StartAsync(new ManualTime());
        using var browser = host.Open();
        for (var question = 0; question < SignInThrottle.QuestionsPerMinute; question++)
        {
            await browser.ReadAsync("/console/sign-in/options");
        }

        using var onceMore = await browser.GetAsync("/console/sign-in/options");
        using var answer = await browser.PostAsync("/console/sign-in", ("token", "bob-token"));

        Assert.Equal(HttpStatusCode.TooManyRequests, onceMore.StatusCode);
        Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode);
    }

    [Fact]
    public async Task Guessing_tokens_is_slowed_down()
    {
        var time = new ManualTime();
        await using var host = await ConsoleHost.StartAsync(time);
        using var browser = host.Open();
        for (var attempt = 0; attempt < SignInThrottle.AttemptsPerMinute; attempt++)
        {
            using var guess = await browser.PostAsync("/console/sign-in", ("token", $"guess {attempt}"));
            Assert.Equal(HttpStatusCode.Unauthorized, guess.StatusCode);
        }

        using var refused = await browser.PostAsync("/console/sign-in", ("token", "bob-token"));
        time.Advance(TimeSpan.FromMinutes(1));
        using var later = await browser.PostAsync("/console/sign-in", ("token", "bob-token"));

        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.Equal(HttpStatusCode.SeeOther, later.StatusCode);
    }

    [Fact]
    public void A_network_counts_as_one_address_because_a_host_has_all_of_them()
    {
        var throttle = new SignInThrottle(new ManualTime());
        for (var host = 1; host <= SignInThrottle.AttemptsPerMinute; host++)
        {
            Assert.True(throttle.TryEnter(IPAddress.Parse($"2001:db8:1:2::{host:x}")));
        }

        Assert.False(throttle.TryEnter(IPAddress.Parse("2001:db8:1:2:ffff::1")));
        Assert.True(throttle.TryEnter(IPAddress.Parse("2001:db8:1:3::1")));
        Assert.True(throttle.TryEnter(IPAddress.Parse("::ffff:192.0.2.1")));
        Assert.True(throttle.TryEnter(IPAddress.Parse("192.0.2.2")));
    }

    [Fact]
    public async Task A_link_from_elsewhere_is_opened_once_more_so_that_the_cookie_comes_along()
    {
        await using var host = await ConsoleHost.StartAsync();
        using var browser = host.Open();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/console/history");
        request.Headers.Add("Sec-Fetch-Site", "cross-site");

        using var answer = await browser.Client.SendAsync(request, TestContext.Current.CancellationToken);

        var page = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Contains("<meta http-equiv=\"refresh\" content=\"0;url=/console/history?arrived=1\"", page);
    }
}
