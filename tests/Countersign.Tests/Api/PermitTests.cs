using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Countersign.Server.Cli.Action;
using Countersign.Tests.Support;

namespace Countersign.Tests.Api;

/// <summary>
/// Permits over the API of a whole server, each answer of the documented shape. On <c>sdk</c> and <c>laptop</c>
/// <c>note</c> is allowed, <c>mail</c> takes Alice, and nothing is executed.
/// </summary>
public sealed class PermitTests : IAsyncLifetime
{
    private const string Policy = """
        version: 1
        default: deny
        rules:
          - id: notes
            when: action.operation == "note"
            then: allow
          - id: mails
            reason: Somebody reads a mail before it leaves.
            when: action.operation == "mail"
            then:
              require:
                stages: [ { of: group:platform, need: 1, within: 30m } ]
                assurance: token

        """;

    private readonly TemporaryFolder _policies = new();
    private DemoNode? _node;
    private DocumentedCalls? _calls;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private DemoNode Node => _node!;

    public async ValueTask InitializeAsync()
    {
        await File.WriteAllTextAsync(_policies.PathOf("permits.yaml"), Policy, Cancelled);
        _node = await DemoNode.StartAsync(WithPermits, Cancelled);
        _calls = new DocumentedCalls(
            await Node.Nobody.GetFromJsonAsync<JsonElement>("/openapi/v1.json", Cancelled));
    }

    public async ValueTask DisposeAsync()
    {
        await Node.DisposeAsync();
        _policies.Dispose();
    }

    [Theory]
    [InlineData("sdk", "api")]
    [InlineData("laptop", "hook")]
    public async Task An_allowed_permit_is_claimed_once_and_reported_once(string target, string gate)
    {
        var asked = await AskAsync(target, "note", HttpStatusCode.OK);
        Assert.Equal(("approved", gate), (Text(asked, "state"), Text(asked, "gate")));
        Assert.Equal(0, asked.GetProperty("permit").GetProperty("claim").GetInt64());

        var claimed = await ClaimAsync(Node.Agent, asked, HttpStatusCode.OK);
        Assert.Equal("executing", Text(claimed, "state"));
        Assert.Equal(1, claimed.GetProperty("permit").GetProperty("claim").GetInt64());
        Assert.Equal("already-claimed", Slug(await ClaimAsync(Node.Agent, asked, HttpStatusCode.Conflict)));
        var ended = await ReportAsync(
            asked, new { digest = Text(asked, "digest"), state = "succeeded", claim = 1, result = new { sent = 1 } });

        var outcome = ended.GetProperty("outcome");
        Assert.Equal("succeeded", Text(ended, "state"));
        Assert.True(outcome.GetProperty("self_reported").GetBoolean());
        Assert.Equal("""{"sent":1}""", outcome.GetProperty("result").GetRawText());
        Assert.Contains("as the agent itself says", ActionText.Page(ended), StringComparison.Ordinal);
        var again = new { digest = Text(asked, "digest"), state = "failed" };
        Assert.Equal("already-reported", Slug(await ReportAsync(asked, again, HttpStatusCode.Conflict)));
    }

    [Fact]
    public async Task A_held_permit_is_given_after_the_approval_and_says_so_before()
    {
        var held = await AskAsync("sdk", "mail", HttpStatusCode.Accepted);
        Assert.False(held.TryGetProperty("permit", out _));
        var early = await ClaimAsync(Node.Agent, held, HttpStatusCode.Conflict);
        Assert.Equal(("not-approved", "pending"), (Slug(early), Text(early, "state")));
        var unclaimed = new { digest = Text(held, "digest"), state = "succeeded" };
        Assert.Equal("not-claimed", Slug(await ReportAsync(held, unclaimed, HttpStatusCode.Conflict)));

        await ApproveAsync(held);

        Assert.Equal("executing", Text(await ClaimAsync(Node.Agent, held, HttpStatusCode.OK), "state"));
    }

    [Fact]
    [Trait("Threat", "THR-093"), Trait("CWE", "639")]
    public async Task Whoever_did_not_ask_finds_nothing_to_claim()
    {
        var asked = await AskAsync("sdk", "note", HttpStatusCode.OK);

        await ClaimAsync(Node.Nobody, asked, HttpStatusCode.Unauthorized);
        Assert.Equal("unknown-action", Slug(await ClaimAsync(Node.Alice, asked, HttpStatusCode.NotFound)));
        Assert.Equal("executing", Text(await ClaimAsync(Node.Agent, asked, HttpStatusCode.OK), "state"));
    }

    [Fact]
    public async Task What_cannot_be_taken_as_claim_or_report_changes_nothing()
    {
        var asked = await AskAsync("sdk", "note", HttpStatusCode.OK);
        var digest = Text(asked, "digest");
        var other = "sha256:" + new string('0', 64);
        await PostAsync(Node.Agent, asked, "claim", new { digest = "none" }, HttpStatusCode.BadRequest);
        await PostAsync(Node.Agent, asked, "claim", new { digest, force = true }, HttpStatusCode.BadRequest);
        var stale = await PostAsync(Node.Agent, asked, "claim", new { digest = other }, HttpStatusCode.Conflict);
        Assert.Equal("stale-digest", Slug(stale));
        await ClaimAsync(Node.Agent, asked, HttpStatusCode.OK);

        await ReportAsync(asked, new { digest, state = "done" }, HttpStatusCode.BadRequest);
        await ReportAsync(asked, new { state = "succeeded" }, HttpStatusCode.BadRequest);
        await ReportAsync(asked, new { digest, state = "succeeded", claim = "1" }, HttpStatusCode.BadRequest);
        var tooLongText = new { digest, state = "failed", error = new string('x', 4001) };
        await ReportAsync(asked, tooLongText, HttpStatusCode.RequestEntityTooLarge);
        var tooLongResult = new { digest, state = "succeeded", result = new string('x', 1024 * 1024) };
        await ReportAsync(asked, tooLongResult, HttpStatusCode.RequestEntityTooLarge);
        var still = await Node.Agent.GetFromJsonAsync<JsonElement>($"/v1/actions/{Text(asked, "id")}", Cancelled);
        Assert.Equal("executing", Text(still, "state"));
        await ReportAsync(asked, new { digest, state = "failed", error = "no such mailbox" });
    }

    [Fact]
    public async Task A_claim_repeated_under_its_key_is_the_same_claim()
    {
        var asked = await AskAsync("sdk", "note", HttpStatusCode.OK);
        using var agent = new HttpClient { BaseAddress = Node.Agent.BaseAddress };
        agent.DefaultRequestHeaders.Authorization = Node.Agent.DefaultRequestHeaders.Authorization;
        agent.DefaultRequestHeaders.Add("Idempotency-Key", "run-1");

        await ClaimAsync(agent, asked, HttpStatusCode.OK);
        var again = await ClaimAsync(agent, asked, HttpStatusCode.OK);

        Assert.Equal(1, again.GetProperty("permit").GetProperty("claim").GetInt64());
        Assert.Equal("already-claimed", Slug(await ClaimAsync(Node.Agent, asked, HttpStatusCode.Conflict)));
    }

    private static string Text(JsonElement json, string name) => json.GetProperty(name).GetString()!;

    private static string Slug(JsonElement problem) => Text(problem, "type").Split('/')[^1];

    private string WithPermits(string configuration) => configuration
        .Replace(
            "targets:\n",
            "targets:\n  sdk: { gate: api, environment: production }\n" +
            "  laptop: { gate: hook, environment: development, report_within: 1h }\n",
            StringComparison.Ordinal)
        .Replace("policies: policies/", $"policies: {_policies.PathOf("")}", StringComparison.Ordinal);

    private Task<JsonElement> AskAsync(string target, string operation, HttpStatusCode expected) => _calls!.PostAsync(
        Node.Agent,
        "/v1/actions",
        "/v1/actions",
        new
        {
            target,
            operation,
            arguments = target == "laptop"
                ? new { host = "codex", cwd = "/src", input = new { to = "team" } }
                : (object)new { to = "team" },
        },
        expected);

    private Task<JsonElement> ApproveAsync(JsonElement held) => PostAsync(
        Node.Alice,
        held,
        "votes",
        new { decision = "approve", digest = Text(held, "digest") },
        HttpStatusCode.OK);

    private Task<JsonElement> ClaimAsync(HttpClient who, JsonElement action, HttpStatusCode expected) =>
        PostAsync(who, action, "claim", new { digest = Text(action, "digest") }, expected);

    private Task<JsonElement> ReportAsync(
        JsonElement action, object report, HttpStatusCode expected = HttpStatusCode.OK) =>
        PostAsync(Node.Agent, action, "outcome", report, expected);

    private Task<JsonElement> PostAsync(
        HttpClient who, JsonElement action, string verb, object body, HttpStatusCode expected) => _calls!.PostAsync(
            who, $"/v1/actions/{{id}}/{verb}", $"/v1/actions/{Text(action, "id")}/{verb}", body, expected);
}
