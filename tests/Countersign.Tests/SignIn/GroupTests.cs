using System.Net;
using Countersign.Tests.Console;

namespace Countersign.Tests.SignIn;

/// <summary>The provider says who is in a group, whenever a vote is cast or counted.</summary>
public sealed class GroupTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Whoever_the_provider_puts_into_the_group_decides(bool inToken)
    {
        await using var host = await SignInHost.StartAsync();
        host.Provider.PutsGroupsIntoToken = inToken;
        host.Provider.Groups.AddRange(["db-owners", "everybody"]);
        var id = await host.AskAsync();
        using var alice = await host.OpenForAsync("sub-alice");

        await alice.VoteAsync(id, "approve");

        Assert.Equal("approved", (await host.FindAsync(id)).GetProperty("state").GetString());
    }

    [Fact]
    public async Task Whoever_it_does_not_is_no_reviewer()
    {
        await using var host = await SignInHost.StartAsync();
        host.Provider.Groups.Add("everybody");
        var id = await host.AskAsync();
        using var bob = await host.OpenForAsync("sub-bob");

        Assert.Contains("You are not among its reviewers", await bob.ReadAsync($"/console/actions/{id}"));
    }

    [Fact]
    [Trait("Threat", "THR-012"), Trait("CWE", "613")]
    public async Task Whoever_has_not_signed_in_with_it_is_in_none_of_its_groups()
    {
        await using var host = await SignInHost.StartAsync();
        var id = await host.AskAsync();
        using var alice = host.Open();
        using var entered = await alice.PostAsync("/console/sign-in", ("token", SignInHost.AliceToken));

        Assert.Contains(
            "Which groups you are in says your identity provider", await alice.ReadAsync($"/console/actions/{id}"));
    }

    [Fact]
    [Trait("Threat", "THR-012"), Trait("CWE", "613")]
    public async Task Who_left_the_group_after_signing_in_does_not_decide()
    {
        await using var host = await SignInHost.StartAsync();
        host.Provider.Groups.Add("db-owners");
        var id = await host.AskAsync();
        using var alice = await host.OpenForAsync("sub-alice");
        var page = await alice.ReadAsync($"/console/actions/{id}");
        host.Provider.Groups.Clear();
        host.Time.Advance(TimeSpan.FromSeconds(2));

        await alice.VoteAsync(id, "approve", Browser.FieldOf(page, "digest"), Browser.FieldOf(page, "form_token"));

        Assert.Equal("pending", (await host.FindAsync(id)).GetProperty("state").GetString());
    }

    [Fact]
    [Trait("Threat", "THR-011"), Trait("CWE", "367")]
    public async Task An_approval_of_somebody_who_left_the_group_since_does_not_count_at_the_claim()
    {
        await using var host = await SignInHost.StartAsync();
        host.Provider.Groups.Add("db-owners");
        var id = await host.AskAsync();
        using var alice = await host.OpenForAsync("sub-alice");
        await alice.VoteAsync(id, "approve");
        host.Provider.Groups.Clear();
        host.Time.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal(HttpStatusCode.Conflict, await ClaimAsync(host, id));
        Assert.Equal("superseded", (await host.FindAsync(id)).GetProperty("state").GetString());
    }

    [Fact]
    public async Task An_approval_of_somebody_who_is_still_there_is_taken()
    {
        await using var host = await SignInHost.StartAsync();
        host.Provider.Groups.Add("db-owners");
        var id = await host.AskAsync();
        using var alice = await host.OpenForAsync("sub-alice");
        await alice.VoteAsync(id, "approve");
        host.Time.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal(HttpStatusCode.OK, await ClaimAsync(host, id));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Trait("Threat", "THR-011"), Trait("CWE", "367")]
    public async Task Who_left_altogether_is_signed_out_and_their_approval_counts_no_more(bool refreshes)
    {
        await using var host = await SignInHost.StartAsync();
        host.Provider.GivesRefreshTokens = refreshes;
        host.Provider.Groups.Add("db-owners");
        var id = await host.AskAsync();
        using var alice = await host.OpenForAsync("sub-alice");
        await alice.VoteAsync(id, "approve");
        host.Provider.Gone.Add("sub-alice");
        host.Time.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal(HttpStatusCode.Conflict, await ClaimAsync(host, id));
        using var page = await alice.GetAsync("/console");
        Assert.Equal(HttpStatusCode.SeeOther, page.StatusCode);
    }

    [Fact]
    public async Task While_the_provider_cannot_be_asked_its_last_word_counts()
    {
        await using var host = await SignInHost.StartAsync();
        host.Provider.Groups.Add("db-owners");
        var id = await host.AskAsync();
        using var alice = await host.OpenForAsync("sub-alice");
        await alice.VoteAsync(id, "approve");
        host.Provider.IsDown = true;
        host.Time.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal(HttpStatusCode.OK, await ClaimAsync(host, id));
    }

    [Fact]
    [Trait("Threat", "THR-012"), Trait("CWE", "613")]
    public async Task But_not_for_longer_than_the_configuration_says()
    {
        await using var host = await SignInHost.StartAsync(
            text => text.Replace("name: Acme", "name: Acme\n    groups_max_age: 60s", StringComparison.Ordinal));
        host.Provider.Groups.Add("db-owners");
        var id = await host.AskAsync();
        using var alice = await host.OpenForAsync("sub-alice");
        await alice.VoteAsync(id, "approve");
        host.Provider.IsDown = true;
        host.Time.Advance(TimeSpan.FromSeconds(60));

        Assert.Equal(HttpStatusCode.Conflict, await ClaimAsync(host, id));
    }

    private static async Task<HttpStatusCode> ClaimAsync(SignInHost host, string id)
    {
        using var client = host.ClientWith(SignInHost.BotToken);
        var digest = (await host.FindAsync(id)).GetProperty("digest").GetString();
        using var answer = await client.PostAsync(
            $"/v1/actions/{id}/claim",
            new StringContent($$"""{"digest":"{{digest}}"}""", null, "application/json"),
            Cancel);
        return answer.StatusCode;
    }
}
