using System.Net;
using System.Text.RegularExpressions;
using Countersign.Core.Actions;
using Countersign.Server.Channels;
using Countersign.Server.Channels.Slack;
using Countersign.Server.Console;
using Microsoft.AspNetCore.Routing;

namespace Countersign.Tests.Console;

public sealed partial class ForgeryTests
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
    [Trait("Threat", "THR-090"), Trait("CWE", "352")]
    public async Task No_form_of_the_console_is_taken_without_the_sessions_token_or_by_a_get()
    {
        var slack = new SlackOptions("xoxb-never-used", "C0123") { SigningSecret = "never used" };
        await using var host = await ConsoleHost.StartAsync(channels: new ChannelSettings { Slack = slack });
        var record = await host.AskAsync(new Ask());
        using var bob = await host.OpenForAsync("bob");
        var before = host.Store.Entries.Length;
        var forms = host.Service<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(route => route.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods.Contains("POST") == true)
            .Select(route => Route().Replace(route.RoutePattern.RawText!, name => name.Groups[1].Value switch
            {
                "id" => record.Id.Value,
                "agent" => "deploy-bot",
                "person" => "bob",
                _ => "0",
            }))
            .Where(path => path.StartsWith("/console/", StringComparison.Ordinal))
            .Where(path => !path.Contains("sign-in", StringComparison.Ordinal))
            .ToList();

        Assert.True(forms.Count > 7, string.Join(' ', forms));
        foreach (var form in forms)
        {
            using var forged = await bob.PostAsync(
                form, ("form_token", "forged"), ("decision", "deny"), ("digest", record.Action.Digest.Value));
            Assert.Equal(HttpStatusCode.Forbidden, forged.StatusCode);
            using var read = await bob.GetAsync($"{form}?decision=deny&digest={record.Action.Digest}");
            Assert.Equal(HttpStatusCode.NotFound, read.StatusCode);
        }

        await AssertPendingAsync(host, record.Id);
        Assert.Equal(before, host.Store.Entries.Length);
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
    [Trait("Threat", "THR-090"), Trait("CWE", "352")]
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

    [GeneratedRegex(@"\{(\w+)\}")]
    private static partial Regex Route();
}
