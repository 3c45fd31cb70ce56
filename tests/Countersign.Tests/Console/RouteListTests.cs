using System.Text.RegularExpressions;
using Countersign.Server.Channels;
using Countersign.Server.Channels.Slack;
using Countersign.Tests.Documentation;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Countersign.Tests.Console;

/// <summary>
/// The list of pages that axe looks at, in <c>docs/reference/accessibility.md</c>, has every route of the console that
/// answers with a page. The end-to-end tests hold the list to what they walk through.
/// </summary>
public sealed partial class RouteListTests
{
    /// <summary>A page fetches these for itself, or they are files.</summary>
    private static readonly string[] s_parts =
    [
        "GET /console/fragments/queue", "GET /console/fragments/actions/{id}", "GET /console/events",
        "GET /console/actions/{id}/receipt", "GET /console/actions/{id}/statement", "GET /console/assets/{name}",
        "GET /console/passkeys/options", "GET /console/sign-in/options",
    ];

    /// <summary>These send the browser on, to a page of the list that then says what became of it.</summary>
    private static readonly string[] s_sendOn =
    [
        "GET /console/sign-in/provider", "POST /console/sign-in/{code}", "POST /console/sign-out",
        "POST /console/sign-out/everywhere", "POST /console/passkeys/sign-in", "POST /console/passkeys/step-up",
        "POST /console/passkeys", "POST /console/passkeys/{entry}/revoke", "POST /console/actions/{id}/votes",
        "POST /console/actions/{id}/dry-run", "POST /console/actions/{id}/revisions",
        "POST /console/actions/{id}/break-glass", "POST /console/agents/{agent}/stop",
        "POST /console/agents/{agent}/resume", "POST /console/accounts/unlink",
    ];

    [Fact]
    public async Task Every_route_of_the_console_is_looked_at_by_axe_or_answers_without_a_page()
    {
        var slack = new SlackOptions("xoxb-never-used", "C0123") { SigningSecret = "never used" };
        await using var host = await ConsoleHost.StartAsync(channels: new ChannelSettings { Slack = slack });
        var listed = Row().Matches(Pages.Find("docs/reference/accessibility.md").Text)
            .Select(row => row.Groups[1].Value);

        var routes = host.Service<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(route => route.RoutePattern.RawText!.StartsWith("/console", StringComparison.Ordinal))
            .Select(route => $"{MethodOf(route)} {route.RoutePattern.RawText}");

        Assert.Equal(
            routes.Order(StringComparer.Ordinal),
            listed.Concat(s_parts).Concat(s_sendOn).Distinct().Order(StringComparer.Ordinal));
    }

    private static string MethodOf(RouteEndpoint route) =>
        route.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods.Contains(HttpMethods.Post) == true
            ? "POST"
            : "GET";

    [GeneratedRegex(@"^\| [^|]+ \| `((?:GET|POST) [^`]+)` \|\r?$", RegexOptions.Multiline)]
    private static partial Regex Row();
}
