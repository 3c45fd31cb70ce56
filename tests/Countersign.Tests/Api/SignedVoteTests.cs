using System.Buffers.Text;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Countersign.Core;
using Countersign.Core.Identity;
using Countersign.Core.Identity.Passkeys;
using Countersign.Core.Reviews;
using Countersign.Tests.Identity.Passkeys;
using Microsoft.Extensions.DependencyInjection;

namespace Countersign.Tests.Api;

/// <summary>Signed votes over the API; every answer is held to the API's document.</summary>
public sealed class SignedVoteTests : IDisposable
{
    private const string Route = "/v1/actions/{id}";

    private readonly TestAuthenticator _authenticator = new() { RelyingParty = "localhost" };

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => _authenticator.Dispose();

    [Fact]
    public async Task A_signature_makes_a_vote_as_strong_as_a_passkey_and_is_shown_with_it()
    {
        await using var node = await DemoNode.StartAsync(Cancelled);
        var (calls, held) = await AskAsync(node);
        var id = held.GetProperty("id").GetString();
        await EnrolAliceAsync(node);
        var statement = await calls.GetAsync(
            node.Alice, $"{Route}/statement", $"/v1/actions/{id}/statement?decision=approve", HttpStatusCode.OK);

        var voted = await VoteAsync(node, calls, held, AnswerTo(statement), HttpStatusCode.OK);

        var vote = Assert.Single(voted.GetProperty("review").GetProperty("votes").EnumerateArray().ToList());
        Assert.Equal("passkey", vote.GetProperty("assurance").GetString());
        Assert.Equal(
            statement.GetProperty("statement").GetString(),
            vote.GetProperty("assertion").GetProperty("statement").GetString());
        var asAgent = await calls.GetAsync(node.Agent, Route, $"/v1/actions/{id}", HttpStatusCode.OK);
        var seen = Assert.Single(asAgent.GetProperty("review").GetProperty("votes").EnumerateArray().ToList());
        Assert.False(seen.TryGetProperty("assertion", out _));
    }

    [Fact]
    public async Task A_signature_that_does_not_verify_refuses_the_vote()
    {
        await using var node = await DemoNode.StartAsync(Cancelled);
        var (calls, held) = await AskAsync(node);
        await EnrolAliceAsync(node);
        var statement = await calls.GetAsync(
            node.Alice,
            $"{Route}/statement",
            $"/v1/actions/{held.GetProperty("id").GetString()}/statement?decision=deny",
            HttpStatusCode.OK);
        var answer = AnswerTo(statement);

        var refused = await VoteAsync(node, calls, held, answer, HttpStatusCode.Forbidden);
        answer["credential"]!["response"]!["signature"] = "not base64url!";
        await VoteAsync(node, calls, held, answer, HttpStatusCode.BadRequest);
        await VoteAsync(node, calls, held, JsonValue.Create("sign"), HttpStatusCode.BadRequest);

        Assert.EndsWith("/assurance-too-low", refused.GetProperty("type").GetString(), StringComparison.Ordinal);
        Assert.Contains("does not count", refused.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_statement_is_for_people_who_have_a_passkey()
    {
        await using var node = await DemoNode.StartAsync(Cancelled);
        var (calls, held) = await AskAsync(node);
        var address = $"/v1/actions/{held.GetProperty("id").GetString()}/statement";

        await calls.GetAsync(
            node.Alice, $"{Route}/statement", $"{address}?decision=approve", HttpStatusCode.Conflict);
        await EnrolAliceAsync(node);
        await calls.GetAsync(node.Alice, $"{Route}/statement", $"{address}?decision=yes", HttpStatusCode.BadRequest);
        await calls.GetAsync(
            node.Agent, $"{Route}/statement", $"{address}?decision=approve", HttpStatusCode.Forbidden);
        await calls.GetAsync(
            node.Nobody, $"{Route}/statement", $"{address}?decision=approve", HttpStatusCode.Unauthorized);
        await calls.GetAsync(
            node.Alice, $"{Route}/statement", "/v1/actions/act_0/statement?decision=deny", HttpStatusCode.NotFound);
    }

    private static async Task<(DocumentedCalls Calls, JsonElement Held)> AskAsync(DemoNode node)
    {
        var document = JsonElement.Parse(await node.Nobody.GetStringAsync("/openapi/v1.json", Cancelled));
        var calls = new DocumentedCalls(document);
        var held = await calls.AskAsync(
            node.Agent, "/v1/actions", "export_customers", new { country = "UK" }, HttpStatusCode.Accepted);
        return (calls, held);
    }

    private async Task EnrolAliceAsync(DemoNode node)
    {
        var desk = node.Services.GetRequiredService<PasskeyDesk>();
        _authenticator.PageOrigin = Assert.Single(desk.Party!.Origins);
        var challenge = new byte[32];
        Assert.IsType<PasskeyAnswer.Done>(await desk.EnrolAsync(
            new Voter(new PersonId("alice"), Assurance.Session),
            new NewPasskey("Key", challenge, _authenticator.Register(challenge)),
            Cancelled));
    }

    private JsonObject AnswerTo(JsonElement statement)
    {
        var challenge = statement.GetProperty("options").GetProperty("challenge").GetString();
        var assertion = _authenticator.Assert(Base64Url.DecodeFromChars(challenge));
        return new JsonObject
        {
            ["statement"] = statement.GetProperty("statement").GetString(),
            ["seal"] = statement.GetProperty("seal").GetString(),
            ["credential"] = JsonNode.Parse(TestAuthenticator.Json(assertion)),
        };
    }

    private static Task<JsonElement> VoteAsync(
        DemoNode node, DocumentedCalls calls, JsonElement held, JsonNode? assertion, HttpStatusCode expected) =>
        calls.PostAsync(
            node.Alice,
            $"{Route}/votes",
            $"/v1/actions/{held.GetProperty("id").GetString()}/votes",
            new { decision = "approve", digest = held.GetProperty("digest").GetString(), assertion },
            expected);
}
