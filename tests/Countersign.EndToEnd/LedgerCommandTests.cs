using System.Text.Json;
using Countersign.EndToEnd.Support;

namespace Countersign.EndToEnd;

/// <summary>What a stranger finds out about a store with <c>ledger verify</c>.</summary>
public sealed class LedgerCommandTests : IAsyncLifetime
{
    private Product _product = null!;
    private string _key = "";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _product = await Product.StartAsync(new ProductOptions(), Cancel);
        var agent = _product.As("DEPLOY_BOT");
        var held = await agent.AskAsync("sdk", "restart_service", """{"id":1}""", Cancel);
        await agent.AskAsync("sdk", "drop_table", """{"id":2}""", Cancel);
        await _product.As("ALICE").VoteAsync(held.Id!, "approve", Cancel);
        _key = (await _product.RunAsync("ALICE", Cancel, "ledger", "key")).Output.Trim();
    }

    public ValueTask DisposeAsync() => _product.DisposeAsync();

    [Fact]
    public async Task The_key_is_the_same_from_the_command_and_from_the_server()
    {
        var served = await _product.As("ALICE").Http.GetStringAsync("ledger/key", Cancel);

        Assert.StartsWith("e2e.example/countersign+", _key, StringComparison.Ordinal);
        Assert.Equal(_key, served.Trim());
    }

    [Fact]
    public async Task A_running_store_is_verified_with_its_key()
    {
        var run = await VerifyAsync("--vkey", _key, "--json");

        Assert.Equal(0, run.ExitCode);
        var report = JsonElement.Parse(run.Output);
        Assert.True(report.GetProperty("verified").GetBoolean());
        Assert.Equal(await _product.As("ALICE").LedgerSizeAsync(Cancel), report.GetProperty("size").GetInt64());
    }

    [Fact]
    public async Task A_tlog_policy_names_the_key_as_well()
    {
        var policy = _product.Folder.In("tlog-policy");
        await File.WriteAllTextAsync(policy, $"# whom we trust\nlog {_key}\nquorum none\n", Cancel);

        var run = await VerifyAsync("--policy", policy);

        Assert.True(run.ExitCode == 0, run.ToString());
    }

    [Fact]
    public async Task Without_a_key_a_store_is_self_consistent_only()
    {
        var run = await VerifyAsync();

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("Self-consistent only", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_key_of_another_log_verifies_nothing()
    {
        await using var other = await Product.StartAsync(new ProductOptions(), Cancel);
        var key = await other.RunAsync("ALICE", Cancel, "ledger", "key");

        var run = await VerifyAsync("--vkey", key.Output.Trim());

        Assert.Equal(1, run.ExitCode);
        Assert.DoesNotContain("Verified: signed", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_changed_entry_is_named()
    {
        await _product.StopAsync(Cancel);
        var entry = StoreFile.TamperWithEntry(_product.Folder.Database);

        var run = await VerifyAsync("--vkey", _key);

        AssertFault(run, entry);
    }

    [Fact]
    public async Task A_changed_payload_is_named()
    {
        await _product.StopAsync(Cancel);
        var entry = StoreFile.TamperWithPayload(_product.Folder.Database);

        var run = await VerifyAsync("--vkey", _key);

        AssertFault(run, entry);
    }

    [Theory]
    [InlineData("e2e.example/countersign+00000000+AAAA")]
    [InlineData("nonsense")]
    public async Task A_malformed_key_is_a_wrong_command_line(string key)
    {
        var run = await VerifyAsync("--vkey", key);

        Assert.Equal(2, run.ExitCode);
        Assert.NotEmpty(run.Errors);
    }

    [Fact]
    public async Task A_store_that_is_not_there_is_unavailable()
    {
        var run = await _product.RunAsync("ALICE", Cancel, "ledger", "verify", "--store", "sqlite:nowhere.db");

        Assert.Equal(13, run.ExitCode);
        Assert.Contains("nowhere.db", run.Errors, StringComparison.Ordinal);
    }

    private Task<ProgramResult> VerifyAsync(params string[] trust) => _product.RunAsync(
        "ALICE", Cancel, ["ledger", "verify", "--store", "sqlite:" + _product.Folder.Database, .. trust]);

    private static void AssertFault(ProgramResult run, long entry)
    {
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("FAULT", run.Output, StringComparison.Ordinal);
        Assert.Matches($@"\b{entry}\b", run.Output);
        Assert.Contains("NOT verified.", run.Output, StringComparison.Ordinal);
    }
}
