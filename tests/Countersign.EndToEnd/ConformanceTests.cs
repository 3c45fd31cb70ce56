using Countersign.EndToEnd.Support;
using Countersign.EndToEnd.Support.Conformance;

namespace Countersign.EndToEnd;

/// <summary>
/// The official conformance suite against a server of our own, directly and through the gate: whatever the server can
/// do, its clients can still do with Countersign in between.
/// </summary>
[Collection(nameof(Alone))]
public sealed class ConformanceTests : IAsyncLifetime
{
    private const string Policy =
        """
        version: 1
        default: deny
        rules:
          - id: everything
            reason: Nothing of a fixture is sensitive.
            when: action.operation != ""
            then: allow

        """;

    private ConformanceServer _server = null!;
    private Product _product = null!;
    private TokenProxy _proxy = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _server = await ConformanceServer.StartAsync(Cancel);
        _product = await Product.StartAsync(
            new ProductOptions { Upstream = _server.Address, Policy = Policy }, Cancel);
        _proxy = await TokenProxy.StartAsync(
            _product.Mcp("ops"), ProductFolder.TokenOf("DEPLOY_BOT"), Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        await _proxy.DisposeAsync();
        await _product.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Theory]
    [InlineData("2025-11-25", 30)]
    [InlineData("2026-07-28", 37)]
    public async Task Every_scored_scenario_passes_directly_and_through_the_gate(string revision, int scored)
    {
        // At the same time: a run waits more than it works.
        var runs = await Task.WhenAll(RunAsync(_server.Address, revision), RunAsync(_proxy.Address, revision));
        var (directly, throughTheGate) = (runs[0], runs[1]);

        Assert.Equal(directly.Lines.Where(IsPassedThrough), throughTheGate.Lines.Where(IsPassedThrough));
        Assert.Equal(scored, throughTheGate.Scored.Count);
        Assert.All(throughTheGate.Scored, line => Assert.EndsWith(" passed, 0 failed", line, StringComparison.Ordinal));
    }

    /// <summary>Tasks are the gate's own, whatever the server says of them: see ConformanceTaskTests.</summary>
    private static bool IsPassedThrough(string line) => !line.Contains(" tasks-", StringComparison.Ordinal);

    private static async Task<Report> RunAsync(Uri address, string revision)
    {
        var run = await RunningProgram.RunAsync(
            new ProgramOptions(
                Repository.NodeProgram("node"),
                [
                    Repository.NodeProgram("conformance"), "server", "--url", address.ToString(),
                    "--requirements", revision,
                ])
            {
                WorkingDirectory = Repository.Node,
            },
            Cancel);
        return Report.Of(run.ToString());
    }

    /// <summary>The suite's own summary: one line a scenario, and which of them count.</summary>
    private sealed record Report(List<string> Lines, List<string> Scored)
    {
        public static Report Of(string output)
        {
            var summary = output.Split("=== SUMMARY ===")[^1].Split('\n').Select(line => line.Trim()).ToList();
            var lines = summary.TakeWhile(line => !line.StartsWith("Total:", StringComparison.Ordinal))
                .Where(line => line.Contains(" passed, ", StringComparison.Ordinal))
                .ToList();
            var notScored = summary.SkipWhile(line => !line.StartsWith("Not scored", StringComparison.Ordinal))
                .Where(line => line.Contains('('))
                .Select(line => line.Split(' ')[1])
                .ToList();
            return new Report(lines, [.. lines.Where(line => !notScored.Contains(line.Split(' ')[1].TrimEnd(':')))]);
        }
    }
}
