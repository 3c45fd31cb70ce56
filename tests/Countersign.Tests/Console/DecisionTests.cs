using System.Net;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Records;
using Countersign.Core.Reviews;

namespace Countersign.Tests.Console;

public sealed class DecisionTests
{
    private static readonly Requirement NeedsSession =
        ConsoleHost.Need("r", "Because.", ConsoleHost.Of("group:dba", 1)) with { Assurance = Assurance.Session };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_approval_is_recorded_with_the_assurance_of_the_sign_in()
    {
        await using var host = await ConsoleHost.StartAsync();
        var record = await host.AskAsync(new Ask());
        using var bob = await host.OpenForAsync("bob");

        var page = await bob.VoteAsync(record.Id.Value, "approve", "looks right");

        Assert.Contains("Your approval is recorded, and the review is approved.", page);
        var vote = Assert.Single((await FindAsync(host, record.Id)).Life.Votes);
        Assert.Equal((Decision.Approve, Assurance.Token, "looks right"), (vote.Decision, vote.Assurance, vote.Comment));
        var ended = await host.Office.Gatekeeper.WaitForEndAsync(record.Id, TimeSpan.FromMinutes(1), Cancellation);
        Assert.Equal(ActionState.Succeeded, ended!.State);
    }

    [Fact]
    public async Task Who_would_leave_nobody_by_a_change_reads_that_before_writing_one()
    {
        await using var host = await ConsoleHost.StartAsync();
        host.Require(ConsoleHost.Need("both", "Two.", ConsoleHost.Of("group:dba", 2)));
        var record = await host.AskAsync(new Ask());
        using var bob = await host.OpenForAsync("bob");
        Assert.Contains("If you change it, nobody is left", await bob.ReadAsync($"/console/actions/{record.Id}"));

        host.Require(ConsoleHost.Need("one", "One.", ConsoleHost.Of("group:dba", 1)));
        var open = await host.AskAsync(new Ask { Operation = "other" });

        var page = await bob.ReadAsync($"/console/actions/{open.Id}");
        Assert.Contains("Compare with what was asked", page);
        Assert.DoesNotContain("nobody is left", page);
    }

    [Fact]
    public async Task A_one_time_link_gives_votes_the_assurance_of_a_session()
    {
        await using var host = await ConsoleHost.StartAsync();
        host.Require(NeedsSession);
        var record = await host.AskAsync(new Ask());
        using var bob = host.Open();
        var code = host.Links.Create(new PersonId("bob"), TimeSpan.FromMinutes(5));
        using var entered = await bob.PostAsync($"/console/sign-in/{code}");

        await bob.VoteAsync(record.Id.Value, "approve");

        Assert.Equal(Assurance.Session, Assert.Single((await FindAsync(host, record.Id)).Life.Votes).Assurance);
    }

    [Fact]
    public async Task Whoever_voted_too_weakly_for_a_rule_may_vote_again_from_a_stronger_sign_in()
    {
        await using var host = await ConsoleHost.StartAsync();
        host.Require(NeedsSession, ConsoleHost.Need("two", "Both.", ConsoleHost.Of("group:dba", 2)));
        var record = await host.AskAsync(new Ask());
        using var weak = await host.OpenForAsync("bob");
        var voted = await weak.VoteAsync(record.Id.Value, "approve");
        using var strong = host.Open();
        var code = host.Links.Create(new PersonId("bob"), TimeSpan.FromMinutes(5));
        using var entered = await strong.PostAsync($"/console/sign-in/{code}");

        var page = await strong.ReadAsync($"/console/actions/{record.Id}");
        await strong.VoteAsync(record.Id.Value, "approve");
        var after = await strong.ReadAsync($"/console/actions/{record.Id}");

        Assert.Contains("approving asks for &#x27;session&#x27; or stronger", voted);
        Assert.Contains("value=\"approve\"", page);
        Assert.Contains("You have voted on this revision.", after);
        Assert.Equal(2, (await FindAsync(host, record.Id)).Life.Votes.Length);
    }

    /// <summary>Head and tail are no basis for an approval, and a form can be sent without its page.</summary>
    [Theory]
    [InlineData(430, true)]
    [InlineData(2100, false)]
    public async Task Nobody_approves_on_a_page_that_does_not_hold_all_of_it(int kilobytes, bool isWhole)
    {
        await using var host = await ConsoleHost.StartAsync();
        var filler = new string('a', kilobytes * 512);
        var record = await host.AskAsync(new Ask
        {
            Arguments = $$"""{"text":"{{filler}} DROP EVERYTHING {{filler}}"}""",
        });
        using var bob = await host.OpenForAsync("bob");

        var page = await bob.ReadAsync($"/console/actions/{record.Id}");

        Assert.True(!isWhole || page.Contains("DROP EVERYTHING", StringComparison.Ordinal));
        Assert.Equal(isWhole, page.Contains("value=\"approve\"", StringComparison.Ordinal));
        Assert.Equal(!isWhole, page.Contains("more than a page shows", StringComparison.Ordinal));
        Assert.Contains("value=\"deny\"", page);
        var answered = await bob.VoteAsync(record.Id.Value, "approve");
        Assert.Equal(!isWhole, answered.Contains("more than a page shows", StringComparison.Ordinal));
        Assert.Equal(isWhole ? 1 : 0, (await FindAsync(host, record.Id)).Life.Votes.Length);
    }

    [Fact]
    public async Task A_comment_of_several_lines_is_kept_without_what_the_form_added()
    {
        await using var host = await ConsoleHost.StartAsync();
        var record = await host.AskAsync(new Ask());
        using var bob = await host.OpenForAsync("bob");

        await bob.VoteAsync(record.Id.Value, "deny", "first\r\nsecond");

        Assert.Equal("first\nsecond", Assert.Single((await FindAsync(host, record.Id)).Life.Votes).Comment);
    }

    [Fact]
    public async Task A_denial_needs_no_comment()
    {
        await using var host = await ConsoleHost.StartAsync();
        var record = await host.AskAsync(new Ask());
        using var bob = await host.OpenForAsync("bob");

        var page = await bob.VoteAsync(record.Id.Value, "deny");

        Assert.Contains("Your denial is recorded.", page);
        Assert.Contains("Nothing was executed. Denied by bob.", page);
        Assert.Contains("0 of 1 approved (group:dba)", page);
        Assert.Equal(ActionState.Denied, (await FindAsync(host, record.Id)).State);
    }

    [Fact]
    public async Task The_notice_is_shown_once()
    {
        await using var host = await ConsoleHost.StartAsync();
        var record = await host.AskAsync(new Ask());
        using var bob = await host.OpenForAsync("bob");
        await bob.VoteAsync(record.Id.Value, "deny");

        Assert.DoesNotContain("is recorded", await bob.ReadAsync($"/console/actions/{record.Id}"));
    }

    [Fact]
    public async Task Whoever_stands_behind_a_request_is_told_why_they_cannot_approve_and_who_can()
    {
        await using var host = await ConsoleHost.StartAsync();
        var record = await host.AskAsync(new Ask());
        using var alice = await host.OpenForAsync("alice");
        var page = await alice.ReadAsync($"/console/actions/{record.Id}");

        Assert.Contains("You cannot approve this.", page);
        Assert.Contains("These people can: bob, carol.", page);
        Assert.DoesNotContain("value=\"approve\"", page);
        Assert.Contains("value=\"deny\"", page);
    }

    [Fact]
    public async Task Self_approval_by_a_hand_made_form_is_refused_in_words()
    {
        await using var host = await ConsoleHost.StartAsync();
        var record = await host.AskAsync(new Ask());
        using var alice = await host.OpenForAsync("alice");

        var page = await alice.VoteAsync(record.Id.Value, "approve");

        Assert.Contains("Not recorded.", page);
        Assert.Contains("You stand behind this request", page);
        Assert.Empty((await FindAsync(host, record.Id)).Life.Votes);
    }

    [Fact]
    public async Task A_stale_digest_is_refused_in_words()
    {
        await using var host = await ConsoleHost.StartAsync();
        var record = await host.AskAsync(new Ask());
        using var bob = await host.OpenForAsync("bob");
        var stale = ActionDigest.Of("another action"u8).Value;

        var page = await bob.VoteAsync(record.Id.Value, "approve", stale, await bob.FormTokenAsync());

        Assert.Contains("The request changed since you looked", page);
        Assert.Equal(ActionState.Pending, (await FindAsync(host, record.Id)).State);
    }

    [Fact]
    public async Task A_late_click_gets_an_answer()
    {
        await using var host = await ConsoleHost.StartAsync();
        var record = await host.AskAsync(new Ask());
        using var bob = await host.OpenForAsync("bob");
        using var carol = await host.OpenForAsync("carol");
        var token = await carol.FormTokenAsync();
        await bob.VoteAsync(record.Id.Value, "deny");

        var page = await carol.VoteAsync(record.Id.Value, "approve", record.Action.Digest.Value, token);

        Assert.Contains("It is over: the action is denied already.", page);
    }

    [Fact]
    public async Task A_sign_in_too_weak_for_the_rule_is_explained_before_and_refused_after()
    {
        await using var host = await ConsoleHost.StartAsync();
        host.Require(NeedsSession);
        var record = await host.AskAsync(new Ask());
        using var bob = await host.OpenForAsync("bob");

        var before = WebUtility.HtmlDecode(await bob.ReadAsync($"/console/actions/{record.Id}"));
        var after = await bob.VoteAsync(record.Id.Value, "approve");

        Assert.Contains("approving asks for 'session' or stronger", before);
        Assert.DoesNotContain("value=\"approve\"", before);
        Assert.Contains("Your sign-in is too weak for this approval", after);
    }

    [Fact]
    public async Task The_second_of_two_approvals_decides()
    {
        await using var host = await ConsoleHost.StartAsync();
        host.Require(ConsoleHost.Need("two-eyes", "Two of you.", ConsoleHost.Of("group:dba", 2)));
        var record = await host.AskAsync(new Ask());
        using var bob = await host.OpenForAsync("bob");
        using var carol = await host.OpenForAsync("carol");

        var first = await bob.VoteAsync(record.Id.Value, "approve");
        Assert.Contains("more are needed", first);
        Assert.Contains("1 of 2 approved, 1 more from group:dba", first);
        Assert.Contains("Who can still act: Carol Danvers (carol).", first);

        Assert.Contains("the review is approved", await carol.VoteAsync(record.Id.Value, "approve"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("?decision=approve")]
    public async Task Nothing_is_decided_by_a_get(string query)
    {
        await using var host = await ConsoleHost.StartAsync();
        var record = await host.AskAsync(new Ask());
        using var bob = await host.OpenForAsync("bob");

        using var answer = await bob.GetAsync($"/console/actions/{record.Id}/votes{query}");

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Equal(ActionState.Pending, (await FindAsync(host, record.Id)).State);
    }

    [Theory]
    [InlineData("maybe", null)]
    [InlineData("approve", "sha256:12")]
    public async Task A_form_without_decision_or_digest_is_refused(string decision, string? digest)
    {
        await using var host = await ConsoleHost.StartAsync();
        var record = await host.AskAsync(new Ask());
        using var bob = await host.OpenForAsync("bob");

        using var answer = await bob.PostAsync(
            $"/console/actions/{record.Id}/votes",
            ("decision", decision),
            ("digest", digest ?? record.Action.Digest.Value),
            ("form_token", await bob.FormTokenAsync()));

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    private static async Task<ActionRecord> FindAsync(ConsoleHost host, ActionId id) =>
        (await host.Office.Gatekeeper.FindAsync(id, Cancellation))!;
}
