using System.Net;
using Countersign.EndToEnd.Support;

namespace Countersign.EndToEnd;

/// <summary>A changed policy file between two starts: what decides, who is asked, and what the ledger says.</summary>
public sealed class PolicyChangeTests
{
    private const string Reports = "action.operation == \"read_report\"";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("Threat", "THR-019"), Trait("CWE", "778")]
    public async Task A_changed_policy_decides_only_after_an_admin_approved_it()
    {
        await using var product = await Product.StartAsync(new ProductOptions(), Cancel);
        await RestartWithDeniedReportsAsync(product);
        var agent = product.As("DEPLOY_BOT");

        Assert.Equal("approved", (await agent.AskAsync("sdk", "read_report", """{"id":1}""", Cancel)).State);
        var proposal = await product.As("ALICE").FindAsync("pending", Cancel);
        Assert.Equal("policy.change", proposal.GetProperty("operation").GetString());
        var id = proposal.GetProperty("id").GetString()!;
        Assert.Equal("not-eligible", (await product.As("BOB").VoteAsync(id, "approve", Cancel)).Problem);

        await product.As("ALICE").VoteAsync(id, "approve", Cancel);

        var ended = await product.As("ALICE").WaitForEndAsync(id, Cancel);
        Assert.True(ended.State == "succeeded", ended.ToString());
        Assert.Equal("refused", (await agent.AskAsync("sdk", "read_report", """{"id":2}""", Cancel)).State);
        await product.VerifyLedgerAsync(Cancel);
    }

    [Fact]
    public async Task An_approved_policy_is_in_force_after_the_next_start_without_another_proposal()
    {
        await using var product = await Product.StartAsync(new ProductOptions(), Cancel);
        await RestartWithDeniedReportsAsync(product);
        var proposal = await product.As("ALICE").FindAsync("pending", Cancel);
        var id = proposal.GetProperty("id").GetString()!;
        await product.As("ALICE").VoteAsync(id, "approve", Cancel);
        await product.As("ALICE").WaitForEndAsync(id, Cancel);

        await product.StopAsync(Cancel);
        await product.StartAgainAsync(Cancel);

        var asked = await product.As("DEPLOY_BOT").AskAsync("sdk", "read_report", """{"id":3}""", Cancel);
        Assert.Equal("refused", asked.State);
        var pending = await product.As("ALICE").GetAsync("v1/actions?state=pending", Cancel);
        Assert.Equal(0, pending.Json.GetProperty("items").GetArrayLength());
    }

    [Fact]
    public async Task A_policy_that_was_in_force_before_can_be_proposed_again()
    {
        await using var product = await Product.StartAsync(new ProductOptions(), Cancel);
        var first = await File.ReadAllTextAsync(product.Folder.PolicyFile, Cancel);
        await RestartWithDeniedReportsAsync(product);
        await ApproveProposalAsync(product);
        await product.StopAsync(Cancel);
        await File.WriteAllTextAsync(product.Folder.PolicyFile, first, Cancel);
        await product.StartAgainAsync(Cancel);
        await ApproveProposalAsync(product);

        await RestartWithDeniedReportsAsync(product);
        await ApproveProposalAsync(product);

        var asked = await product.As("DEPLOY_BOT").AskAsync("sdk", "read_report", """{"id":4}""", Cancel);
        Assert.Equal("refused", asked.State);
    }

    [Fact]
    public async Task A_proposal_survives_restarts_as_one_review()
    {
        await using var product = await Product.StartAsync(new ProductOptions(), Cancel);
        await RestartWithDeniedReportsAsync(product);
        await product.StopAsync(Cancel);
        await product.StartAgainAsync(Cancel);

        var pending = await product.As("ALICE").GetAsync("v1/actions?state=pending", Cancel);

        Assert.Equal(1, pending.Json.GetProperty("items").GetArrayLength());
    }

    [Fact]
    public async Task With_changes_immediate_the_files_decide_at_the_next_start()
    {
        await using var product = await Product.StartAsync(new ProductOptions { More = "changes: immediate" }, Cancel);
        await RestartWithDeniedReportsAsync(product);

        var asked = await product.As("DEPLOY_BOT").AskAsync("sdk", "read_report", """{"id":1}""", Cancel);

        Assert.Equal("refused", asked.State);
        await product.VerifyLedgerAsync(Cancel);
    }

    [Fact]
    public async Task A_stricter_policy_stops_an_approval_that_was_asked_under_a_looser_one()
    {
        await using var product = await Product.StartAsync(new ProductOptions { More = "changes: immediate" }, Cancel);
        var held = await product.As("DEPLOY_BOT").AskAsync("sdk", "restart_service", """{"id":1}""", Cancel);
        await product.StopAsync(Cancel);
        await ReplaceAsync(product, "action.operation == \"drop_table\"", "action.operation == \"restart_service\"");
        await product.StartAgainAsync(Cancel);

        var again = await product.As("DEPLOY_BOT").AskAsync("sdk", "restart_service", """{"id":1}""", Cancel);

        Assert.Equal("refused", again.State);
        Assert.Equal("superseded", (await product.As("ALICE").ShowAsync(held.Id!, Cancel)).State);
    }

    [Fact]
    [Trait("Threat", "THR-010"), Trait("CWE", "269")]
    public async Task A_token_and_a_membership_that_somebody_wrote_down_count_only_after_an_admin_approved_them()
    {
        await using var product = await Product.StartAsync(new ProductOptions(), Cancel);
        await product.StopAsync(Cancel);
        var file = await File.ReadAllTextAsync(product.Folder.Configuration, Cancel);
        const string dave = "groups: [crew], tokens: [ env:DAVE_TOKEN ]";
        Assert.Contains(dave, file, StringComparison.Ordinal);
        await File.WriteAllTextAsync(
            product.Folder.Configuration,
            file.Replace(
                dave,
                "groups: [crew, dba], tokens: [ env:DAVE_TOKEN, second-token-of-dave ]",
                StringComparison.Ordinal),
            Cancel);
        await product.StartAgainAsync(Cancel);
        var second = product.WithToken("second-token-of-dave");

        Assert.Equal(HttpStatusCode.Unauthorized, (await second.GetAsync("v1/actions", Cancel)).Status);
        var proposal = await product.As("ALICE").FindAsync("pending", Cancel);
        Assert.Equal("people.change", proposal.GetProperty("operation").GetString());
        Assert.Contains("person dave is in group:dba", proposal.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("second-token", proposal.ToString(), StringComparison.Ordinal);
        await ApproveProposalAsync(product);

        Assert.Equal(HttpStatusCode.OK, (await second.GetAsync("v1/actions", Cancel)).Status);
        await product.VerifyLedgerAsync(Cancel);
    }

    /// <summary>The rule that allows reports goes; the default of the policy denies what no rule covers.</summary>
    private static async Task RestartWithDeniedReportsAsync(Product product)
    {
        await product.StopAsync(Cancel);
        await ReplaceAsync(product, Reports, "action.operation == \"read_other\"");
        await product.StartAgainAsync(Cancel);
    }

    private static async Task ApproveProposalAsync(Product product)
    {
        var proposal = await product.As("ALICE").FindAsync("pending", Cancel);
        var id = proposal.GetProperty("id").GetString()!;
        await product.As("ALICE").VoteAsync(id, "approve", Cancel);
        Assert.Equal("succeeded", (await product.As("ALICE").WaitForEndAsync(id, Cancel)).State);
    }

    private static async Task ReplaceAsync(Product product, string old, string replacement)
    {
        var policy = await File.ReadAllTextAsync(product.Folder.PolicyFile, Cancel);
        Assert.Contains(old, policy, StringComparison.Ordinal);
        await File.WriteAllTextAsync(
            product.Folder.PolicyFile, policy.Replace(old, replacement, StringComparison.Ordinal), Cancel);
    }
}
