using System.Diagnostics;
using System.Globalization;

namespace Countersign.Bench.Reviews;

/// <summary>
/// A server with 100,000 open reviews of 100 agents: its memory, and how soon it is back after a stop.
/// </summary>
internal static class PendingBenchmark
{
    private const int Pending = 100_000;
    private const int Workers = 64;

    public static async Task<IReadOnlyList<Row>> RunAsync(Bench bench)
    {
        const string targets = "  sdk: { gate: api, environment: bench }";
        const string limits = "limits: { pending_per_agent: 1000000, reviews_per_agent_per_minute: 1000000 }";
        var filled = await ServedProduct.StartAsync(bench, targets, limits);
        var agents = Enumerable.Range(0, ServedProduct.Agents)
            .Select(agent => new ReviewApi(filled.Address, ServedProduct.TokenOf(agent))).ToArray();
        await Samples.TakeAsync(
            Pending,
            Workers,
            (_, i) => agents[i % agents.Length].AskAsync("restart", new { service = i }, waitSeconds: 0));
        Array.ForEach(agents, agent => agent.Dispose());

        await filled.StopAsync();
        var start = Stopwatch.GetTimestamp();
        await using var started = await ServedProduct.StartAsync(bench, targets, limits, filled.Folder);
        var startUp = Stopwatch.GetElapsedTime(start);
        using var alice = new ReviewApi(started.Address, ServedProduct.ReviewerToken);
        await alice.ListPendingAsync();

        // A few sweeps, so that whatever a timer reads has been read.
        await Task.Delay(TimeSpan.FromSeconds(10));
        var resident = started.ResidentBytes() / 1e6;
        return
        [
            new Row(
                "100,000 pending reviews",
                string.Create(CultureInfo.InvariantCulture, $"{resident:0} MB, start {startUp.TotalSeconds:0.0} s"),
                "",
                "",
                "≤ 400 MB, ≤ 5 s",
                resident <= 400 && startUp.TotalSeconds <= 5),
        ];
    }
}
