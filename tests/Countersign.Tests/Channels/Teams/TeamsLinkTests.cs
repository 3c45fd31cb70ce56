using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Server.Channels;
using Countersign.Tests.Console;

namespace Countersign.Tests.Channels.Teams;

/// <summary>An account stands for a person only after both sides said so, and is then that person.</summary>
public sealed partial class TeamsLinkTests : IAsyncLifetime
{
    private const string Page = "/console/accounts";

    private TeamsHost _host = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _host = await TeamsHost.StartAsync();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task A_code_of_the_console_entered_in_teams_links_the_account()
    {
        var asked = await _host.AskShownAsync();
        using var bob = await SignInAsync("bob");
        var form = (await _host.PressAsync("new", "approve")).Card;

        var linked = (await EnterAsync("new", form, await MakeCodeAsync(bob))).Card;
        await _host.PressAsync("new", linked, "approve");

        Assert.Contains("linked to you now", TeamsHost.TextOf(linked), StringComparison.Ordinal);
        Assert.Equal("bob", Assert.Single((await _host.FindAsync(asked)).Life.Votes).Person.Value);
        Assert.Contains(
            $"{TeamsDouble.Tenant}/{TeamsDouble.EntraOf("new")}</code> linked by you",
            await bob.ReadAsync(Page),
            StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Threat", "THR-013"), Trait("CWE", "863")]
    public async Task Two_accounts_of_one_person_are_one_vote()
    {
        _host.Require(need: 2, Assurance.Chat);
        var asked = await _host.AskShownAsync();
        using var bob = await SignInAsync("bob");
        await EnterAsync("new", (await _host.PressAsync("new", "approve")).Card, await MakeCodeAsync(bob));

        await _host.PressAsync("bob", "approve");
        await _host.PressAsync("new", "approve");

        Assert.Equal(ActionState.Pending, (await _host.FindAsync(asked)).State);
        Assert.Single((await _host.FindAsync(asked)).Life.Votes);
    }

    [Fact]
    [Trait("Threat", "THR-009"), Trait("CWE", "290")]
    public async Task A_code_works_once_and_not_for_ever()
    {
        await _host.AskShownAsync();
        using var bob = await SignInAsync("bob");
        var used = await MakeCodeAsync(bob);
        var form = (await _host.PressAsync("new", "approve")).Card;
        await EnterAsync("new", form, used);

        var again = await EnterAsync("eve", form, used);
        var old = await MakeCodeAsync(bob);
        _host.Time.Advance(LinkCodes.Lifetime);
        var late = await EnterAsync("eve", form, old);

        Assert.Contains("unknown, used or too old", TeamsHost.TextOf(again.Card), StringComparison.Ordinal);
        Assert.Contains("unknown, used or too old", TeamsHost.TextOf(late.Card), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_account_that_stands_for_somebody_is_not_linked_to_another()
    {
        await _host.AskShownAsync();
        using var carol = await SignInAsync("carol");
        var form = (await _host.PressAsync("new", "approve")).Card;

        var configured = await EnterAsync("alice", form, await MakeCodeAsync(carol));

        Assert.Contains("stands for somebody already", configured.Said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_guest_is_not_linked()
    {
        await _host.AskShownAsync();
        using var bob = await SignInAsync("bob");
        var form = (await _host.PressAsync("new", "approve")).Card;
        _host.Teams.Members["guest"] = new JsonObject { ["userRole"] = "guest" };

        var refused = await EnterAsync("guest", form, await MakeCodeAsync(bob));

        Assert.Contains("Guests decide nothing", refused.Said, StringComparison.Ordinal);
        Assert.DoesNotContain(
            TeamsDouble.EntraOf("guest"), await bob.ReadAsync(Page), StringComparison.Ordinal);
    }

    private Task<TeamsReception> EnterAsync(string name, JsonObject form, string code) =>
        _host.PressAsync(name, form, "link", ("code", code));

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

    [GeneratedRegex("<strong><code>([2-9A-Z]{5}-[2-9A-Z]{5})</code></strong>")]
    private static partial Regex Code();
}
