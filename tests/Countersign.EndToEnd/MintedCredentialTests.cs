using System.Text.Json.Nodes;
using Countersign.EndToEnd.Clients;
using Countersign.EndToEnd.Support;

namespace Countersign.EndToEnd;

/// <summary>A target whose calls each get a credential of their own, made by a script.</summary>
public sealed class MintedCredentialTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_execution_has_its_own_made_after_the_approval_and_taken_back_after_the_call()
    {
        using var helper = new MintFolder();
        await using var bench = await StartAsync(helper);
        var held = await bench.Agent.AskAsync("ops", "restart_service", """{"n":1}""", Cancel);
        var before = helper.Minted;

        await bench.Alice.VoteAsync(held.Id!, "approve", Cancel);
        var ended = await bench.Agent.WaitForEndAsync(held.Id!, Cancel);
        var read = await CallAsync(bench);

        Assert.Empty(before);
        Assert.Equal(("succeeded", "ran read_report"), (ended.State, read.Text));
        Assert.Equal(2, helper.Minted.Count);
        Assert.Equal($"{held.Id} ops {held.Digest}", helper.Minted[0]);
        Assert.Equal($"1 {held.Id}", helper.Revoked[0]);
        Assert.Equal(
            [$"Bearer {MintFolder.Secret}-1", $"Bearer {MintFolder.Secret}-2"],
            bench.Upstream.Calls.Select(call => call.Headers["Authorization"]));
        Assert.All(
            (string[])["TOKEN", ProductFolder.TokenOf("OPS"), ProductFolder.TokenOf("ALICE")],
            secret => Assert.DoesNotContain(secret, helper.Environment, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_helper_that_fails_leaves_a_failed_outcome_and_nothing_sent()
    {
        using var helper = new MintFolder("exit 7");
        await using var bench = await StartAsync(helper);

        var answer = await CallAsync(bench);

        Assert.StartsWith("FAILED act_", answer.Text, StringComparison.Ordinal);
        Assert.Contains("Nothing was sent: the credential helper ended with exit code 7.", answer.Text);
        Assert.Empty(bench.Upstream.Calls);
        Assert.Contains("bytes on standard error", bench.Product.Log, StringComparison.Ordinal);
        Assert.DoesNotContain(MintFolder.Secret, bench.Product.Log, StringComparison.Ordinal);
    }

    private static Task<Bench> StartAsync(MintFolder helper) =>
        Bench.StartAsync(new ProductOptions { Ops = helper.Credentials }, Cancel);

    private static async Task<ToolAnswer> CallAsync(Bench bench)
    {
        await using var client = await DotNetClient.ConnectAsync(
            bench.Product.Mcp("ops"), ProductFolder.TokenOf("DEPLOY_BOT"), Cancel);
        return await client.CallAsync("read_report", new JsonObject { ["n"] = 1 }, Cancel);
    }
}
