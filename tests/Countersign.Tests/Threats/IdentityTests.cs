using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Reviews;
using Countersign.Server.Channels.Slack;
using Countersign.Server.Configuration;
using Countersign.Tests.Api;
using Countersign.Tests.Channels.Slack;
using Countersign.Tests.Support;

namespace Countersign.Tests.Threats;

/// <summary>Threats that make one person look like two, or another.</summary>
public sealed class IdentityTests : IDisposable
{
    private const string Bob = "{ id: bob, tokens: [ of-bob ], accounts: { slack: T0123/U0456 } }";

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("{ id: Bob }", "ids differ in more than case")]
    [InlineData("{ id: BOB }", "ids differ in more than case")]
    [InlineData("{ id: \"b\u043Eb\" }", "is not a person id")]
    [InlineData("{ id: \"bob\u200B\" }", "countersign.yaml:1:")]
    [InlineData("{ id: \"bob+ops\" }", "is not a person id")]
    [InlineData("{ id: \"\uFF42ob\" }", "is not a person id")]
    [Trait("Threat", "THR-007"), Trait("CWE", "178")]
    public void A_spelling_of_a_person_is_no_second_person(string other, string why) =>
        Assert.Contains(why, Refusal($"people: [ {Bob}, {other} ]"), StringComparison.Ordinal);

    [Theory]
    [InlineData("{ id: ann, tokens: [ of-bob ] }", "one token stands for bob and ann")]
    [InlineData("{ id: ann, accounts: { slack: T0123/U0456 } }", "belongs to 'bob' already")]
    [InlineData("{ id: ann, accounts: { slack: t0123/u0456 } }", "is no Slack account")]
    [Trait("Threat", "THR-013"), Trait("CWE", "863")]
    public void An_account_that_several_persons_share_is_nobodys(string other, string why) =>
        Assert.Contains(why, Refusal($"people: [ {Bob}, {other} ]"), StringComparison.Ordinal);

    [Fact]
    [Trait("Threat", "THR-004"), Trait("CWE", "441")]
    public void A_persons_token_is_never_an_agents() => Assert.Contains(
        "one token stands for bob and bot",
        Refusal($"people: [ {Bob} ]\nagents: [ {{ id: bot, owner: bob, tokens: [ of-bob ] }} ]"),
        StringComparison.Ordinal);

    [Theory]
    [InlineData("on_behalf_of: unknown", "'unknown' is nobody under people")]
    [InlineData("on_behalf_of: null", "on_behalf_of")]
    [InlineData("on_behalf_of: \"\"", "on_behalf_of")]
    [Trait("Threat", "THR-006"), Trait("CWE", "754")]
    public void A_delegation_by_nobody_is_refused(string delegation, string why) => Assert.Contains(
        why,
        Refusal(
            $"people: [ {Bob} ]\n" +
            $"agents: [ {{ id: bot, owner: bob, tokens: [ {{ value: of-bot, {delegation} }} ] }} ]"),
        StringComparison.Ordinal);

    [Fact]
    [Trait("Threat", "THR-009"), Trait("CWE", "290")]
    public async Task A_name_or_address_of_somebody_else_stands_for_nobody()
    {
        await using var host = await SlackHost.StartAsync();
        var asked = await host.AskShownAsync();
        host.Slack.Users["U0EVE"] = new JsonObject
        {
            ["name"] = "bob",
            ["profile"] = new JsonObject { ["email"] = "bob@example.com", ["display_name"] = "bob" },
        };

        await host.SendAsync(host.Slack.Press("U0EVE", "approve", host.ValueOf("approve")!));

        var reply = await host.Slack.NextReplyAsync(Cancel);
        Assert.Contains("is not linked to a person", (string)reply["text"]!, StringComparison.Ordinal);
        Assert.Empty((await host.FindAsync(asked)).Life.Votes);
    }

    [Fact]
    [Trait("Threat", "THR-012"), Trait("CWE", "613")]
    public async Task What_slack_said_of_an_account_holds_for_a_minute()
    {
        await using var host = await SlackHost.StartAsync();
        host.Require(need: 2, Assurance.Chat);
        var asked = await host.AskShownAsync();
        await host.PressAsync("U0BOB", "approve");
        host.Slack.Users["U0CAROL"] = [];
        await host.PressAsync("U0CAROL", "modify");
        host.Slack.Users["U0CAROL"] = new JsonObject { ["deleted"] = true };
        host.Time.Advance(SlackWorkspace.Freshness);

        await host.PressAsync("U0CAROL", "approve");

        var reply = await host.Slack.NextReplyAsync(Cancel);
        Assert.Contains("deactivated", (string)reply["text"]!, StringComparison.Ordinal);
        Assert.Equal(new PersonId("bob"), Assert.Single((await host.FindAsync(asked)).Life.Votes).Person);
        Assert.Equal(ActionState.Pending, (await host.FindAsync(asked)).State);
    }

    [Theory]
    [InlineData("""{"decision":"approve","digest":"DIGEST","person":"bob"}""")]
    [InlineData("""{"decision":"approve","digest":"DIGEST","on_behalf_of":"bob"}""")]
    [InlineData("""{"decision":"approve","digest":"DIGEST","assurance":"passkey"}""")]
    [Trait("Threat", "THR-018"), Trait("CWE", "269")]
    public async Task Nobody_votes_as_somebody_else(string vote)
    {
        await using var node = await DemoNode.StartAsync(Cancel);
        var asked = await PostAsync(
            node.Agent, "v1/actions", """{"target":"acme-ops","operation":"export_customers","arguments":{}}""");
        Assert.Equal("pending", (string?)asked.Json["state"]);

        var answer = await PostAsync(
            node.Alice,
            $"v1/actions/{asked.Json["id"]}/votes",
            vote.Replace("DIGEST", (string)asked.Json["digest"]!, StringComparison.Ordinal));

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        using var shown = await node.Alice.GetAsync($"v1/actions/{asked.Json["id"]}", Cancel);
        var now = JsonNode.Parse(await shown.Content.ReadAsStringAsync(Cancel))!;
        Assert.Empty(now["review"]!["votes"]!.AsArray());
    }

    [Theory]
    [InlineData("\"grant\":{\"uses\":100}")]
    [InlineData("\"uses\":100")]
    [InlineData("\"state\":\"approved\"")]
    [Trait("Threat", "THR-027"), Trait("CWE", "284")]
    public async Task No_agent_gives_itself_a_grant(string member)
    {
        await using var node = await DemoNode.StartAsync(Cancel);

        var answer = await PostAsync(
            node.Agent,
            "v1/actions",
            $$"""{"target":"acme-ops","operation":"export_customers","arguments":{},{{member}}}""");

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
    }

    private static async Task<(HttpStatusCode Status, JsonNode Json)> PostAsync(
        HttpClient client, string path, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await client.PostAsync(path, content, Cancel);
        return (answer.StatusCode, JsonNode.Parse(await answer.Content.ReadAsStringAsync(Cancel))!);
    }

    private string Refusal(string text)
    {
        var file = _folder.PathOf("countersign.yaml");
        File.WriteAllText(_folder.PathOf("policy.yaml"), "version: 1\ndefault: deny\n");
        File.WriteAllText(file, text + "\npolicies: policy.yaml\n");
        return Assert.Throws<ConfigurationException>(() => SettingsFile.Load(file, _ => null)).Message;
    }
}
