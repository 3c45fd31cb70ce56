using System.Net;
using System.Security.Cryptography;
using Countersign.Core.Actions;
using Countersign.Core.Actions.Json;
using Countersign.Core.Reviews;
using Countersign.Tests.Support;

namespace Countersign.Tests.Console;

public sealed class PageTests
{
    private const string Attack =
        "<script>alert(1)</script><img src=x onerror=alert(2)>\" autofocus onfocus=alert(3) x=\"";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("Threat", "THR-034"), Trait("CWE", "451")]
    public async Task The_card_is_read_in_its_fixed_order_and_the_agents_words_come_last()
    {
        await using var host = await ConsoleHost.StartAsync();
        var record = await host.AskAsync(new Ask
        {
            OnBehalfOf = "dora",
            Reason = "because I can",
            Arguments = """{"table":"or\u202eders"}""",
        });
        using var bob = await host.OpenForAsync("bob");

        var page = WebUtility.HtmlDecode(await bob.ReadAsync($"/console/actions/{record.Id}"));

        AssertInOrder(
            page,
            "class=\"env env-production\"",
            "<h1>Call tool drop_table on ops</h1>",
            "What it would do",
            "Exactly this",
            "\"table\": \"or\\u{202E}ders\"",
            "The arguments hold characters that reverse the reading direction",
            "Who asks",
            "Dora Marsden (dora)",
            "deploy-bot, owned by Alice Liddell (alice)",
            "production-writes",
            "Changes to production data need a database owner.",
            "0 of 1 approved, 1 more from group:dba",
            "Who can still act: Bob Sawyer (bob), Carol Danvers (carol).",
            "The agent says",
            "because I can",
            "value=\"deny\"",
            "value=\"approve\"",
            $"<code class=\"short\">{record.Action.Digest.Value["sha256:".Length..][..12]}</code>");
    }

    [Fact]
    public async Task A_preview_is_shown_before_the_arguments_and_a_failed_one_as_unavailable()
    {
        await using var host = await ConsoleHost.StartAsync();
        var counted = await host.AskAsync(new Ask
        {
            Arguments = """{"table":"a"}""",
            Preview = new Preview("exports customers") { Rows = 25_000, Exact = true, Reversible = false },
        });
        var failed = await host.AskAsync(new Ask
        {
            Arguments = """{"table":"b"}""",
            Preview = Preview.Failed("the replica\u202e is down"),
        });
        using var bob = await host.OpenForAsync("bob");

        AssertInOrder(
            WebUtility.HtmlDecode(await bob.ReadAsync($"/console/actions/{counted.Id}")),
            "What it would do",
            "exports customers",
            "25,000, counted",
            "No, it cannot be undone",
            "Exactly this");
        AssertInOrder(
            WebUtility.HtmlDecode(await bob.ReadAsync($"/console/actions/{failed.Id}")),
            "What it would do",
            "Unavailable: the replica\\u{202E} is down",
            "Exactly this");
    }

    [Fact]
    public async Task A_reviewer_has_a_statement_run_and_taken_back_and_everybody_sees_what_came_of_it()
    {
        await using var host = await ConsoleHost.StartAsync();
        var record = await host.AskAsync(new Ask { Target = "orders-db", Operation = "sql" });
        var address = $"/console/actions/{record.Id}";
        using var bob = await host.OpenForAsync("bob");
        using var alice = await host.OpenForAsync("alice");
        host.Finding = host.Finding with { Warnings = ["Its notifications were not sent."] };

        Assert.DoesNotContain($"{address}/dry-run", await alice.ReadAsync(address));
        var page = await bob.ReadAsync(address);
        Assert.Contains($"{address}/dry-run", page);
        using var answer = await bob.PostAsync(
            $"{address}/dry-run",
            ("digest", Browser.FieldOf(page, "digest")),
            ("form_token", Browser.FieldOf(page, "form_token")));
        Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode);

        AssertInOrder(
            WebUtility.HtmlDecode(await bob.ReadAsync(answer.Headers.Location!.ToString())),
            "✓ Recorded.",
            "It ran and was rolled back",
            "Dry run for Bob Sawyer (bob)",
            "3 rows; DELETE 3; rolled back",
            "Not undone",
            "Its notifications were not sent.",
            "value=\"approve\"");
        Assert.Contains("3 rows; DELETE 3; rolled back", await alice.ReadAsync(address));
    }

    [Fact]
    public async Task Only_what_can_be_taken_back_has_a_dry_run()
    {
        await using var host = await ConsoleHost.StartAsync();
        var record = await host.AskAsync(new Ask());
        using var bob = await host.OpenForAsync("bob");

        Assert.DoesNotContain("/dry-run", await bob.ReadAsync($"/console/actions/{record.Id}"));
    }

    [Fact]
    [Trait("Threat", "THR-091"), Trait("CWE", "79")]
    public async Task Markup_in_anything_the_agent_controls_stays_text()
    {
        await using var host = await ConsoleHost.StartAsync();
        var hostile = new CanonicalObject().Add(Attack, Attack).ToCanonicalJson();
        host.Outcome = new Outcome(OutcomeState.Failed, hostile.Bytes, Attack, TimeSpan.Zero);
        var record = await host.AskAsync(new Ask
        {
            Operation = Attack,
            Arguments = hostile.ToString(),
            Reason = Attack,
            Session = Attack,
            Facts = Facts.Of("mcp", ("tool", Attack), (Attack, Attack)),
        });
        using var bob = await host.OpenForAsync("bob");

        AssertHarmless(await bob.ReadAsync("/console"));
        AssertHarmless(await bob.ReadAsync("/console/fragments/queue"));
        AssertHarmless(await bob.ReadAsync($"/console/actions/{record.Id}"));
        AssertHarmless(await bob.VoteAsync(record.Id.Value, "approve", Attack));
        await host.Office.Gatekeeper.WaitForEndAsync(record.Id, TimeSpan.FromMinutes(1), Cancellation);
        var ended = await bob.ReadAsync($"/console/actions/{record.Id}");
        AssertHarmless(ended);
        Assert.Contains("It was tried once, and failed.", ended);
        AssertHarmless(await bob.ReadAsync("/console/history"));
    }

    [Fact]
    [Trait("Threat", "THR-091"), Trait("CWE", "79")]
    public async Task Markup_in_a_preview_a_dry_run_and_a_change_stays_text()
    {
        await using var host = await ConsoleHost.StartAsync();
        host.Finding = new RehearsalFinding { Commands = [Attack], Warnings = [Attack], Error = null };
        var hostile = new CanonicalObject().Add("text", Attack).ToCanonicalJson().ToString();
        var previewed = await host.AskAsync(new Ask
        {
            Target = "orders-db",
            Arguments = hostile,
            Preview = new Preview(Attack)
            {
                Statement = Attack,
                Parameters = [Attack],
                Effects = [Attack],
                Locks = [Attack],
            },
        });
        var failed = await host.AskAsync(new Ask { Preview = new Preview("") { Error = Attack } });
        using var bob = await host.OpenForAsync("bob");

        AssertHarmless(await bob.ReadAsync("/console"));
        AssertHarmless(await bob.ReadAsync($"/console/actions/{previewed.Id}"));
        AssertHarmless(await bob.ReadAsync($"/console/actions/{failed.Id}"));
        using var rehearsed = await bob.PostAsync(
            $"/console/actions/{previewed.Id}/dry-run",
            ("form_token", await bob.FormTokenAsync()),
            ("digest", previewed.Action.Digest.Value));
        AssertHarmless(await bob.ReadAsync($"/console/actions/{previewed.Id}"));
        var wish = new Wish(failed.Action.Digest.Value, hostile, Attack);
        AssertHarmless(await bob.CompareAsync(failed.Id.Value, wish));
        using var revised = await bob.ReviseAsync(failed.Id.Value, wish);
        AssertHarmless(await bob.ReadAsync($"/console/actions/{failed.Id}"));
    }

    [Fact]
    [Trait("Threat", "THR-093"), Trait("CWE", "639")]
    public async Task What_a_person_may_not_see_does_not_exist_for_them()
    {
        await using var host = await ConsoleHost.StartAsync();
        var record = await host.AskAsync(new Ask { Target = "vault" });
        using var dora = await host.OpenForAsync("dora");
        using var bob = await host.OpenForAsync("bob");
        string[] paths =
        [
            $"/console/actions/{record.Id}",
            $"/console/actions/{record.Id}/exact",
            $"/console/fragments/actions/{record.Id}",
            $"/console/events?action={record.Id}",
        ];

        foreach (var path in paths)
        {
            using var answer = await dora.GetAsync(path);
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        }

        using var vote = await dora.PostAsync(
            $"/console/actions/{record.Id}/votes",
            ("decision", "deny"),
            ("digest", record.Action.Digest.Value),
            ("form_token", await dora.FormTokenAsync()));
        Assert.Equal(HttpStatusCode.NotFound, vote.StatusCode);
        Assert.DoesNotContain(record.Id.Value, await dora.ReadAsync("/console"));
        Assert.Contains(record.Id.Value, await bob.ReadAsync("/console"));
    }

    [Fact]
    public async Task Ended_actions_of_a_restricted_target_stay_out_of_strangers_history()
    {
        await using var host = await ConsoleHost.StartAsync();
        var record = await host.AskAsync(new Ask { Target = "vault" });
        using var bob = await host.OpenForAsync("bob");
        using var dora = await host.OpenForAsync("dora");
        await bob.VoteAsync(record.Id.Value, "deny");

        Assert.Contains(record.Id.Value, await bob.ReadAsync("/console/history"));
        Assert.DoesNotContain(record.Id.Value, await dora.ReadAsync("/console/history"));
    }

    [Fact]
    public async Task Reviews_for_the_reader_come_first()
    {
        await using var host = await ConsoleHost.StartAsync();
        host.Require(ConsoleHost.Need("r", "Because.", ConsoleHost.Of("carol", 1)));
        var hers = await host.AskAsync(new Ask { Operation = "for_carol" });
        host.Require(ConsoleHost.Need("r", "Because.", ConsoleHost.Of("bob", 1)));
        var his = await host.AskAsync(new Ask { Operation = "for_bob" });
        using var bob = await host.OpenForAsync("bob");

        AssertInOrder(
            await bob.ReadAsync("/console"), "Waiting for you", his.Id.Value, "Waiting for others", hers.Id.Value);
    }

    [Fact]
    public async Task An_empty_list_says_how_to_fill_it()
    {
        await using var host = await ConsoleHost.StartAsync();
        using var bob = await host.OpenForAsync("bob");

        var page = await bob.ReadAsync("/console");

        Assert.Contains("No reviews are waiting", page);
        Assert.Contains("/v1/actions", page);
    }

    [Fact]
    public async Task History_lists_what_ended_and_can_be_narrowed()
    {
        await using var host = await ConsoleHost.StartAsync();
        var pending = await host.AskAsync(new Ask { Operation = "pending" });
        var denied = await host.AskAsync(new Ask { Operation = "denied", Target = "orders-db" });
        using var bob = await host.OpenForAsync("bob");
        await bob.VoteAsync(denied.Id.Value, "deny");

        var all = await bob.ReadAsync("/console/history");
        Assert.Contains(denied.Id.Value, all);
        Assert.DoesNotContain(pending.Id.Value, all);
        var narrowed = await bob.ReadAsync("/console/history?state=denied&target=orders-db&agent=deploy-bot");
        Assert.Contains(denied.Id.Value, narrowed);
        Assert.DoesNotContain(denied.Id.Value, await bob.ReadAsync("/console/history?state=succeeded"));
        Assert.DoesNotContain(denied.Id.Value, await bob.ReadAsync("/console/history?target=ops"));
        Assert.DoesNotContain(denied.Id.Value, await bob.ReadAsync($"/console/history?before={denied.Id}"));
    }

    [Fact]
    public async Task The_canonical_bytes_can_be_downloaded_and_have_the_digest()
    {
        await using var host = await ConsoleHost.StartAsync();
        var record = await host.AskAsync(new Ask { Arguments = """{"b":[1,2.50,"\u202e"],"a":null}""" });
        using var bob = await host.OpenForAsync("bob");

        using var answer = await bob.GetAsync($"/console/actions/{record.Id}/exact");
        var bytes = await answer.Content.ReadAsByteArrayAsync(Cancellation);

        Assert.Equal("attachment", answer.Content.Headers.ContentDisposition!.DispositionType);
        var hash = SHA256.HashData([.. "countersign-action-v1\n"u8, .. bytes]);
        Assert.Equal(record.Action.Digest.Value, "sha256:" + Convert.ToHexStringLower(hash));
    }

    [Fact]
    public async Task An_agents_second_request_of_a_kind_is_not_its_first()
    {
        var time = new ManualTime();
        await using var host = await ConsoleHost.StartAsync(time);
        var first = await host.AskAsync(new Ask { Arguments = """{"n":1}""" });
        time.Advance(TimeSpan.FromSeconds(1));
        var second = await host.AskAsync(new Ask { Arguments = """{"n":2}""" });
        using var bob = await host.OpenForAsync("bob");

        const string News = "Yes: this agent has not asked for this operation here before";
        Assert.Contains(News, await bob.ReadAsync($"/console/actions/{first.Id}"));
        Assert.DoesNotContain(News, await bob.ReadAsync($"/console/actions/{second.Id}"));
    }

    private static void AssertHarmless(string page)
    {
        Assert.DoesNotContain("<script>", page);
        Assert.DoesNotContain("<img src=x", page);
        Assert.DoesNotContain("\" autofocus", page);
        Assert.Contains("&lt;script&gt;alert(1)&lt;/script&gt;", page);
    }

    private static void AssertInOrder(string page, params string[] parts)
    {
        var at = 0;
        foreach (var part in parts)
        {
            var found = page.IndexOf(part, at, StringComparison.Ordinal);
            Assert.True(found >= 0, $"'{part}' does not follow in its place.");
            at = found + part.Length;
        }
    }
}
