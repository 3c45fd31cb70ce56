using System.Text.Json;
using Countersign.EndToEnd.Support;

namespace Countersign.EndToEnd;

/// <summary>
/// The samples as a reader would run them, against the built product: the agent on the .NET package, and the two
/// scripts that have nothing but their language. On target <c>sdk</c> nothing is executed by the product.
/// </summary>
public sealed class SampleTests : IAsyncLifetime
{
    private Product _product = null!;
    private Api _agent = null!;
    private Api _alice = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string> All { get; } = ["dotnet", "python", "typescript"];

    public async ValueTask InitializeAsync()
    {
        _product = await Product.StartAsync(new ProductOptions(), Cancel);
        (_agent, _alice) = (_product.As("DEPLOY_BOT"), _product.As("ALICE"));
    }

    public async ValueTask DisposeAsync()
    {
        await _product.VerifyLedgerAsync(CancellationToken.None);
        await _product.DisposeAsync();
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task What_the_policy_allows_is_done_and_reported(string sample)
    {
        var ended = await RunAsync(sample, "read_report", "weekly");

        Assert.True(ended.ExitCode == 0, ended.ToString());
        Assert.Contains("weekly", ended.Output, StringComparison.Ordinal);
        AssertReported(await OnlyActionAsync(), "succeeded");
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task What_the_policy_refuses_is_not_done(string sample)
    {
        var ended = await RunAsync(sample, "drop_table", "orders");

        Assert.Contains("never by agents", ended.Output + ended.Errors, StringComparison.Ordinal);
        Assert.Equal("refused", (await OnlyActionAsync()).State);
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task What_people_decide_is_done_as_they_approved_it(string sample)
    {
        await using var running = Start(sample, "restart_service", "everything");
        var held = await FindHeldAsync();
        var revised = await _product.As("BOB").PostAsync(
            $"v1/actions/{held.Id}/revisions",
            JsonSerializer.Serialize(new { digest = held.Digest, arguments = new { name = "billing" } }),
            Cancel);
        Assert.Equal(2, revised.Json.GetProperty("revision").GetInt32());
        await _alice.VoteAsync(held.Id!, "approve", Cancel);

        var ended = await running.WaitAsync(Cancel).WaitAsync(Limits.Soon, Cancel);

        Assert.True(ended.ExitCode == 0, ended.ToString());
        Assert.Contains("billing", ended.Output, StringComparison.Ordinal);
        var outcome = AssertReported(await OnlyActionAsync(), "succeeded");
        Assert.Contains("billing", outcome.GetProperty("result").GetString(), StringComparison.Ordinal);
        Assert.Equal(sample == "dotnet", ended.Output.Contains("CHANGED BEFORE IT RAN", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task What_a_person_denies_is_not_done_and_the_comment_arrives(string sample)
    {
        await using var running = Start(sample, "restart_service", "billing");
        var held = await FindHeldAsync();
        await _alice.VoteAsync(held.Id!, "deny", Cancel);

        var ended = await running.WaitAsync(Cancel).WaitAsync(Limits.Soon, Cancel);

        Assert.Contains("deny by a test", ended.Output + ended.Errors, StringComparison.Ordinal);
        Assert.Equal("denied", (await OnlyActionAsync()).State);
    }

    [Theory]
    [InlineData("python")]
    [InlineData("typescript")]
    public async Task What_goes_wrong_is_reported_as_failed(string sample)
    {
        var ended = await RunAsync(sample, "read_report", "broken");

        Assert.NotEqual(0, ended.ExitCode);
        var outcome = AssertReported(await OnlyActionAsync(), "failed");
        Assert.Contains("does not start any more", outcome.GetProperty("error").GetString());
    }

    [Fact]
    public async Task An_agent_goes_through_all_of_its_tools_over_a_restart_of_the_server()
    {
        await using var running = Start(
            "dotnet", "read_report", "weekly", "restart_service", "billing", "drop_table", "orders");
        var held = await FindHeldAsync();
        await _product.KillAsync();
        await _product.StartAgainAsync(Cancel);
        await _alice.VoteAsync(held.Id!, "approve", Cancel);

        var ended = await running.WaitAsync(Cancel).WaitAsync(Limits.Soon, Cancel);

        Assert.True(ended.ExitCode == 0, ended.ToString());
        Assert.Equal(
            [
                "read_report: The weekly report: all is well.",
                "restart_service: The service billing was restarted.",
                "drop_table: NOT EXECUTED: the policy refuses it. Rule 'drops': Tables are dropped by people, never " +
                "by agents.",
                "That was all.",
            ],
            ended.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.TrimEnd()));
    }

    private static JsonElement AssertReported(ApiAnswer action, string state)
    {
        var outcome = action.Json.GetProperty("outcome");
        Assert.Equal(state, action.State);
        Assert.True(outcome.GetProperty("self_reported").GetBoolean());
        return outcome;
    }

    private async Task<ProgramResult> RunAsync(string sample, params string[] arguments)
    {
        await using var running = Start(sample, arguments);
        return await running.WaitAsync(Cancel).WaitAsync(Limits.Soon, Cancel);
    }

    private RunningProgram Start(string sample, params string[] arguments)
    {
        var folder = Path.Combine(Repository.Root, "samples");
        (string Program, string[] First) command = sample switch
        {
            "dotnet" => (
                Path.Combine(folder, "Countersign.SampleAgent/bin/Release/net10.0/Countersign.SampleAgent"), []),
            "python" => ("python3", [Path.Combine(folder, "python/ask.py")]),
            _ => (Repository.NodeProgram("node"), [Path.Combine(folder, "typescript/ask.ts")]),
        };
        return RunningProgram.Start(new ProgramOptions(command.Program, [.. command.First, .. arguments])
        {
            Environment = new Dictionary<string, string>
            {
                ["COUNTERSIGN_URL"] = _product.Address.ToString(),
                ["COUNTERSIGN_TOKEN"] = ProductFolder.TokenOf("DEPLOY_BOT"),
                ["NODE_NO_WARNINGS"] = "1",
            },
        });
    }

    private async Task<ApiAnswer> FindHeldAsync()
    {
        await foreach (var _ in _alice.ListenAsync(Cancel))
        {
            var page = await _alice.GetAsync("v1/actions?state=pending", Cancel);
            if (page.Json.GetProperty("items").EnumerateArray().ToList() is [var held])
            {
                return new ApiAnswer(page.Status, held);
            }
        }

        throw new InvalidOperationException("The events ended before anything was held.");
    }

    private async Task<ApiAnswer> OnlyActionAsync()
    {
        var page = await _agent.GetAsync("v1/actions", Cancel);
        var id = Assert.Single(page.Json.GetProperty("items").EnumerateArray().ToList()).GetProperty("id").GetString()!;
        return await _agent.ShowAsync(id, Cancel);
    }
}
