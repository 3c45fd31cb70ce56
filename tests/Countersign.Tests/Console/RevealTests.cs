using System.Net;
using System.Text;
using Countersign.Core.Actions;
using Countersign.Core.Ledger;
using Countersign.Core.Records;

namespace Countersign.Tests.Console;

/// <summary>What a card hides is shown to a reviewer who says why, once, and after the ledger knows.</summary>
[Trait("Threat", "THR-098"), Trait("CWE", "200")]
public sealed class RevealTests : IAsyncLifetime
{
    private const string Token = "ghp_16C7e42F292c6912E7710c838347Ae178B4a";

    private ConsoleHost _host = null!;
    private ActionRecord _record = null!;

    private string Page => $"/console/actions/{_record.Id}";

    public async ValueTask InitializeAsync()
    {
        _host = await ConsoleHost.StartAsync();
        _record = await _host.AskAsync(new Ask { Arguments = $$"""{"key":"use {{Token}}"}""", Reason = "rotation" });
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task No_page_and_no_list_shows_the_value_and_the_page_counts_it()
    {
        using var bob = await _host.OpenForAsync("bob");

        foreach (var path in (string[])[Page, "/console", $"/console/fragments/actions/{_record.Id}"])
        {
            Assert.DoesNotContain(Token, await bob.ReadAsync(path), StringComparison.Ordinal);
        }

        var page = await bob.ReadAsync(Page);
        Assert.Contains("1 value is hidden: 1 ", page, StringComparison.Ordinal);
        Assert.Contains(_record.Action.Digest.Value, page, StringComparison.Ordinal);
        Assert.DoesNotContain("id=\"revise\"", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_bytes_behind_the_digest_cannot_be_downloaded_past_it()
    {
        using var bob = await _host.OpenForAsync("bob");

        using var answer = await bob.GetAsync($"{Page}/exact");

        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        Assert.DoesNotContain(
            Token, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_reviewer_with_a_reason_sees_it_once_and_the_ledger_says_so_without_the_value()
    {
        using var bob = await _host.OpenForAsync("bob");

        using var answer = await RevealAsync(bob, "to compare it with the vault");
        var page = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Contains(Token, page, StringComparison.Ordinal);
        Assert.Contains("id=\"revise\"", page, StringComparison.Ordinal);
        Assert.True(answer.Headers.CacheControl!.NoStore);
        var entry = _host.Store.Entries[^1];
        var payload = Encoding.UTF8.GetString(entry.Payload.Span);
        Assert.Equal((EntryType.ExportIssued, _record.Id), (entry.Type, entry.Action));
        Assert.Contains("\"person\":\"bob\"", payload, StringComparison.Ordinal);
        Assert.Contains("to compare it with the vault", payload, StringComparison.Ordinal);
        Assert.DoesNotContain(Token, payload, StringComparison.Ordinal);
        Assert.DoesNotContain(Token, await bob.ReadAsync(Page), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("alice", "because", "does not stand behind it")]
    [InlineData("dora", "because", "Only who reviews this action")]
    [InlineData("bob", "  ", "Say why you need to see it")]
    public async Task Who_does_not_review_it_or_says_nothing_sees_nothing(string person, string reason, string why)
    {
        using var browser = await _host.OpenForAsync(person);
        var before = _host.Store.Entries.Length;

        using var answer = await RevealAsync(browser, reason);
        var page = await browser.ReadAsync(Page);

        Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode);
        Assert.Contains(why, page, StringComparison.Ordinal);
        Assert.DoesNotContain(Token, page, StringComparison.Ordinal);
        Assert.Equal(before, _host.Store.Entries.Length);
    }

    [Fact]
    public async Task When_the_ledger_cannot_take_it_nothing_is_shown()
    {
        using var bob = await _host.OpenForAsync("bob");
        var token = await bob.FormTokenAsync();
        _host.Store.IsDown = true;

        using var answer = await bob.PostAsync(
            $"{Page}/reveal", ("digest", _record.Action.Digest.Value), ("reason", "why"), ("form_token", token));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.DoesNotContain(
            Token, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_mask_cannot_be_sent_back_as_an_argument()
    {
        using var bob = await _host.OpenWithSessionAsync("bob");

        var page = await bob.CompareAsync(_record.Id.Value, new Wish(
            _record.Action.Digest.Value, """{"key":"use [github-token 40 chars #abcdefghijkl]"}"""));

        Assert.Contains("hold a mask of the card", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_comparison_shows_no_value_that_the_card_hides()
    {
        using var bob = await _host.OpenForAsync("bob");

        var page = await bob.CompareAsync(
            _record.Id.Value, new Wish(_record.Action.Digest.Value, """{"key":"none"}"""));
        var other = await bob.CompareAsync(
            _record.Id.Value, new Wish(_record.Action.Digest.Value, $$"""{"key":"{{Token}}"}"""));

        Assert.Contains("Save this change", page, StringComparison.Ordinal);
        Assert.DoesNotContain(Token, page, StringComparison.Ordinal);
        // What they typed themselves goes along in the form, and nowhere else.
        Assert.Contains("2 values are hidden", other, StringComparison.Ordinal);
        Assert.Single(Occurrences(other));
    }

    private static IEnumerable<int> Occurrences(string page)
    {
        for (var at = page.IndexOf(Token, StringComparison.Ordinal); at >= 0;
            at = page.IndexOf(Token, at + 1, StringComparison.Ordinal))
        {
            yield return at;
        }
    }

    private async Task<HttpResponseMessage> RevealAsync(Browser browser, string reason) => await browser.PostAsync(
        $"{Page}/reveal",
        ("digest", _record.Action.Digest.Value),
        ("reason", reason),
        ("form_token", await browser.FormTokenAsync()));
}
