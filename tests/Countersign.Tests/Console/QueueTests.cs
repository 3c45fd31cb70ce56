using System.Net;
using System.Text.RegularExpressions;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Policies;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;
using Countersign.Server.Console;
using Countersign.Server.Hosting;
using Countersign.Tests.Support;

namespace Countersign.Tests.Console;

/// <summary>Lists stay honest when there is more than a page of them.</summary>
public sealed partial class QueueTests
{
    private readonly ManualTime _time = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("Threat", "THR-019"), Trait("CWE", "778")]
    public async Task A_policy_that_was_changed_back_is_told_of_on_the_first_page()
    {
        await using var host = await ConsoleHost.StartAsync(_time);
        await PutInForceAsync(host.Charter.Policy);
        using var dora = await host.OpenForAsync("dora");
        Assert.DoesNotContain("changed back", await dora.ReadAsync("/console"));

        await PutInForceAsync(PolicyHash.Of("another"u8));
        await PutInForceAsync(host.Charter.Policy);

        Assert.Contains("has been changed back since", await dora.ReadAsync("/console"));
        _time.Advance(PolicyChanges.RevertTime + TimeSpan.FromSeconds(1));
        using var later = await host.OpenForAsync("dora");
        Assert.DoesNotContain("changed back", await later.ReadAsync("/console"));

        Task PutInForceAsync(PolicyHash policy) => host.Store.CommitAsync(
            new Change { NewPolicy = policy }, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Reviews_that_a_person_may_not_see_never_crowd_out_those_they_may()
    {
        await using var host = await ConsoleHost.StartAsync(_time);
        var waiting = await AskAsync(host, new Ask());
        for (var i = 0; i < 520; i++)
        {
            await AskAsync(host, new Ask { Target = "vault", Operation = $"read_{i}" });
        }

        using var dora = await host.OpenForAsync("dora");
        var page = await dora.ReadAsync("/console");

        Assert.Contains($"/console/actions/{waiting.Id}", page);
        Assert.DoesNotContain("read_", page);
    }

    [Fact]
    public async Task One_agent_at_its_limit_does_not_hide_what_others_asked()
    {
        await using var host = await ConsoleHost.StartAsync(_time);
        var waiting = await AskAsync(host, new Ask());
        for (var i = 0; i < 300; i++)
        {
            await AskAsync(host, new Ask { Operation = $"read_{i}" });
        }

        using var bob = await host.OpenForAsync("bob");

        Assert.Contains($"/console/actions/{waiting.Id}", await bob.ReadAsync("/console"));
    }

    [Fact]
    public async Task Every_waiting_review_is_on_one_page_and_what_a_deadline_reaches_first_is_on_the_first()
    {
        await using var host = await ConsoleHost.StartAsync(_time);
        var asked = new List<string>();
        for (var i = 0; i < 250; i++)
        {
            asked.Add((await AskAsync(host, new Ask { Operation = $"read_{i}" })).Id.Value);
        }

        using var bob = await host.OpenForAsync("bob");
        var shown = new List<string>();
        var address = "/console";
        for (var page = await bob.ReadAsync(address); ; page = await bob.ReadAsync(address))
        {
            shown.AddRange(Rows().Matches(page).Select(row => row.Groups[1].Value));
            if (NextPage().Match(page) is not { Success: true } next)
            {
                break;
            }

            address = WebUtility.HtmlDecode(next.Groups[1].Value);
        }

        Assert.Equal(asked, shown);
        Assert.Contains("<span class=\"count\">250</span>", await bob.ReadAsync("/console"));
        Assert.Contains("First page", await bob.ReadAsync(address));
        Assert.Contains($"data-fragment=\"{address.Replace("/console", "/console/fragments/queue")}\"",
            WebUtility.HtmlDecode(await bob.ReadAsync(address)));
    }

    [Fact]
    public async Task A_page_begins_where_the_one_before_ended_though_what_stood_there_is_decided()
    {
        await using var host = await ConsoleHost.StartAsync(_time);
        var asked = new List<ActionRecord>();
        for (var i = 0; i < 110; i++)
        {
            asked.Add(await AskAsync(host, new Ask { Operation = $"read_{i}" }));
        }

        using var bob = await host.OpenForAsync("bob");
        var next = NextPage().Match(await bob.ReadAsync("/console")).Groups[1].Value;
        await bob.VoteAsync(asked[99].Id.Value, "deny");
        await bob.VoteAsync(asked[7].Id.Value, "deny");

        Assert.Equal(
            asked[100..].Select(record => record.Id.Value),
            Rows().Matches(await bob.ReadAsync(next)).Select(row => row.Groups[1].Value));
    }

    [Fact]
    public async Task A_page_on_which_nothing_waits_any_more_leads_to_the_first()
    {
        await using var host = await ConsoleHost.StartAsync(_time);
        var asked = await AskAsync(host, new Ask());
        using var bob = await host.OpenForAsync("bob");

        var page = await bob.ReadAsync($"/console?after=3000000000000000000.{asked.Id}");

        Assert.Contains("Nothing waits on this page any more", page);
        Assert.Contains($"/console/actions/{asked.Id}", await bob.ReadAsync("/console?after=nonsense"));
    }

    [Fact]
    public async Task A_filter_covers_every_waiting_review_and_its_pages_carry_it()
    {
        await using var host = await ConsoleHost.StartAsync(_time);
        for (var i = 0; i < 230; i++)
        {
            await AskAsync(host, new Ask { Operation = $"{(i < 110 ? "read" : "write")}_{i}" });
        }

        using var bob = await host.OpenForAsync("bob");

        Assert.Single(Rows().Matches(await bob.ReadAsync("/console?find=Write_229")));
        var writes = await bob.ReadAsync("/console?find=write_");
        Assert.Equal(100, Rows().Count(writes));
        Assert.Contains("<span class=\"count\">120</span>", writes);
        var next = WebUtility.HtmlDecode(NextPage().Match(writes).Groups[1].Value);
        Assert.Equal(20, Rows().Count(await bob.ReadAsync(next)));
        Assert.Contains("No waiting review says that", await bob.ReadAsync("/console?find=nobody-asked"));
    }

    [Fact]
    public async Task What_a_person_can_decide_comes_first_however_late_its_deadline_is()
    {
        await using var host = await ConsoleHost.StartAsync(_time);
        host.Require(ConsoleHost.Need("others", "Carol decides.", ConsoleHost.Of("carol", 1)));
        for (var i = 0; i < 150; i++)
        {
            await AskAsync(host, new Ask { Operation = $"read_{i}" });
        }

        host.Require(ConsoleHost.Need("his", "Bob decides.", ConsoleHost.Of("bob", 1)));
        var his = await AskAsync(host, new Ask());

        using var bob = await host.OpenForAsync("bob");
        var page = await bob.ReadAsync("/console");

        Assert.Equal(his.Id.Value, Rows().Match(page).Groups[1].Value);
        Assert.Contains("Waiting for you <span class=\"count\">1</span>", page);
        Assert.Contains("Waiting for others <span class=\"count\">150</span>", page);
        var next = WebUtility.HtmlDecode(NextPage().Match(page).Groups[1].Value);
        Assert.Equal(51, Rows().Count(await bob.ReadAsync(next)));
    }

    [Fact]
    public async Task A_decision_and_a_restart_are_seen_by_the_next_page()
    {
        await using var host = await ConsoleHost.StartAsync(_time);
        var (first, second) = (await AskAsync(host, new Ask()), await AskAsync(host, new Ask { Operation = "other" }));
        using var bob = await host.OpenForAsync("bob");
        await bob.ReadAsync("/console");
        await bob.VoteAsync(first.Id.Value, "deny");
        var index = new PendingIndex(host.Store, host.Store, host.Service<CardMask>());

        Assert.Equal(second.Id.Value, Assert.Single(Rows().Matches(await bob.ReadAsync("/console"))).Groups[1].Value);
        Assert.Equal([second.Id], (await index.ReadAsync(Cancel)).Reviews.Select(review => review.Id));
        index.Dispose();
    }

    [Fact]
    public async Task An_index_that_may_have_lost_announcements_reads_all_of_it_again()
    {
        await using var host = await ConsoleHost.StartAsync(_time);
        var (lost, other) = (await AskAsync(host, new Ask()), await AskAsync(host, new Ask { Operation = "other" }));
        using var index = new PendingIndex(host.Store, host.Store, host.Service<CardMask>());
        Assert.Equal(2, (await index.ReadAsync(Cancel)).Reviews.Length);

        using var bob = await host.OpenForAsync("bob");
        await bob.VoteAsync(lost.Id.Value, "deny");
        for (var i = 0; i < ChangeFeed.BacklogPerListener; i++)
        {
            host.Store.Changes.Announce(new ActionChanged(other.Id, ActionState.Pending, i));
        }

        Assert.Equal([other.Id], (await index.ReadAsync(Cancel)).Reviews.Select(review => review.Id));
    }

    [Fact]
    public async Task A_store_that_could_not_be_read_is_read_whole_again()
    {
        await using var host = await ConsoleHost.StartAsync(_time);
        using var index = new PendingIndex(host.Store, host.Store, host.Service<CardMask>());
        await index.ReadAsync(Cancel);
        await AskAsync(host, new Ask());
        host.Store.IsDown = true;
        await Assert.ThrowsAsync<StoreUnavailableException>(() => index.ReadAsync(Cancel));

        host.Store.IsDown = false;

        Assert.Single((await index.ReadAsync(Cancel)).Reviews);
    }

    [Fact]
    [Trait("Threat", "THR-010"), Trait("CWE", "269")]
    public async Task Who_is_too_young_a_member_is_told_from_when_on_they_may()
    {
        await using var host = await ConsoleHost.StartAsync(_time);
        var record = await AskAsync(host, new Ask());
        var (carol, dba) = (new PersonId("carol"), new GroupName("dba"));
        var since = new DateTimeOffset(2026, 11, 21, 10, 0, 0, TimeSpan.Zero);
        host.Charter = host.Charter with
        {
            People = host.Charter.People.With(
                [(carol, dba)], [new YoungMembership(new Membership(carol, dba, since), since.AddHours(24))]),
        };
        using var browser = await host.OpenForAsync("carol");

        var page = await browser.ReadAsync($"/console/actions/{record.Id}");

        Assert.Contains("You are in group:dba since 2026-11-21 10:00 UTC", page);
        Assert.Contains("count as a reviewer there from 2026-11-22 10:00 UTC on. These people can: bob.", page);
    }

    [Fact]
    public async Task What_is_hidden_on_a_row_is_not_found_by_it()
    {
        await using var host = await ConsoleHost.StartAsync(_time);
        await AskAsync(host, new Ask { Arguments = """{"key":"ghp_0123456789abcdefghijABCDEFGHIJ012345"}""" });
        using var bob = await host.OpenForAsync("bob");

        Assert.Contains("No waiting review says that", await bob.ReadAsync("/console?find=ghp_0123456789"));
    }

    [Fact]
    public async Task What_ended_is_found_behind_what_has_not()
    {
        await using var host = await ConsoleHost.StartAsync(_time);
        var ended = await AskAsync(host, new Ask());
        using var bob = await host.OpenForAsync("bob");
        await bob.VoteAsync(ended.Id.Value, "deny");
        for (var i = 0; i < 120; i++)
        {
            await AskAsync(host, new Ask { Operation = $"read_{i}" });
        }

        Assert.Contains($"/console/actions/{ended.Id}", await bob.ReadAsync("/console/history"));
    }

    [Fact]
    public async Task First_time_is_not_said_of_an_agent_whose_past_was_not_read_to_its_end()
    {
        await using var host = await ConsoleHost.StartAsync(_time);
        await AskAsync(host, new Ask { Arguments = "{\"table\":\"customers\"}" });
        for (var i = 0; i < 110; i++)
        {
            await AskAsync(host, new Ask { Operation = $"read_{i}" });
        }

        var record = await AskAsync(host, new Ask());
        using var bob = await host.OpenForAsync("bob");

        Assert.DoesNotContain("First time?", await bob.ReadAsync($"/console/actions/{record.Id}"));
    }

    [GeneratedRegex("data-review=\"([^\"]*)\"")]
    private static partial Regex Rows();

    [GeneratedRegex("href=\"([^\"]*)\">Next page")]
    private static partial Regex NextPage();

    /// <summary>Ids of one millisecond are in no order; here each request has its own.</summary>
    private Task<ActionRecord> AskAsync(ConsoleHost host, Ask ask)
    {
        _time.Advance(TimeSpan.FromMilliseconds(1));
        return host.AskAsync(ask);
    }
}
