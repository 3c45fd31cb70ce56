using System.Net;
using Countersign.Core.Actions;
using Countersign.Server.Console;

namespace Countersign.Tests.Console;

public sealed class ForgeryTests
{
    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [Trait("Threat", "THR-024"), Trait("CWE", "294")]
    public async Task A_form_without_the_sessions_token_is_refused(string? token)
    {
        await using var host = await ConsoleHost.StartAsync();
        var record = await host.AskAsync(new Ask());
        using var bob = await host.OpenForAsync("bob");
        (string, string)[] fields = [("decision", "deny"), ("digest", record.Action.Digest.Value)];

        using var answer = await bob.PostAsync(
            $"/console/actions/{record.Id}/votes", token is null ? fields : [.. fields, ("form_token", token)]);

        await AssertRefusedAsync(host, record.Id, answer);
    }

    [Fact]
    public async Task The_token_of_another_session_is_refused()
    {
        await using var host = await ConsoleHost.StartAsync();
        var record = await host.AskAsync(new Ask());
        using var bob = await host.OpenForAsync("bob");
        using var carol = await host.OpenForAsync("carol");

        using var answer = await bob.PostAsync(
            $"/console/actions/{record.Id}/votes",
            ("decision", "deny"),
            ("digest", record.Action.Digest.Value),
            ("form_token", await carol.FormTokenAsync()));

        await AssertRefusedAsync(host, record.Id, answer);
    }

    [Theory]
    [InlineData("https://evil.example", null)]
    [InlineData("null", null)]
    [InlineData("https://evil.example", "same-origin")]
    [InlineData(null, "cross-site")]
    [InlineData(null, "same-site")]
    [InlineData(null, "none")]
    public async Task A_form_from_another_origin_is_refused(string? origin, string? site)
    {
        await using var host = await ConsoleHost.StartAsync();
        var record = await host.AskAsync(new Ask());
        using var bob = await host.OpenForAsync("bob");

        using var answer = await bob.SendAsync(
            $"/console/actions/{record.Id}/votes",
            origin,
            site,
            ("decision", "deny"),
            ("digest", record.Action.Digest.Value),
            ("form_token", await bob.FormTokenAsync()));

        await AssertRefusedAsync(host, record.Id, answer);
    }

    [Fact]
    public async Task A_form_from_the_public_address_in_front_of_a_proxy_is_accepted()
    {
        var options = new ConsoleOptions { PublicUrl = new Uri("https://approvals.example/") };
        await using var host = await ConsoleHost.StartAsync(options: options);
        using var browser = host.Open();

        using var answer = await browser.SendAsync(
            "/console/sign-in", "https://approvals.example", "same-origin", ("token", "bob-token"));

        Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode);
        Assert.Contains("; secure", Assert.Single(answer.Headers.GetValues("Set-Cookie")));
    }

    [Fact]
    public async Task A_foreign_page_cannot_sign_its_visitor_in()
    {
        await using var host = await ConsoleHost.StartAsync();
        using var browser = host.Open();

        using var answer = await browser.SendAsync(
            "/console/sign-in", "https://evil.example", "cross-site", ("token", "bob-token"));

        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        Assert.Empty(browser.Cookies.GetAllCookies());
    }

    [Fact]
    public async Task A_form_without_a_session_changes_nothing()
    {
        await using var host = await ConsoleHost.StartAsync();
        var record = await host.AskAsync(new Ask());
        using var nobody = host.Open();

        using var answer = await nobody.PostAsync(
            $"/console/actions/{record.Id}/votes", ("decision", "deny"), ("digest", record.Action.Digest.Value));

        Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode);
        Assert.Equal($"/console/sign-in?action={record.Id}", answer.Headers.Location!.ToString());
        await AssertPendingAsync(host, record.Id);
    }

    [Fact]
    public async Task A_form_that_is_too_large_is_refused()
    {
        await using var host = await ConsoleHost.StartAsync();
        var record = await host.AskAsync(new Ask());
        using var bob = await host.OpenForAsync("bob");

        using var answer = await bob.PostAsync(
            $"/console/actions/{record.Id}/votes",
            ("decision", "deny"),
            ("digest", record.Action.Digest.Value),
            ("form_token", await bob.FormTokenAsync()),
            ("comment", new string('x', 100_000)));

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        await AssertPendingAsync(host, record.Id);
    }

    private static async Task AssertRefusedAsync(ConsoleHost host, ActionId id, HttpResponseMessage answer)
    {
        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        await AssertPendingAsync(host, id);
    }

    private static async Task AssertPendingAsync(ConsoleHost host, ActionId id)
    {
        var record = await host.Office.Gatekeeper.FindAsync(id, TestContext.Current.CancellationToken);
        Assert.Equal(ActionState.Pending, record!.State);
    }
}
