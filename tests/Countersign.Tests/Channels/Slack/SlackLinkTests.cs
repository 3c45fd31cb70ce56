using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Server.Channels;
using Countersign.Server.Channels.Slack;
using Countersign.Tests.Console;

namespace Countersign.Tests.Channels.Slack;

/// <summary>An account stands for a person only after both sides said so, and is then that person.</summary>
public sealed partial class SlackLinkTests : IAsyncLifetime
{
    private const string Page = "/console/accounts";

    private SlackHost _host = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _host = await SlackHost.StartAsync();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task A_code_of_the_console_entered_in_slack_links_the_account()
    {
        var asked = await _host.AskShownAsync();
        using var bob = await SignInAsync("bob");

        var reception = await EnterAsync("U0NEW", await MakeCodeAsync(bob));
        await _host.SendAsync(_host.Slack.Press("U0NEW", "approve", _host.ValueOf("approve")!));

        Assert.Equal((HttpStatusCode.OK, ""), (reception.Status, reception.Body));
        Assert.Equal("bob", Assert.Single((await _host.FindAsync(asked)).Life.Votes).Person.Value);
        Assert.Contains("T0123/U0NEW</code> linked by you", await bob.ReadAsync(Page), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Threat", "THR-013"), Trait("CWE", "863")]
    public async Task Two_accounts_of_one_person_are_one_vote()
    {
        _host.Require(need: 2, Assurance.Chat);
        var asked = await _host.AskShownAsync();
        using var bob = await SignInAsync("bob");
        await EnterAsync("U0NEW", await MakeCodeAsync(bob));
        var value = _host.ValueOf("approve")!;

        await _host.SendAsync(_host.Slack.Press("U0BOB", "approve", value));
        await _host.SendAsync(_host.Slack.Press("U0NEW", "approve", value));

        Assert.Equal(ActionState.Pending, (await _host.FindAsync(asked)).State);
        Assert.Single((await _host.FindAsync(asked)).Life.Votes);
    }

    [Fact]
    [Trait("Threat", "THR-002"), Trait("CWE", "863")]
    public async Task Whoever_stands_behind_the_request_cannot_approve_it_with_a_second_account_either()
    {
        var asked = await _host.AskShownAsync();
        using var alice = await SignInAsync("alice");
        await EnterAsync("U0NEW", await MakeCodeAsync(alice));

        await _host.SendAsync(_host.Slack.Press("U0NEW", "approve", _host.ValueOf("approve")!));

        Assert.Contains("You stand behind this request", await ReplyAsync(), StringComparison.Ordinal);
        Assert.Empty((await _host.FindAsync(asked)).Life.Votes);
    }

    [Fact]
    [Trait("Threat", "THR-009"), Trait("CWE", "290")]
    public async Task A_code_works_once_and_not_for_ever()
    {
        using var bob = await SignInAsync("bob");
        var used = await MakeCodeAsync(bob);
        await EnterAsync("U0NEW", used);
        var again = await EnterAsync("U0EVE", used);
        var old = await MakeCodeAsync(bob);
        _host.Time.Advance(LinkCodes.Lifetime);

        var late = await EnterAsync("U0EVE", old);

        Assert.Contains("unknown, used or too old", again.Body, StringComparison.Ordinal);
        Assert.Contains("unknown, used or too old", late.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whoever_guesses_codes_is_not_heard_any_more()
    {
        using var bob = await SignInAsync("bob");
        var code = await MakeCodeAsync(bob);
        for (var i = 0; i < 5; i++)
        {
            await EnterAsync("U0EVE", $"AAAAAAAAA{i + 2}");
        }

        var right = await EnterAsync("U0EVE", code);

        Assert.Contains("unknown, used or too old", right.Body, StringComparison.Ordinal);
        Assert.Equal("", (await EnterAsync("U0NEW", code)).Body);
    }

    [Fact]
    public async Task An_account_that_stands_for_somebody_is_not_linked_to_another()
    {
        using var bob = await SignInAsync("bob");
        using var carol = await SignInAsync("carol");
        await EnterAsync("U0NEW", await MakeCodeAsync(bob));

        var linked = await EnterAsync("U0NEW", await MakeCodeAsync(carol));
        var configured = await EnterAsync("U0ALICE", await MakeCodeAsync(carol));

        Assert.Contains("stands for somebody already", linked.Body, StringComparison.Ordinal);
        Assert.Contains("stands for somebody already", configured.Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("is_restricted")]
    [InlineData("deleted")]
    [InlineData("is_stranger")]
    public async Task Accounts_that_may_not_decide_are_not_linked(string member)
    {
        using var bob = await SignInAsync("bob");
        _host.Slack.Users["U0NEW"] = new JsonObject { [member] = true };

        var reception = await EnterAsync("U0NEW", await MakeCodeAsync(bob));

        Assert.Contains("errors", reception.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("U0NEW", await bob.ReadAsync(Page), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unlinked_account_stands_for_nobody()
    {
        var asked = await _host.AskShownAsync();
        using var bob = await SignInAsync("bob");
        await EnterAsync("U0NEW", await MakeCodeAsync(bob));

        using var answer = await bob.PostAsync(
            $"{Page}/unlink", ("form_token", await bob.FormTokenAsync()), ("account", "slack T0123/U0NEW"));
        await _host.SendAsync(_host.Slack.Press("U0NEW", "approve", _host.ValueOf("approve")!));

        Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode);
        Assert.Contains("not linked to a person", await ReplyAsync(), StringComparison.Ordinal);
        Assert.Empty((await _host.FindAsync(asked)).Life.Votes);
    }

    [Fact]
    public async Task Nobody_unlinks_the_account_of_another()
    {
        using var bob = await SignInAsync("bob");
        using var carol = await SignInAsync("carol");
        await EnterAsync("U0NEW", await MakeCodeAsync(bob));

        using var answer = await carol.PostAsync(
            $"{Page}/unlink", ("form_token", await carol.FormTokenAsync()), ("account", "slack T0123/U0NEW"));

        Assert.Contains("is not linked to you", await carol.ReadAsync(Page), StringComparison.Ordinal);
        Assert.Contains("U0NEW", await bob.ReadAsync(Page), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Threat", "THR-009"), Trait("CWE", "290")]
    public async Task A_sign_in_that_is_weaker_than_a_click_makes_no_code()
    {
        using var bob = await _host.Console.OpenForAsync("bob");

        using var answer = await bob.PostAsync($"{Page}/code", ("form_token", await bob.FormTokenAsync()));
        var page = await answer.Content.ReadAsStringAsync(Cancel);

        Assert.Contains("asks for &#x27;session&#x27; or stronger", page, StringComparison.Ordinal);
        Assert.DoesNotMatch(Code(), page);
    }

    private async Task<Browser> SignInAsync(string person)
    {
        var browser = _host.Console.Open();
        var code = _host.Console.Links.Create(new PersonId(person), TimeSpan.FromMinutes(5));
        using var answer = await browser.PostAsync($"/console/sign-in/{code}");
        Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode);
        return browser;
    }

    private static async Task<string> MakeCodeAsync(Browser browser)
    {
        using var answer = await browser.PostAsync($"{Page}/code", ("form_token", await browser.FormTokenAsync()));
        return Code().Match(await answer.Content.ReadAsStringAsync(Cancel)).Groups[1].Value;
    }

    private async Task<SlackReception> EnterAsync(string user, string code)
    {
        await _host.SendAsync(_host.Slack.Press(user, "link", "link"));
        return await _host.SendAsync(_host.Slack.Submit(user, "code", code));
    }

    private async Task<string> ReplyAsync() =>
        (await _host.Slack.NextReplyAsync(Cancel))["text"]!.GetValue<string>();

    [GeneratedRegex("<strong><code>([2-9A-Z]{5}-[2-9A-Z]{5})</code></strong>")]
    private static partial Regex Code();
}
