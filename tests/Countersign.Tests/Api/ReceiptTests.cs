using System.Net;
using System.Text;
using System.Text.Json;
using Countersign.Core.Ledger;
using Countersign.Core.Receipts;

namespace Countersign.Tests.Api;

/// <summary>Receipts over the API; every answer is held to the API's document.</summary>
public sealed class ReceiptTests
{
    private const string Route = "/v1/actions/{id}/receipt";
    private const string Secret = "ghp_16C7e42F292c6912E7710c838347Ae178B4a";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("Threat", "THR-093"), Trait("CWE", "639")]
    public async Task Whoever_reads_the_action_gets_a_receipt_of_it_and_nobody_else()
    {
        await using var node = await DemoNode.StartAsync(Cancelled);
        var (calls, id) = await DecideAsync(node, new { country = "UK" });

        foreach (var client in (HttpClient[])[node.Agent, node.Alice, node.Bob])
        {
            await calls.GetAsync(client, Route, $"/v1/actions/{id}/receipt", HttpStatusCode.OK);
            var report = await VerifyAsync(node, client, id);
            Assert.Empty(report.Doubts.Select(found => found.Text));
            Assert.Contains(report.Story, line => line.Contains("the first of this ledger, taken as it was written"));
        }

        await calls.GetAsync(node.Nobody, Route, $"/v1/actions/{id}/receipt", HttpStatusCode.Unauthorized);
        await calls.GetAsync(node.Alice, Route, "/v1/actions/act_0/receipt", HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Policies_that_take_effect_at_once_are_told_of_in_every_receipt()
    {
        await using var node = await DemoNode.StartAsync(
            text => $"{text}\nchanges: immediate\n", Cancelled);
        var (_, id) = await DecideAsync(node, new { country = "UK" });

        var report = await VerifyAsync(node, node.Agent, id);

        Assert.Contains(report.Story, line => line.Contains("took effect at once here (changes: immediate)"));
    }

    [Fact]
    public async Task The_formats_are_json_and_tlog_proof_and_the_answer_to_sigstore_says_why_not()
    {
        await using var node = await DemoNode.StartAsync(Cancelled);
        var (calls, id) = await DecideAsync(node, new { country = "UK" });
        var address = $"/v1/actions/{id}/receipt";
        var indexes = Receipt.Parse(await node.Alice.GetByteArrayAsync(address, Cancelled)).Entries
            .Select(entry => entry.Index).ToList();

        var problem = await calls.GetAsync(
            node.Alice, Route, $"{address}?format=sigstore", HttpStatusCode.NotAcceptable);
        Assert.EndsWith("/unsupported-format", problem.GetProperty("type").GetString(), StringComparison.Ordinal);
        await calls.GetAsync(node.Alice, Route, $"{address}?format=zip", HttpStatusCode.BadRequest);
        await calls.GetAsync(node.Alice, Route, $"{address}?format=tlog-proof", HttpStatusCode.OK);
        await calls.GetAsync(
            node.Alice, Route, $"{address}?format=tlog-proof&entry={indexes[^1] + 1}", HttpStatusCode.BadRequest);
        var key = await KeyAsync(node);
        foreach (var index in indexes)
        {
            var proof = await node.Alice.GetByteArrayAsync($"{address}?format=tlog-proof&entry={index}", Cancelled);
            var report = TlogProofCheck.Run(proof, [key]);
            Assert.True(report.IsVerified);
            Assert.Contains($"Entry {index} is", Assert.Single(report.Steps[1].Proved), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task What_cards_hide_is_withheld_from_people_until_a_reviewer_says_why()
    {
        await using var node = await DemoNode.StartAsync(Cancelled);
        var (calls, id) = await DecideAsync(node, new { country = Secret });
        var address = $"/v1/actions/{id}/receipt";

        Assert.DoesNotContain(Secret, await node.Alice.GetStringAsync(address, Cancelled), StringComparison.Ordinal);
        Assert.Contains(
            (await VerifyAsync(node, node.Alice, id)).Doubts, found => found.Doubt == Doubt.PayloadMissing);
        Assert.Contains(Secret, await node.Agent.GetStringAsync(address, Cancelled), StringComparison.Ordinal);

        await calls.PostAsync(node.Alice, Route, address, new { reason = " " }, HttpStatusCode.Forbidden);
        await calls.PostAsync(node.Alice, Route, address, new { why = "audit" }, HttpStatusCode.BadRequest);
        await calls.PostAsync(node.Bob, Route, address, new { reason = "audit" }, HttpStatusCode.Forbidden);
        await calls.PostAsync(node.Agent, Route, address, new { reason = "audit" }, HttpStatusCode.Forbidden);
        var whole = await calls.PostAsync(node.Alice, Route, address, new { reason = "audit" }, HttpStatusCode.OK);

        Assert.Contains(Secret, whole.GetRawText(), StringComparison.Ordinal);
        var report = new ReceiptVerifier([await KeyAsync(node)]).Verify(
            Encoding.UTF8.GetBytes(whole.GetRawText() + "\n"));
        Assert.Empty(report.Doubts.Select(found => found.Text));
        Assert.Contains(report.Story, line => line.EndsWith("alice was shown what cards hide: audit"));
    }

    [Fact]
    public async Task A_comment_that_cards_hide_is_withheld_and_the_rest_is_not()
    {
        await using var node = await DemoNode.StartAsync(Cancelled);
        var (_, id) = await DecideAsync(node, new { country = "UK" }, comment: $"not with {Secret}");

        var receipt = Receipt.Parse(await node.Alice.GetByteArrayAsync($"/v1/actions/{id}/receipt", Cancelled));

        Assert.Null(receipt.Entries.Single(entry => entry.Leaf.Type == EntryType.ReviewVote).Payload);
        Assert.DoesNotContain(Secret, Encoding.UTF8.GetString(receipt.ToBytes()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_action_says_why_it_was_held_and_who_could_decide()
    {
        await using var node = await DemoNode.StartAsync(Cancelled);
        var (calls, id) = await DecideAsync(node, new { country = "UK" });

        var shown = await calls.GetAsync(node.Agent, "/v1/actions/{id}", $"/v1/actions/{id}", HttpStatusCode.OK);

        var why = shown.GetProperty("why").EnumerateArray().Select(line => line.GetString()!).ToList();
        Assert.Equal("Held: a rule of the policy asks for people.", why[0]);
        Assert.Contains(why, line => line.Contains("could decide within", StringComparison.Ordinal));
        Assert.Contains(why, line => line.Contains("mcp.tool = \"export_customers\"", StringComparison.Ordinal));
    }

    private static async Task<(DocumentedCalls Calls, string Id)> DecideAsync(
        DemoNode node, object arguments, string? comment = null)
    {
        var calls = new DocumentedCalls(
            JsonElement.Parse(await node.Nobody.GetStringAsync("/openapi/v1.json", Cancelled)));
        var held = await calls.AskAsync(
            node.Agent, "/v1/actions", "export_customers", arguments, HttpStatusCode.Accepted);
        var id = held.GetProperty("id").GetString()!;
        await calls.PostAsync(
            node.Bob,
            "/v1/actions/{id}/votes",
            $"/v1/actions/{id}/votes",
            new { decision = "deny", digest = held.GetProperty("digest").GetString(), comment },
            HttpStatusCode.OK);
        return (calls, id);
    }

    private static async Task<NoteVerifierKey> KeyAsync(DemoNode node) =>
        NoteVerifierKey.Parse((await node.Nobody.GetStringAsync("/ledger/key", Cancelled)).Trim());

    private static async Task<ReceiptReport> VerifyAsync(DemoNode node, HttpClient client, string id) =>
        new ReceiptVerifier([await KeyAsync(node)]).Verify(
            await client.GetByteArrayAsync($"/v1/actions/{id}/receipt", Cancelled));
}
