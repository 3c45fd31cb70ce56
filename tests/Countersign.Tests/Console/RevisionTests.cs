using System.Net;
using Countersign.Core.Actions;
using Countersign.Core.Policies;
using Countersign.Core.Records;
using Countersign.Core.Reviews;

namespace Countersign.Tests.Console;

/// <summary>Changing what an action asks for: compared first, then saved as it was compared.</summary>
public sealed class RevisionTests : IAsyncLifetime
{
    private const string Comparison = "Save this change";

    private ConsoleHost _host = null!;
    private ActionRecord _record = null!;
    private Browser _bob = null!;

    private string Id => _record.Id.Value;

    private string Page => $"/console/actions/{Id}";

    public async ValueTask InitializeAsync()
    {
        _host = await ConsoleHost.StartAsync();
        _record = await _host.AskAsync(new Ask { Arguments = "{\"table\":\"orders\",\"rows\":5}" });
        _bob = await _host.OpenForAsync("bob");
    }

    public ValueTask DisposeAsync()
    {
        _bob.Dispose();
        return _host.DisposeAsync();
    }

    [Fact]
    public async Task What_a_reviewer_changes_is_compared_then_saved_and_everybody_sees_it()
    {
        using var alice = await _host.OpenForAsync("alice");
        Assert.DoesNotContain($"{Page}/revisions", await alice.ReadAsync(Page));

        using var saved = await _bob.ReviseAsync(Id, Changed("Only the test table."));
        Assert.Equal(HttpStatusCode.SeeOther, saved.StatusCode);
        var revised = await _bob.ReadAsync(saved.Headers.Location!.ToString());

        AssertInOrder(
            WebUtility.HtmlDecode(revised),
            "✓ Recorded.",
            "Revision 2",
            "\"table\": \"test<b>\"",
            "What people changed",
            "Bob Sawyer (bob)",
            "Only the test table.",
            "\"rows\": 5",
            "-   \"table\": \"orders\"",
            "+   \"table\": \"test<b>\"",
            "You cannot approve this");
        Assert.DoesNotContain("test<b>", revised);
        Assert.Contains("value=\"approve\"", await (await _host.OpenForAsync("carol")).ReadAsync(Page));
    }

    [Fact]
    public async Task A_comparison_shows_difference_preview_and_who_decides_and_records_nothing()
    {
        _host.Revised = new Preview("Drops the test table") { Rows = 5, Exact = true, Reversible = false };
        _host.Require(ConsoleHost.Need("test-tables", "Test tables too.", ConsoleHost.Of("carol", 1)));

        var page = WebUtility.HtmlDecode(await _bob.CompareAsync(Id, Changed("Only the <i>test</i> table.")));

        AssertInOrder(
            page,
            "Not saved yet",
            "Your change: Call tool drop_table on ops",
            "-   \"table\": \"orders\"",
            "+   \"table\": \"test<b>\"",
            "Drops the test table",
            "5, counted",
            "No, it cannot be undone",
            "test-tables",
            "Test tables too.",
            "1 of carol could decide",
            "Only the <i>test</i> table.",
            "Back to editing",
            Comparison);
        await AssertUntouchedAsync();
    }

    [Fact]
    public async Task Back_to_editing_keeps_what_was_typed()
    {
        var wish = Changed("Because <i>I</i> say so.");
        var compared = Browser.FieldOf(await _bob.CompareAsync(Id, wish), "compared");

        var page = await SendAsync(wish, ("compared", compared), ("step", "edit"));

        AssertInOrder(
            WebUtility.HtmlDecode(page),
            $"name=\"json\" rows=\"8\" spellcheck=\"false\" class=\"code\">{wish.Json}</textarea>",
            ">Because <i>I</i> say so.</textarea>",
            "Compare with what was asked");
        Assert.DoesNotContain("<i>", page);
        await AssertUntouchedAsync();
    }

    [Fact]
    public async Task A_line_feed_at_the_start_of_a_statement_stays_its_own()
    {
        var record = await _host.AskAsync(new Ask
        {
            Target = "orders-db",
            Operation = "sql",
            Arguments = """{"parameters":[],"text":"\nSELECT 1"}""",
        });

        Assert.Contains("class=\"code\">\n\nSELECT 1</textarea>", WebUtility.HtmlDecode(
            (await _bob.ReadAsync($"/console/actions/{record.Id}")).ReplaceLineEndings("\n")));
        var page = await _bob.CompareAsync(record.Id.Value, new Wish(record.Action.Digest.Value, "[]")
        {
            Statement = "\nSELECT 2",
        });
        Assert.Contains("-   \"text\": \"\\nSELECT 1\"", WebUtility.HtmlDecode(page));
    }

    [Theory]
    [InlineData("{", "not JSON")]
    [InlineData("[1]", "is an object")]
    [InlineData("{\"rows\":5,\"table\":\"orders\"}", "Nothing was changed")]
    public async Task What_cannot_be_saved_comes_back_with_the_reason_and_what_was_typed(string json, string why)
    {
        var page = WebUtility.HtmlDecode(await _bob.CompareAsync(
            Id, new Wish(_record.Action.Digest.Value, json, "Why not?")));

        AssertInOrder(page, "✕ Not recorded.", why, $">{json}</textarea>", ">Why not?</textarea>");
        Assert.DoesNotContain(Comparison, page);
        await AssertUntouchedAsync();
    }

    [Fact]
    public async Task What_the_policy_denies_is_said_before_anything_is_saved()
    {
        _host.Charter = _host.Charter with
        {
            Judge = (_, _) => new Verdict(
                VerdictOutcome.Deny, [new MatchedRule(new RuleId("no-tests"), "Not today.")], [], _host.Charter.Policy),
        };

        var page = await _bob.CompareAsync(Id, Changed());

        Assert.Contains("The policy denies it in this form: no-tests: Not today.", page);
        Assert.DoesNotContain(Comparison, page);
    }

    [Fact]
    public async Task What_the_policy_would_let_pass_is_said_to_need_the_same_people()
    {
        _host.Charter = _host.Charter with
        {
            Judge = (_, _) => new Verdict(VerdictOutcome.Allow, [], [], _host.Charter.Policy),
        };

        Assert.Contains(
            "The policy would let it pass in this form. Whoever was asked is asked all the same.",
            await _bob.CompareAsync(Id, Changed()));
    }

    [Fact]
    public async Task Only_what_was_compared_is_saved()
    {
        var compared = Browser.FieldOf(await _bob.CompareAsync(Id, Changed()), "compared");
        var other = Changed() with { Json = "{\"table\":\"everything\",\"rows\":5}" };

        var page = WebUtility.HtmlDecode(await SendAsync(other, ("compared", compared), ("step", "save")));

        AssertInOrder(page, "+   \"table\": \"everything\"", Comparison);
        await AssertUntouchedAsync();
    }

    [Fact]
    public async Task A_change_of_what_moved_on_meanwhile_is_refused_and_what_was_typed_is_kept()
    {
        var wish = Changed("Mine.");
        using var carol = await _host.OpenForAsync("carol");
        var compared = Browser.FieldOf(await _bob.CompareAsync(Id, wish), "compared");
        using var hers = await carol.ReviseAsync(Id, Changed() with { Json = "{\"table\":\"carols\",\"rows\":5}" });
        Assert.Equal(HttpStatusCode.SeeOther, hers.StatusCode);

        var page = await SendAsync(wish, ("compared", compared), ("step", "save"));

        AssertInOrder(
            WebUtility.HtmlDecode(page),
            "The request changed since you looked: this is revision 2. Read it, then decide.",
            $">{wish.Json}</textarea>",
            ">Mine.</textarea>");
        Assert.Contains("carols", await _bob.ReadAsync(Page));
        Assert.DoesNotContain("Mine.", await _bob.ReadAsync(Page));
    }

    [Fact]
    public async Task Nobody_compares_or_changes_what_they_do_not_review()
    {
        using var alice = await _host.OpenForAsync("alice");
        var compared = Browser.FieldOf(await _bob.CompareAsync(Id, Changed()), "compared");

        foreach (var more in (string?[])[null, compared])
        {
            using var answer = await alice.PostAsync(
                $"{Page}/revisions",
                ("digest", _record.Action.Digest.Value),
                ("json", Changed().Json),
                ("compared", more ?? ""),
                ("form_token", await alice.FormTokenAsync()));
            var page = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            Assert.Contains("✕ Not recorded.", WebUtility.HtmlDecode(page));
            Assert.DoesNotContain(Comparison, page);
        }

        await AssertUntouchedAsync();
    }

    private Wish Changed(string comment = "") =>
        new(_record.Action.Digest.Value, "{\"table\":\"test<b>\",\"rows\":5}", comment);

    private async Task<string> SendAsync(Wish wish, params (string, string)[] more)
    {
        using var answer = await _bob.PostAsync(
            $"{Page}/revisions",
            [
                ("digest", wish.Digest),
                ("json", wish.Json),
                ("comment", wish.Comment),
                ("form_token", await _bob.FormTokenAsync()),
                .. more,
            ]);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }

    private async Task AssertUntouchedAsync()
    {
        var now = await _host.Office.Gatekeeper.FindAsync(_record.Id, TestContext.Current.CancellationToken);
        Assert.Equal((_record.Version, _record.Ledger.Index), (now!.Version, now.Ledger.Index));
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
