using System.Globalization;

namespace Countersign.Tests.Simulation;

/// <summary>
/// Thousands of short lives of a cluster, each from a seed. <c>./test simulate REQUESTS [SEED]</c> runs more of them,
/// or the one of a failing seed again.
/// </summary>
public sealed class SimulationTests
{
    private const int RequestsPerRun = 100;

    private static readonly int s_requests = NumberIn("COUNTERSIGN_SIMULATED_REQUESTS", 100_000);
    private static readonly int s_firstSeed = NumberIn("COUNTERSIGN_SIMULATION_SEED", 1);

    [Fact]
    public void No_seed_breaks_a_promise()
    {
        var (requests, effects, votes, steps) = (0, 0, 0, 0L);
        for (var seed = s_firstSeed; requests < s_requests; seed++)
        {
            var report = SimulatedRun.Of(seed, RequestsPerRun);
            Assert.True(report.Breaches.Count == 0, Show(report));
            (requests, effects) = (requests + report.Requests, effects + report.Effects);
            (votes, steps) = (votes + report.Votes, steps + report.Steps);
        }

        System.Console.WriteLine(
            $"Simulated {requests} requests: {effects} effects, {votes} votes, {steps} steps, no promise broken.");
        // One replayed seed may be a quiet one; a whole run may not.
        Assert.True(
            s_requests <= RequestsPerRun || effects > s_requests / 10,
            $"Only {effects} of {requests} requests had an effect.");
    }

    [Fact]
    public void A_seed_replays_exactly()
    {
        var first = SimulatedRun.Of(7, RequestsPerRun);
        var second = SimulatedRun.Of(7, RequestsPerRun);

        Assert.Equal((first.Steps, first.Journal), (second.Steps, second.Journal));
        Assert.NotEqual(first.Journal, SimulatedRun.Of(8, RequestsPerRun).Journal);
    }

    [Theory]
    [InlineData(SimulatedBug.NoCompareAndSet, "I")]
    [InlineData(SimulatedBug.NoIntents, "I9")]
    [InlineData(SimulatedBug.NoStopCheck, "I20")]
    [InlineData(SimulatedBug.NoSweep, "L1")]
    public void A_seeded_bug_is_found(SimulatedBug bug, string invariant)
    {
        var found = Enumerable.Range(1, 50)
            .SelectMany(seed => SimulatedRun.Of(seed, RequestsPerRun, bug).Breaches)
            .FirstOrDefault();

        Assert.StartsWith(invariant, found, StringComparison.Ordinal);
    }

    private static string Show(RunReport report) =>
        $"Seed {report.Seed}, after {report.Steps} steps:\n  {string.Join("\n  ", report.Breaches)}\n" +
        $"Again: ./test simulate {RequestsPerRun} {report.Seed}";

    private static int NumberIn(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var value)
            ? value
            : otherwise;
}
