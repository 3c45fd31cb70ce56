using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Countersign.Core.Actions;

namespace Countersign.Tests.Console;

/// <summary>The page that checks receipts, and the way to it.</summary>
public sealed partial class VerifierPageTests
{
    [Fact]
    public async Task Nobody_signs_in_for_it_and_it_may_run_its_own_script_and_reach_nothing()
    {
        await using var host = await ConsoleHost.StartAsync();
        using var nobody = host.Open();

        using var answer = await nobody.GetAsync("/console/verify");

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var page = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        var policy = Assert.Single(answer.Headers.GetValues("Content-Security-Policy"));
        Assert.StartsWith("default-src 'none'; ", policy, StringComparison.Ordinal);
        Assert.Contains($"script-src '{HashOf(Script().Match(page))}'", policy, StringComparison.Ordinal);
        Assert.Contains($"style-src '{HashOf(Style().Match(page))}'", policy, StringComparison.Ordinal);
        Assert.Contains("form-action 'none'", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("connect-src", policy, StringComparison.Ordinal);
        // A saved copy has no headers, so the page says it of itself as well.
        Assert.Contains(policy[..policy.IndexOf("; frame-ancestors", StringComparison.Ordinal)], page);
        Assert.DoesNotContain("src=\"", page, StringComparison.Ordinal);
        Assert.DoesNotContain("href=\"", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_page_of_an_action_says_why_it_was_held_and_leads_to_its_receipt()
    {
        await using var host = await ConsoleHost.StartAsync();
        using var bob = await host.OpenForAsync("bob");
        var record = await host.AskAsync(new Ask());

        var page = await bob.ReadAsync($"/console/actions/{record.Id}");

        Assert.Contains($"href=\"/console/actions/{record.Id}/receipt\"", page, StringComparison.Ordinal);
        Assert.Contains("href=\"/console/verify\"", page, StringComparison.Ordinal);
        Assert.Contains("<li>Held: a rule of the policy asks for people.</li>", page, StringComparison.Ordinal);
        Assert.Contains("could decide within", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_receipt_is_for_whom_the_action_exists()
    {
        await using var host = await ConsoleHost.StartAsync();
        using var nobody = host.Open();
        using var bob = await host.OpenForAsync("bob");
        var record = await host.AskAsync(new Ask());

        using var refused = await nobody.GetAsync($"/console/actions/{record.Id}/receipt");
        using var missing = await bob.GetAsync($"/console/actions/{ActionId.Create(default, new byte[10])}/receipt");

        Assert.Equal(HttpStatusCode.SeeOther, refused.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
    }

    private static string HashOf(Match match)
    {
        Assert.True(match.Success);
        return $"sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(match.Groups[1].Value)))}";
    }

    [GeneratedRegex("<script type=\"module\">(.*)</script>", RegexOptions.Singleline)]
    private static partial Regex Script();

    [GeneratedRegex("<style>(.*)</style>", RegexOptions.Singleline)]
    private static partial Regex Style();
}
