using System.Net;
using System.Text.Json.Nodes;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Reviews;
using Microsoft.AspNetCore.Http;

namespace Countersign.Tests.Channels.Teams;

/// <summary>
/// What a press leads to: the same desk as every other channel, once, and recorded before it is answered.
/// </summary>
public sealed class TeamsClickTests : IAsyncLifetime
{
    private TeamsHost _host = null!;

    public async ValueTask InitializeAsync() => _host = await TeamsHost.StartAsync();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task An_approval_is_recorded_with_the_strength_of_a_chat_and_answered_with_the_card_as_it_is_now()
    {
        var asked = await _host.AskShownAsync();

        var reception = await _host.PressAsync("bob", "approve");

        Assert.Contains("Your answer is recorded.", TeamsHost.TextOf(reception.Card), StringComparison.Ordinal);
        Assert.DoesNotContain("approve", TeamsHost.VerbsOf(reception.Card));
        Assert.Equal(ActionState.Succeeded, (await _host.EndOfAsync(asked)).State);
        var vote = Assert.Single((await _host.FindAsync(asked)).Life.Votes);
        Assert.Equal(("bob", Decision.Approve, Assurance.Chat), (vote.Person.Value, vote.Decision, vote.Assurance));
    }

    [Fact]
    public async Task A_denial_is_recorded_with_what_was_typed()
    {
        var asked = await _host.AskShownAsync();

        await _host.PressAsync("bob", "deny", ("comment", " use the archive "));

        var denied = await _host.FindAsync(asked);
        Assert.Equal(ActionState.Denied, denied.State);
        Assert.Equal("use the archive", Assert.Single(denied.Life.Votes).Comment);
    }

    [Fact]
    [Trait("Threat", "THR-023"), Trait("CWE", "294")]
    public async Task The_same_bytes_again_are_200_and_do_nothing()
    {
        _host.Require(need: 2, Assurance.Chat);
        var asked = await _host.AskShownAsync();
        var activity = _host.Teams.Invoke("bob", "approve", DataOf("approve"));
        await _host.SendAsync(activity);
        var entries = (await _host.FindAsync(asked)).Ledger;

        var again = await _host.SendAsync(activity);

        Assert.Contains("taken already", again.Said, StringComparison.Ordinal);
        Assert.Equal(entries, (await _host.FindAsync(asked)).Ledger);
    }

    [Fact]
    public async Task What_was_not_recorded_is_not_acknowledged_and_a_redelivery_records_it()
    {
        var asked = await _host.AskShownAsync();
        var activity = _host.Teams.Invoke("bob", "approve", DataOf("approve"));
        _host.Console.Store.IsDown = true;
        var failed = await _host.SendAsync(activity);
        _host.Console.Store.IsDown = false;

        var again = await _host.SendAsync(activity);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, failed.Status);
        Assert.Equal("application/vnd.microsoft.error", failed.Type);
        Assert.Equal(HttpStatusCode.OK, again.Status);
        Assert.Equal(ActionState.Succeeded, (await _host.EndOfAsync(asked)).State);
    }

    [Theory]
    [InlineData("alice", "You stand behind this request")]
    [InlineData("dora", "You are not among")]
    public async Task Who_may_not_approve_is_told_why(string name, string why)
    {
        var asked = await _host.AskShownAsync();

        var reception = await _host.PressAsync(name, "approve");

        Assert.StartsWith("Nothing was recorded.", reception.Said, StringComparison.Ordinal);
        Assert.Contains(why, reception.Said, StringComparison.Ordinal);
        Assert.Empty((await _host.FindAsync(asked)).Life.Votes);
    }

    [Fact]
    public async Task A_card_of_an_older_revision_decides_nothing()
    {
        var asked = await _host.AskShownAsync();
        var data = DataOf("approve");
        data["card"] = data["card"]!.GetValue<string>()[..^4] + "0000";

        var reception = await _host.SendAsync(_host.Teams.Invoke("bob", "approve", data));

        Assert.StartsWith("Nothing was recorded.", reception.Said, StringComparison.Ordinal);
        Assert.Empty((await _host.FindAsync(asked)).Life.Votes);
    }

    [Theory]
    [InlineData("userRole", "guest", "Guests")]
    [InlineData("userRole", "anonymous", "Guests")]
    [InlineData("userPrincipalName", "bob_partner.example#EXT#@example.com", "Guests")]
    [InlineData("tenantId", "00000000-8b86-4d01-b42d-00cf4fc964ff", "another organisation")]
    [InlineData("tenantId", null, "another organisation")]
    [InlineData("aadObjectId", "00000000-8b86-4d01-b42d-00cf4fc964ff", "somebody else's")]
    [Trait("Threat", "THR-008"), Trait("CWE", "287")]
    public async Task A_guest_or_a_stranger_decides_nothing(string member, string? value, string why)
    {
        var asked = await _host.AskShownAsync();
        _host.Teams.Members["bob"] = new JsonObject { [member] = value };

        var reception = await _host.PressAsync("bob", "approve");

        Assert.Contains(why, reception.Said, StringComparison.Ordinal);
        Assert.Empty((await _host.FindAsync(asked)).Life.Votes);
    }

    [Theory]
    [InlineData(404)]
    [InlineData(403)]
    [InlineData(429)]
    [InlineData(500)]
    public async Task Without_an_answer_about_the_account_nobody_counts(int status)
    {
        var asked = await _host.AskShownAsync();
        _host.Teams.Fault = call => call.Method == "member" ? Results.StatusCode(status) : null;

        var reception = await _host.PressAsync("bob", "approve");

        Assert.StartsWith("Nothing was recorded.", reception.Said, StringComparison.Ordinal);
        Assert.Empty((await _host.FindAsync(asked)).Life.Votes);
    }

    [Fact]
    public async Task What_teams_says_of_an_account_holds_for_a_minute()
    {
        _host.Require(need: 2, Assurance.Chat);
        await _host.AskShownAsync();
        await _host.PressAsync("bob", "approve");
        _host.Teams.Members["bob"] = new JsonObject { ["userRole"] = "guest" };
        Assert.Contains("You have voted", (await _host.PressAsync("bob", "approve")).Said, StringComparison.Ordinal);
        _host.Time.Advance(Server.Channels.Teams.TeamsRoster.Freshness);

        Assert.Contains("Guests", (await _host.PressAsync("bob", "approve")).Said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_account_that_is_nobodys_is_offered_a_link_and_decides_nothing()
    {
        var asked = await _host.AskShownAsync();

        var reception = await _host.PressAsync("eve", "approve");

        Assert.Contains("not linked", TeamsHost.TextOf(reception.Card), StringComparison.Ordinal);
        Assert.Contains("link", TeamsHost.VerbsOf(reception.Card));
        Assert.Empty((await _host.FindAsync(asked)).Life.Votes);
    }

    [Fact]
    public async Task Where_a_rule_asks_for_more_a_press_does_not_approve_but_may_deny()
    {
        _host.Require(need: 1, Assurance.Session);
        var asked = await _host.AskShownAsync();
        Assert.DoesNotContain("approve", TeamsHost.VerbsOf(_host.Card));

        var reception = await _host.SendAsync(_host.Teams.Invoke("bob", "approve", DataOf("deny")));
        Assert.Contains("asks for more", reception.Said, StringComparison.Ordinal);
        await _host.PressAsync("bob", "deny");

        Assert.Equal(ActionState.Denied, (await _host.FindAsync(asked)).State);
    }

    [Fact]
    public async Task Each_person_sees_what_they_may_do()
    {
        await _host.AskShownAsync();
        var refresh = _host.Card["refresh"]!;

        var bob = await RefreshAsync("bob");
        var dora = await RefreshAsync("dora");
        var alice = await RefreshAsync("alice");
        var eve = await RefreshAsync("eve");

        Assert.Equal(["29:bob", "29:carol"], refresh["userIds"]!.AsArray().Select(id => (string)id!));
        Assert.Equal(["deny", "approve", "modify", "open", "stop"], TeamsHost.VerbsOf(bob));
        Assert.Equal(["open", "stop"], TeamsHost.VerbsOf(dora));
        Assert.Equal(["deny", "modify", "open", "stop"], TeamsHost.VerbsOf(alice));
        Assert.Contains("You may only deny it.", TeamsHost.TextOf(alice), StringComparison.Ordinal);
        Assert.Contains("not linked", TeamsHost.TextOf(eve), StringComparison.Ordinal);

        async Task<JsonObject> RefreshAsync(string name) => (await _host.SendAsync(_host.Teams.Invoke(
            name, "refresh", refresh["action"]!["data"]!.AsObject()))).Card;
    }

    [Fact]
    public async Task The_agent_is_stopped_after_asking_back()
    {
        await _host.AskShownAsync();

        var form = (await _host.PressAsync("bob", "stop")).Card;
        Assert.Contains("deploy-bot is stopped at once", TeamsHost.TextOf(form), StringComparison.Ordinal);
        Assert.Null(await _host.Console.Store.FindStopAsync(
            new AgentId("deploy-bot"), TestContext.Current.CancellationToken));
        var stopped = (await _host.PressAsync("bob", form, "stop_now", ("comment", "It loops."))).Card;

        Assert.Contains("deploy-bot:", TeamsHost.TextOf(stopped), StringComparison.Ordinal);
        Assert.NotNull(await _host.Console.Store.FindStopAsync(
            new AgentId("deploy-bot"), TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("conversationUpdate")]
    [InlineData("installationUpdate")]
    [InlineData("messageReaction")]
    [InlineData("message")]
    public async Task What_is_no_press_is_taken_and_records_nothing(string type)
    {
        var asked = await _host.AskShownAsync();

        var reception = await _host.SendAsync(_host.Teams.Activity("bob", type, TeamsDouble.Channel));

        Assert.Equal((HttpStatusCode.OK, ""), (reception.Status, reception.Body));
        Assert.Empty((await _host.FindAsync(asked)).Life.Votes);
    }

    [Theory]
    [InlineData("adaptiveCard/action", "explode")]
    [InlineData("task/fetch", "approve")]
    public async Task What_nobody_knows_is_an_error_of_the_card(string name, string verb)
    {
        var asked = await _host.AskShownAsync();
        var activity = _host.Teams.Invoke("bob", verb, DataOf("approve"));
        activity["name"] = name;

        var reception = await _host.SendAsync(activity);

        Assert.Equal((HttpStatusCode.OK, 400), (reception.Status, (int)reception.Json["statusCode"]!));
        Assert.Equal("application/vnd.microsoft.error", reception.Type);
        Assert.Empty((await _host.FindAsync(asked)).Life.Votes);
    }

    [Theory]
    [InlineData("[]", HttpStatusCode.BadRequest)]
    [InlineData("{}", HttpStatusCode.BadRequest)]
    [InlineData("""{"type":"invoke","type":"message"}""", HttpStatusCode.BadRequest)]
    public async Task What_is_no_activity_is_400(string body, HttpStatusCode status)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, _host.Endpoint);
        request.Content = new StringContent(body);
        request.Headers.Authorization = new(
            "Bearer", _host.Teams.Signer.Sign(_host.Teams.Claims(_host.Time.GetUtcNow())));

        using var answer = await http.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(status, answer.StatusCode);
    }

    [Fact]
    public async Task A_body_without_end_is_413()
    {
        var activity = _host.Teams.Invoke("bob", "deny", []);
        activity["padding"] = new string('x', 300_000);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await _host.SendAsync(activity)).Status);
    }

    private JsonObject DataOf(string verb) => TeamsHost.ActionsOf(_host.Card)
        .Single(action => (string)action["verb"]! == verb)["data"]!.DeepClone().AsObject();
}
