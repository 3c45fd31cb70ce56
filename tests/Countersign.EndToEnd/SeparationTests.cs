using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Countersign.EndToEnd.Support;

namespace Countersign.EndToEnd;

/// <summary>
/// Separation of duties counts persons, whichever way they come: every test runs over the API, the console, Slack and
/// the command line of the built product.
/// </summary>
public sealed class SeparationTests(Deciding deciding) : IClassFixture<Deciding>
{
    private const string StandsBehind = "You stand behind this request";

    public static TheoryData<Route> Routes => [Route.Api, Route.Console, Route.Slack, Route.CommandLine];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private Product Product => deciding.Product;

    [Theory]
    [MemberData(nameof(Routes))]
    [Trait("Threat", "THR-001"), Trait("CWE", "285")]
    public async Task The_owner_of_the_agent_does_not_approve_and_the_attempt_is_recorded(Route route)
    {
        var held = await AskAsync("DEPLOY_BOT", "restart_service", $"owner {route}");

        await AssertRefusedAsync(route, "DAVE", held, StandsBehind);
        await AssertOthersMayAsync(route, "ALICE", held);
    }

    [Theory]
    [MemberData(nameof(Routes))]
    [Trait("Threat", "THR-002"), Trait("CWE", "863")]
    public async Task A_member_of_the_owning_group_does_not_approve_with_whatever_account(Route route)
    {
        var held = await AskAsync("TEAM_BOT", "restart_service", $"group {route}");

        await AssertRefusedAsync(route, "CAROL", held, StandsBehind);
        await AssertOthersMayAsync(route, "BOB", held);
    }

    [Theory]
    [MemberData(nameof(Routes))]
    [Trait("Threat", "THR-003"), Trait("CWE", "863")]
    public async Task Whoever_the_agent_acts_for_does_not_approve(Route route)
    {
        var held = await AskAsync("BOT_FOR_BOB", "restart_service", $"behalf {route}");

        await AssertRefusedAsync(route, "BOB", held, StandsBehind);
        await AssertOthersMayAsync(route, "ALICE", held);
    }

    [Theory]
    [MemberData(nameof(Routes))]
    [Trait("Threat", "THR-028"), Trait("CWE", "863")]
    public async Task Whoever_changed_it_does_not_approve_it(Route route)
    {
        var asked = await AskAsync("DEPLOY_BOT", "restart_service", $"modifier {route}");
        var held = await ReviseAsync("ALICE", asked, $"modified {route}");

        await AssertRefusedAsync(route, "ALICE", held, StandsBehind);
        await AssertOthersMayAsync(route, "BOB", held);
    }

    [Theory]
    [MemberData(nameof(Routes))]
    [Trait("Threat", "THR-013"), Trait("CWE", "863")]
    public async Task One_person_with_several_accounts_counts_once(Route route)
    {
        var held = await AskAsync("DEPLOY_BOT", "move_money", $"once {route}");
        await deciding.ApproveAsync(Route.Slack, "ALICE", held);

        var told = await deciding.ApproveInVainAsync(route, "ALICE", held);

        Assert.Contains("counts once", told, StringComparison.Ordinal);
        Assert.Equal(["alice"], await VotersOfAsync(held));
        await AssertOthersMayAsync(route, "BOB", held);
    }

    [Theory]
    [MemberData(nameof(Routes))]
    [Trait("Threat", "THR-010"), Trait("CWE", "269")]
    public async Task Whom_the_configuration_puts_into_no_reviewing_group_decides_nothing(Route route)
    {
        var held = await AskAsync("DEPLOY_BOT", "rotate_key", $"stranger {route}");

        await AssertRefusedAsync(route, "ALICE", held, "You are not among its reviewers", isRecorded: false);
        await AssertOthersMayAsync(route, "BOB", held);
    }

    [Theory]
    [MemberData(nameof(Routes))]
    [Trait("Threat", "THR-006"), Trait("CWE", "754")]
    public async Task Whoever_is_nobody_decides_nothing(Route route)
    {
        var held = await AskAsync("DEPLOY_BOT", "restart_service", $"nobody {route}");

        switch (route)
        {
            case Route.Api:
                var none = await Product.WithToken(null).VoteAsync(held.Id!, "approve", held.Digest!, Cancel);
                Assert.Equal((HttpStatusCode.Unauthorized, "unauthorized"), (none.Status, none.Problem));
                break;
            case Route.Console:
                using (var stranger = new ConsoleVisitor(Product.Address))
                {
                    var (status, location) = await stranger.PostAsync(
                        $"/console/actions/{held.Id}/votes",
                        [("decision", "approve"), ("digest", held.Digest!)],
                        Cancel);
                    Assert.Equal(HttpStatusCode.SeeOther, status);
                    Assert.StartsWith("/console/sign-in", location, StringComparison.Ordinal);
                }

                break;
            case Route.Slack:
                var nameless = deciding.PressOf("U0ALICE", held);
                nameless["user"] = new JsonObject { ["name"] = "alice" };
                Assert.Equal(HttpStatusCode.OK, await deciding.SendAsync(nameless));
                Assert.Equal(HttpStatusCode.OK, await deciding.ClickAsync("U0UNKNOWN", held));
                Assert.Contains(
                    "not linked to a person", await deciding.Slack.NextReplyAsync(Cancel), StringComparison.Ordinal);
                break;
            default:
                Assert.Contains(
                    "does not know this token",
                    await deciding.ApproveInVainAsync(route, "NOBODY", held),
                    StringComparison.Ordinal);
                break;
        }

        Assert.Empty(await VotersOfAsync(held));
    }

    [Theory]
    [MemberData(nameof(Routes))]
    [Trait("Threat", "THR-005"), Trait("CWE", "863")]
    public async Task No_agent_fills_the_place_of_a_person(Route route)
    {
        var held = await AskAsync("DEPLOY_BOT", "restart_service", $"agents {route}");

        switch (route)
        {
            case Route.Console:
                using (var agent = new ConsoleVisitor(Product.Address))
                {
                    Assert.Equal(
                        HttpStatusCode.Forbidden, await agent.SignInAsync(ProductFolder.TokenOf("OTHER_BOT"), Cancel));
                }

                break;
            case Route.Slack:
                Assert.Equal(HttpStatusCode.OK, await deciding.ClickAsync("USLACKBOT", held));
                Assert.Contains(
                    "not linked to a person", await deciding.Slack.NextReplyAsync(Cancel), StringComparison.Ordinal);
                break;
            default:
                Assert.Contains(
                    "no such action", await deciding.ApproveInVainAsync(route, "OTHER_BOT", held),
                    StringComparison.Ordinal);
                await AssertRefusedAsync(route, "DEPLOY_BOT", held, "Agents ask; people decide.");
                break;
        }

        Assert.Empty(await VotersOfAsync(held));
    }

    [Theory]
    [MemberData(nameof(Routes))]
    [Trait("Threat", "THR-020"), Trait("CWE", "639")]
    public async Task An_approval_of_one_action_is_none_of_another(Route route)
    {
        var shown = await AskAsync("DEPLOY_BOT", "restart_service", $"shown {route}");
        var other = await AskAsync("DEPLOY_BOT", "restart_service", $"other {route}");
        var mixed = new ApiAnswer(
            other.Status,
            JsonElement.Parse($$"""{"id":"{{other.Id}}","digest":"{{shown.Digest}}","revision":1}"""));

        await AssertRefusedAsync(route, "ALICE", mixed, "changed since you looked", isRecorded: false);
        Assert.Empty(await VotersOfAsync(shown));
    }

    [Theory]
    [MemberData(nameof(Routes))]
    [Trait("Threat", "THR-021"), Trait("CWE", "367")]
    public async Task What_was_changed_since_it_was_shown_is_not_approved(Route route)
    {
        var shown = await AskAsync("DEPLOY_BOT", "restart_service", $"before {route}");
        await ReviseAsync("BOB", shown, $"after {route}");

        await AssertRefusedAsync(route, "ALICE", shown, "changed since you looked", isRecorded: false);
    }

    [Theory]
    [MemberData(nameof(Routes))]
    [Trait("Threat", "THR-024"), Trait("CWE", "294")]
    public async Task The_same_decision_sent_again_is_one_decision(Route route)
    {
        var held = await AskAsync("DEPLOY_BOT", "move_money", $"again {route}");
        await deciding.ApproveAsync(route, "ALICE", held);
        var size = await deciding.Bench.Agent.LedgerSizeAsync(Cancel);

        var told = await deciding.ApproveInVainAsync(route, "ALICE", held);

        Assert.Contains("counts once", told, StringComparison.Ordinal);
        Assert.Equal(["alice"], await VotersOfAsync(held));
        Assert.Equal(size, await deciding.Bench.Agent.LedgerSizeAsync(Cancel));
    }

    [Theory]
    [InlineData("v1/actions/{0}?decision=approve&digest={1}")]
    [InlineData("v1/actions/{0}/votes?decision=approve&digest={1}")]
    [InlineData("console/actions/{0}?decision=approve&digest={1}&confirm=ops")]
    [InlineData("console/actions/{0}/votes?decision=approve&digest={1}")]
    [InlineData("channels/slack/interactions?payload={0}")]
    [Trait("Threat", "THR-030"), Trait("CWE", "352")]
    public async Task Following_a_link_decides_nothing(string link)
    {
        var held = await AskAsync("DEPLOY_BOT", "restart_service", $"link {link}");
        var path = string.Format(
            System.Globalization.CultureInfo.InvariantCulture, link, held.Id, Uri.EscapeDataString(held.Digest!));

        var answer = await Product.As("ALICE").GetAsync(path, Cancel);
        var visited = await (await deciding.VisitAsync("ALICE")).GetAsync("/" + path, Cancel);

        Assert.True(answer.Status < HttpStatusCode.InternalServerError, answer.ToString());
        Assert.True(visited < HttpStatusCode.InternalServerError, visited.ToString());
        Assert.Empty(await VotersOfAsync(held));
    }

    [Fact]
    [Trait("Threat", "THR-031"), Trait("CWE", "352")]
    public async Task A_deep_link_that_names_a_decision_shows_the_page_and_decides_nothing()
    {
        var held = await AskAsync("DEPLOY_BOT", "restart_service", "deep link");

        var page = await (await deciding.VisitAsync("ALICE")).ReadAsync(
            $"/console/actions/{held.Id}?decision=approve", Cancel);

        Assert.Contains("Waiting for review", page, StringComparison.Ordinal);
        Assert.Empty(await VotersOfAsync(held));
    }

    private Task<ApiAnswer> AskAsync(string agent, string operation, string id) => Product.As(agent).AskAsync(
        "ops", operation, JsonSerializer.Serialize(new { id }), Cancel);

    private async Task<ApiAnswer> ReviseAsync(string name, ApiAnswer shown, string id)
    {
        var revised = await Product.As(name).PostAsync(
            $"v1/actions/{shown.Id}/revisions",
            JsonSerializer.Serialize(new { digest = shown.Digest, arguments = new { id } }),
            Cancel);
        Assert.True(revised.Status == HttpStatusCode.OK, revised.ToString());
        return revised;
    }

    private async Task AssertRefusedAsync(
        Route route, string name, ApiAnswer held, string why, bool isRecorded = true)
    {
        var size = await deciding.Bench.Agent.LedgerSizeAsync(Cancel);

        var told = await deciding.ApproveInVainAsync(route, name, held);

        Assert.Contains(why, told, StringComparison.Ordinal);
        Assert.Empty(await VotersOfAsync(held));
        var entries = await deciding.Bench.Agent.LedgerSizeAsync(Cancel) - size;
        Assert.Equal(isRecorded ? 1 : 0, entries);
    }

    private async Task AssertOthersMayAsync(Route route, string name, ApiAnswer held)
    {
        await deciding.ApproveAsync(route, name, held);
        Assert.Equal("succeeded", (await deciding.Bench.Alice.WaitForEndAsync(held.Id!, Cancel)).State);
    }

    private async Task<IEnumerable<string?>> VotersOfAsync(ApiAnswer held)
    {
        var shown = await deciding.Bench.Alice.ShowAsync(held.Id!, Cancel);
        Assert.Equal("pending", shown.State);
        return shown.Json.GetProperty("review").GetProperty("votes").EnumerateArray()
            .Select(vote => vote.GetProperty("person").GetString());
    }
}
