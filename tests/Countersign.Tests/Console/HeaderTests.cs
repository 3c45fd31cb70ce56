using System.Net;
using System.Text.RegularExpressions;
using Countersign.Server.Console;

namespace Countersign.Tests.Console;

public sealed class HeaderTests
{
    [Theory]
    [InlineData("/console", HttpStatusCode.OK)]
    [InlineData("/console/history", HttpStatusCode.OK)]
    [InlineData("/console/fragments/queue", HttpStatusCode.OK)]
    [InlineData("/console/sign-in", HttpStatusCode.OK)]
    [InlineData("/console/sign-in/unknown", HttpStatusCode.NotFound)]
    [InlineData("/console/actions/act_01arz3ndektsv4rrffq69g5fav", HttpStatusCode.NotFound)]
    [InlineData("/console/actions/nonsense", HttpStatusCode.NotFound)]
    [InlineData("/console/events?action=nonsense", HttpStatusCode.NotFound)]
    [InlineData("/console/assets/console.css", HttpStatusCode.NotFound)]
    [InlineData("/console/sign-out", HttpStatusCode.NotFound)]
    [InlineData("/console/no/such/page", HttpStatusCode.NotFound)]
    [Trait("Threat", "THR-042"), Trait("CWE", "79")]
    public async Task Every_answer_carries_the_headers(string path, HttpStatusCode status)
    {
        await using var host = await ConsoleHost.StartAsync();
        using var bob = await host.OpenForAsync("bob");

        using var answer = await bob.GetAsync(path);

        Assert.Equal(status, answer.StatusCode);
        AssertHeaders(answer);
    }

    [Theory]
    [InlineData("/console", HttpStatusCode.SeeOther)]
    [InlineData("/console/events", HttpStatusCode.Unauthorized)]
    [InlineData("/console/fragments/queue", HttpStatusCode.Unauthorized)]
    public async Task So_does_every_refusal_of_a_stranger(string path, HttpStatusCode status)
    {
        await using var host = await ConsoleHost.StartAsync();
        using var nobody = host.Open();

        using var answer = await nobody.GetAsync(path);

        Assert.Equal(status, answer.StatusCode);
        AssertHeaders(answer);
    }

    [Fact]
    public async Task A_store_that_is_down_is_a_503_with_the_headers()
    {
        await using var host = await ConsoleHost.StartAsync();
        using var bob = await host.OpenForAsync("bob");
        host.Store.IsDown = true;

        using var answer = await bob.GetAsync("/console");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        AssertHeaders(answer);
    }

    [Fact]
    [Trait("Threat", "THR-042"), Trait("CWE", "79")]
    public void Nothing_on_a_page_comes_from_an_address_that_holds_its_content() =>
        Assert.DoesNotContain("data:", PageHeaders.ContentSecurityPolicy);

    [Fact]
    public async Task A_refused_form_carries_the_headers()
    {
        await using var host = await ConsoleHost.StartAsync();
        using var bob = await host.OpenForAsync("bob");

        using var answer = await bob.PostAsync("/console/sign-out");

        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        AssertHeaders(answer);
    }

    [Fact]
    public async Task The_root_leads_to_the_reviews()
    {
        await using var host = await ConsoleHost.StartAsync();
        using var nobody = host.Open();

        using var answer = await nobody.GetAsync("/");

        Assert.Equal("/console", answer.Headers.Location!.ToString());
    }

    [Fact]
    public async Task Assets_have_the_hash_of_their_content_in_the_address_and_are_kept_for_good()
    {
        await using var host = await ConsoleHost.StartAsync();
        using var nobody = host.Open();
        var page = await nobody.ReadAsync("/console/sign-in");
        var addresses = Regex.Matches(page, "(?:href|src)=\"(/console/assets/[^\"]+)\"")
            .Select(match => match.Groups[1].Value);

        var types = new List<string>();
        foreach (var address in addresses.Distinct())
        {
            using var answer = await nobody.GetAsync(address);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.Matches(@"/\w+\.[0-9a-f]{16}\.\w+$", address);
            Assert.Contains("immutable", answer.Headers.CacheControl!.ToString());
            types.Add(answer.Content.Headers.ContentType!.MediaType!);
        }

        Assert.Equal(
            ["image/svg+xml", "text/css", .. Enumerable.Repeat("text/javascript", 3)], types.Order());
    }

    [Fact]
    public async Task No_page_has_inline_scripts_or_styles()
    {
        await using var host = await ConsoleHost.StartAsync();
        var record = await host.AskAsync(new Ask());
        using var bob = await host.OpenForAsync("bob");

        string[] paths =
        [
            "/console", "/console/history", $"/console/actions/{record.Id}", "/console/sign-in", "/console/people",
            "/console/people/bob", "/console/ledger",
        ];
        foreach (var path in paths)
        {
            var page = await bob.ReadAsync(path);
            Assert.DoesNotMatch("<style|style=|<script(?! type=\"module\" src=)|\\son\\w+=|javascript:", page);
        }
    }

    private static void AssertHeaders(HttpResponseMessage answer)
    {
        var policy = Assert.Single(answer.Headers.GetValues("Content-Security-Policy"));
        string[] directives =
        [
            "default-src 'none'",
            "script-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        ];
        foreach (var directive in directives)
        {
            Assert.Contains(directive, policy);
        }

        Assert.DoesNotContain("unsafe", policy);
        Assert.Equal("nosniff", Assert.Single(answer.Headers.GetValues("X-Content-Type-Options")));
        Assert.Equal("same-origin", Assert.Single(answer.Headers.GetValues("Cross-Origin-Opener-Policy")));
        Assert.Equal("same-origin", Assert.Single(answer.Headers.GetValues("Referrer-Policy")));
        Assert.True(answer.Headers.CacheControl!.NoStore);
    }
}
