using System.Net;
using System.Text.RegularExpressions;
using Countersign.Core.Records;
using Countersign.Tests.Support;

namespace Countersign.Tests.Console;

/// <summary>Lists stay honest when there is more than a page of them.</summary>
public sealed partial class QueueTests
{
    private readonly ManualTime _time = new();

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
        Assert.Contains("Filter this page", await bob.ReadAsync("/console"));
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
